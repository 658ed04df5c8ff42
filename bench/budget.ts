// An hour of 5,000 installations that ask for ten times of what their provider allows, while others use the same limit
// without telling and the declared one is wrong: how often the provider refuses, what is made of what others leave, how
// evenly it is shared, and who waits. The product's own leases and budgets over a driven clock; no network. Then what
// the queue costs while thousands wait.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, stderr } from 'node:process';
import { MINUTE_MS } from '../src/core/time.ts';
import { DEMAND, type HourOutcome, hourOf, LEARNING_WINDOWS, type Pattern, type PolicyOf } from './budget/hour.ts';
import { PATTERNS } from './budget/patterns.ts';
import { backoff, bucket, tenon } from './budget/policies.ts';
import { measureQueue, type QueueOutcome } from './budget/queue.ts';
import { machine } from './harness/machine.ts';
import { courseOf } from './harness/plot.ts';
import { type Bench, type Bound, type Findings, type Row, ratioOf, rowOf } from './harness/result.ts';

const ROUNDS = Number(env['BENCH_ROUNDS'] ?? 1);
/** Of the simulated hour. */
const MINUTES = Number(env['BENCH_MINUTES'] ?? 60);
/** Of the queue, which takes moments. */
const QUEUE_ROUNDS = 7;
const QUEUES = [500, 5000, 50_000];
const PLOT_PATH = join(import.meta.dirname, 'results/budget.svg');
const BASELINES: readonly (readonly [name: string, policyOf: PolicyOf])[] = [
  ['retry with backoff', backoff],
  ['token bucket', bucket],
];
/** The patterns that baselines run too: numbers are told, or nothing is. */
const COMPARED: readonly string[] = ['app window', 'only Retry-After'];

interface Measured {
  readonly pattern: Pattern;
  readonly policy: string;
  readonly hours: readonly HourOutcome[];
}

export const bench: Bench = {
  question: 'Who gets what of a limit that is asked for ten times, and how often does the provider refuse?',
  async run() {
    const measured: Measured[] = [];
    for (const pattern of PATTERNS) {
      measured.push(await hoursOf(pattern, 'Tenon', tenon));
      if (!COMPARED.includes(pattern.name)) continue;
      for (const [name, policyOf] of BASELINES) measured.push(await hoursOf(pattern, name, policyOf));
    }
    const queues: QueueOutcome[] = [];
    for (const waiting of QUEUES) queues.push(await measureQueue(waiting, QUEUE_ROUNDS));
    writePlot(measured);
    return findingsOf(measured, queues);
  },
};

async function hoursOf(pattern: Pattern, policy: string, policyOf: PolicyOf): Promise<Measured> {
  const hours: HourOutcome[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${pattern.name}, ${policy}, ${round} …\n`);
    hours.push(await hourOf(pattern, policyOf, randomOf(round), MINUTES * MINUTE_MS));
  }
  return { pattern, policy, hours };
}

/** The same numbers in every run, others in every round (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What is told of an hour: label, unit and number. */
const NUMBERS: readonly (readonly [string, string, (hour: HourOutcome) => number])[] = [
  ['goodput of what others left', '%', ({ goodput }) => 100 * goodput],
  ['refused while learning', 'calls', ({ refusedLearning }) => refusedLearning],
  ['refused later', 'calls', ({ refusedLater }) => refusedLater],
  ['refused later, of those sent', '‰', ({ refusedLater, sent }) => (1000 * refusedLater) / sent],
  ['most over least share', '×', ({ shareRatio }) => shareRatio],
  ['others refused', '%', ({ othersRefusedShare }) => 100 * othersRefusedShare],
  ['wait of a call that was sent, p50', 's', ({ peopleWaitMs: [p50] }) => p50 / 1000],
];

const WAITS: readonly (readonly [string, string, (hour: HourOutcome) => number])[] = [
  ['people wait, p50', 's', ({ peopleWaitMs: [p50] }) => p50 / 1000],
  ['people wait, p99', 's', ({ peopleWaitMs: [, p99] }) => p99 / 1000],
  ['people answered', '%', ({ peopleAnsweredShare }) => 100 * peopleAnsweredShare],
  ['reads wait, p50', 's', ({ backgroundWaitMs: [p50] }) => p50 / 1000],
];

function findingsOf(measured: readonly Measured[], queues: readonly QueueOutcome[]): Findings {
  const numbersOf = ({ pattern }: Measured) =>
    pattern.backgroundShare > 0 ? [...NUMBERS.slice(0, -1), ...WAITS] : NUMBERS;
  const rows = measured.flatMap((each): Row[] =>
    numbersOf(each).map(([label, unit, numberOf]) =>
      rowOf(`${each.pattern.name}, ${each.policy}: ${label}`, unit, each.hours.map(numberOf)),
    ),
  );
  return {
    rows: [...rows, ...queues.flatMap(queueRows)],
    ratios: Object.fromEntries(
      queues.map(({ waiting, fair, list }) => [`a plain list, ${waiting} waiting`, ratioOf(fair, list)]),
    ),
    notes: [
      `${ROUNDS} × ${MINUTES} simulated minutes of ${PATTERNS[0]?.installations} installations`,
      `together they ask for ${DEMAND} times the limit`,
      `learning: ${LEARNING_WINDOWS} windows, or 20 s, after the start and each change of the others or the limit`,
      machine(),
    ],
    bounds: measured.filter(({ policy }) => policy === 'Tenon').flatMap(boundsOf),
  };
}

function queueRows({ waiting, fair, list }: QueueOutcome): readonly Row[] {
  return [
    rowOf(`a call comes, one goes, one gives up; ${waiting} owners wait`, 'ns', fair),
    rowOf(`the same with a plain list, ${waiting} wait`, 'ns', list),
  ];
}

/** What was asked for, of the worst hour. */
function boundsOf({ pattern, hours }: Measured): readonly Bound[] {
  const most = (numberOf: (hour: HourOutcome) => number) => Math.max(...hours.map(numberOf));
  // What is reserved for people is not there for reads.
  const goodput = pattern.backgroundShare > 0 ? 0.95 * 0.8 : 0.95;
  const bounds: Bound[] = [
    { label: 'refused later', unit: 'calls', value: most((hour) => hour.refusedLater), relation: '≤', limit: 0 },
    { label: 'goodput', unit: '', value: -most((hour) => -hour.goodput), relation: '≥', limit: goodput },
    { label: 'most over least share', unit: '×', value: most((hour) => hour.shareRatio), relation: '≤', limit: 1.2 },
  ];
  return bounds.map((bound) => ({ ...bound, label: `${pattern.name}: ${bound.label}` }));
}

function writePlot(measured: readonly Measured[]): void {
  const shown = measured.find(({ pattern, policy }) => pattern.name === 'app window' && policy === 'Tenon');
  const hour = shown?.hours.at(-1);
  if (shown === undefined || hour === undefined) return;
  const { windowMs } = shown.pattern.provider;
  const course = courseOf({
    title: 'Calls that the provider refused, at ten times its limit of 300 in ten seconds',
    unit: 'refused calls per window',
    points: hour.refusedAt.map((value, window) => ({ atMs: window * windowMs, value })),
    moments: shown.pattern.changesAtMs
      .filter((atMs) => atMs < MINUTES * MINUTE_MS)
      .map((atMs, index) => ({ atMs, label: index === 0 ? 'start' : 'others change' })),
  });
  writeFileSync(PLOT_PATH, course);
}

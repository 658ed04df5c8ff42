// An hour of 5,000 installations that ask for ten times of what their provider allows, while others use the same limit
// without telling and the declared one is wrong: how often the provider refuses, what is made of what others leave, how
// evenly it is shared, and who waits. The product's own leases and budgets over a driven clock; no network. Then what
// the queue costs while thousands wait.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { MINUTE_MS } from '../src/core/time.ts';
import { DEMAND, type HourOutcome, type Pattern, shareRatio } from './budget/hour.ts';
import { type HourAsked, playHours } from './budget/hours.ts';
import { PATTERNS } from './budget/patterns.ts';
import { measureQueue, type QueueOutcome } from './budget/queue.ts';
import { LEARNING_WINDOWS, PROBE_WINDOWS } from './budget/refused.ts';
import { machine } from './harness/machine.ts';
import { courseOf } from './harness/plot.ts';
import { type Bench, type Bound, type Findings, type Row, ratioOf, rowOf } from './harness/result.ts';

/** Each with other numbers at random. */
const ROUNDS = Number(env['BENCH_ROUNDS'] ?? 5);
/** Of the simulated hour. */
const MINUTES = Number(env['BENCH_MINUTES'] ?? 60);
/** Of baselines, which send thousands of calls a second: so much tells enough of them. */
const BASELINE_MINUTES = Math.min(MINUTES, 20);
/** Of the queue, which takes moments. */
const QUEUE_ROUNDS = 7;
const QUEUES = [500, 5000, 50_000];
const PLOT_PATH = join(import.meta.dirname, 'results/budget.svg');
const SHOWN = 'app window';
const BASELINES: readonly string[] = ['retry with backoff', 'token bucket'];
/** The patterns that baselines play too: numbers are told, or nothing is. */
const COMPARED: readonly string[] = [SHOWN, 'only Retry-After'];

interface Measured {
  readonly pattern: Pattern;
  readonly policy: string;
  readonly minutes: number;
  readonly hours: readonly HourOutcome[];
}

export const bench: Bench = {
  question: 'Who gets what of a limit that is asked for ten times, and how often does the provider refuse?',
  async run() {
    const measured = await measure();
    const queues: QueueOutcome[] = [];
    for (const waiting of QUEUES) queues.push(await measureQueue(waiting, QUEUE_ROUNDS));
    writePlot(measured);
    return findingsOf(measured, queues);
  },
};

async function measure(): Promise<readonly Measured[]> {
  const pairs = PATTERNS.flatMap((pattern) => [
    { pattern, policy: 'Tenon', minutes: MINUTES, rounds: ROUNDS },
    ...BASELINES.filter(() => COMPARED.includes(pattern.name)).map((policy) => {
      return { pattern, policy, minutes: BASELINE_MINUTES, rounds: 1 };
    }),
  ]);
  const asked: HourAsked[] = [];
  for (const { pattern, policy, minutes, rounds } of pairs) {
    for (let seed = 1; seed <= rounds; seed++) {
      const index = asked.length;
      asked.push({ index, pattern: pattern.name, policy, seed, lengthMs: minutes * MINUTE_MS });
    }
  }
  const hours = await playHours(asked);
  return pairs.map(({ pattern, policy, minutes }) => {
    const own = asked.filter((each) => each.pattern === pattern.name && each.policy === policy);
    return { pattern, policy, minutes, hours: own.map(({ index }) => hours[index] as HourOutcome) };
  });
}

/** What is told of an hour: label, unit and number. */
const NUMBERS: readonly (readonly [string, string, (hour: HourOutcome) => number])[] = [
  ['goodput of what others left', '%', ({ goodput }) => 100 * goodput],
  ['sent', 'calls', ({ sent }) => sent],
  ['refused while learning', 'calls', ({ refused }) => refused.learning],
  ['refused later', 'calls', ({ refused }) => refused.later],
  ['refused later, of those sent', '‰', ({ refused, sent }) => (1000 * refused.later) / sent],
  ['most over least share', '×', ({ share }) => shareRatio(share)],
  ['least share', 'calls', ({ share }) => share.least],
  ['others refused', '%', ({ othersRefusedShare }) => 100 * othersRefusedShare],
  ['wait of a call that was sent, p50', 's', ({ peopleWaitMs: [p50] }) => p50 / 1000],
];

/** Where nothing but refusals tells of a limit. */
const PROBES: typeof NUMBERS = [['refused as probes', 'calls', ({ refused }) => refused.probes]];

const WAITS: readonly (readonly [string, string, (hour: HourOutcome) => number])[] = [
  ['people wait, p50', 's', ({ peopleWaitMs: [p50] }) => p50 / 1000],
  ['people wait, p99', 's', ({ peopleWaitMs: [, p99] }) => p99 / 1000],
  ['people answered', '%', ({ peopleAnsweredShare }) => 100 * peopleAnsweredShare],
  ['reads wait, p50', 's', ({ backgroundWaitMs: [p50] }) => p50 / 1000],
];

function findingsOf(measured: readonly Measured[], queues: readonly QueueOutcome[]): Findings {
  const numbersOf = ({ pattern }: Measured) => {
    const numbers = pattern.provider.tells === 'retryAfter' ? [...PROBES, ...NUMBERS] : NUMBERS;
    return pattern.backgroundShare > 0 ? [...numbers.slice(0, -1), ...WAITS] : numbers;
  };
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
      `${ROUNDS} × ${MINUTES} simulated minutes, ${BASELINE_MINUTES} once of baselines; random numbers differ by round`,
      ...PATTERNS.map(
        ({ name, installations, accounts, provider: { windowMs, limitAt } }) =>
          `${name}: ${installations} installations, ${accounts} × ${limitAt(0)} calls in ${windowMs / 1000} s`,
      ),
      `together they want ${DEMAND} times the limit, each one call at a time`,
      `learning: ${LEARNING_WINDOWS} windows after the start and each marked change of the others or the limit; ` +
        `where only Retry-After is told, one refusal in ${PROBE_WINDOWS} windows is a probe`,
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
    { label: 'refused later', unit: 'calls', value: most((hour) => hour.refused.later), relation: '≤', limit: 0 },
    { label: 'goodput', unit: 'of the rest', value: -most((hour) => -hour.goodput), relation: '≥', limit: goodput },
    { label: 'most over least share', unit: '×', value: most((h) => shareRatio(h.share)), relation: '≤', limit: 1.2 },
  ];
  return bounds.map((bound) => ({ ...bound, label: `${pattern.name}: ${bound.label}` }));
}

function writePlot(measured: readonly Measured[]): void {
  const shown = measured.find(({ pattern, policy }) => pattern.name === SHOWN && policy === 'Tenon');
  const hour = shown?.hours.at(-1);
  if (shown === undefined || hour === undefined) return;
  const { windowMs } = shown.pattern.provider;
  const course = courseOf({
    title: 'Calls that the provider refused, while ten times its limit is asked for',
    unit: 'refused calls per window',
    points: hour.refusedAt.map((value, window) => ({ atMs: window * windowMs, value })),
    moments: shown.pattern.changesAtMs
      .filter((atMs) => atMs < MINUTES * MINUTE_MS)
      .map((atMs, index) => ({ atMs, label: index === 0 ? 'start' : 'others change' })),
  });
  writeFileSync(PLOT_PATH, course);
}

// How long a call takes at half of what Tenon can do, floor and Tenon in turn at the same rate. What it can do is seen
// anew in each round: a machine may be a third slower than a minute before, and half of what it could do then is three
// quarters of a core now.

import { Child } from '../harness/processes.ts';
import { percentile, type Row, rowOf, type Spread } from '../harness/result.ts';
import { type Driving, drive, warmUp } from './calls.ts';
import { type Subject, script } from './subjects.ts';
import type { Paced, PacedOutcome } from './traffic.ts';

const WARM_UP_MS = 1000;
const SATURATED_MS = 1000;
/** Of the generator: it collects its heap between the runs, and next to never in one. */
const NODE_OPTIONS = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];
/** Of calls at most as slow; `one in` is how a reader says it. */
export const SHARES = [0.5, 0.9, 0.99, 0.999] as const;

export interface LatencyOutcome {
  readonly rows: readonly Row[];
  /** Milliseconds that Tenon adds to the slowest call of a hundred, round by round. */
  readonly addedP99: Spread;
  /** Of the calls of all rounds, for each of SHARES. */
  readonly percentilesMs: Readonly<Record<string, readonly number[]>>;
  /** Half of what Tenon could do: the median of the rounds. */
  readonly perSecond: number;
  /** Calls through Tenon. */
  readonly tenonCalls: number;
}

export async function measureLatency(
  driving: Driving,
  [floor, tenon]: readonly [Subject, Subject],
  requests: readonly string[],
  rounds: number,
  roundMs: number,
): Promise<LatencyOutcome> {
  const { child } = await Child.start(script('openLoop'), { core: 1, nodeOptions: NODE_OPTIONS });
  const run = async ({ port }: Subject, perSecond: number, durationMs: number): Promise<PacedOutcome> => {
    const load: Paced = { kind: 'paced', port, requests, perSecond, durationMs };
    const outcome = await child.ask<PacedOutcome>(load);
    if (outcome.firstFailure !== null) throw new Error(`a call failed at a fixed rate: ${outcome.firstFailure}`);
    return outcome;
  };
  const outcomes = { floor: [] as PacedOutcome[], tenon: [] as PacedOutcome[] };
  const rates: number[] = [];
  // Code that was optimised for the kind of call before is optimised anew.
  await warmUp(driving, floor, requests);
  let tenonCalls = await warmUp(driving, tenon, requests);
  for (let round = 0; round < rounds; round++) {
    // The floor too, or only Tenon would have what this leaves behind to collect.
    await drive(driving, floor, requests, SATURATED_MS);
    const saturated = await drive(driving, tenon, requests, SATURATED_MS);
    const perSecond = Math.floor(((saturated.completed / saturated.elapsedMs) * 1000) / 2);
    await run(floor, perSecond, WARM_UP_MS);
    outcomes.floor.push(await run(floor, perSecond, roundMs));
    const warm = await run(tenon, perSecond, WARM_UP_MS);
    const measured = await run(tenon, perSecond, roundMs);
    outcomes.tenon.push(measured);
    rates.push(perSecond);
    tenonCalls += saturated.completed;
    for (const { opened, completed } of [warm, measured]) tenonCalls += opened + completed;
  }
  await child.stop();
  const rate = rowOf('half load', 'requests/s', rates);
  const { rows, ...found } = findingsOf(outcomes.floor, outcomes.tenon);
  return { rows: [rate, ...rows], ...found, perSecond: rate.median, tenonCalls };
}

function findingsOf(floor: readonly PacedOutcome[], tenon: readonly PacedOutcome[]) {
  const of = (outcomes: readonly PacedOutcome[], share: number) =>
    outcomes.map(({ latenciesMs }) => percentile(latenciesMs, share));
  const rowsOf = (label: string, outcomes: readonly PacedOutcome[]) =>
    SHARES.map((share) => rowOf(`${label} p${share * 100} at half load`, 'ms', of(outcomes, share)));
  const floorP99 = of(floor, 0.99);
  const added = of(tenon, 0.99).map((value, round) => value - (floorP99[round] ?? Number.NaN));
  const addedP99 = rowOf('added p99 at half load', 'ms', added);
  const lateness = [...floor, ...tenon].map(({ latenessMs }) => latenessMs);
  const percentilesMs = { floor: togetherOf(floor), Tenon: togetherOf(tenon) };
  const addedTogether = SHARES.map((share, index) => {
    const value = (percentilesMs.Tenon[index] ?? Number.NaN) - (percentilesMs.floor[index] ?? Number.NaN);
    return rowOf(`added p${share * 100}, all rounds together`, 'ms', [value]);
  });
  const rows = [
    ...rowsOf('floor', floor),
    ...rowsOf('Tenon', tenon),
    addedP99,
    ...addedTogether,
    rowOf('p99 of the generator being late', 'ms', lateness),
  ];
  return { rows, addedP99, percentilesMs };
}

/** For each of SHARES. A pause in one round of ten is in these, and not in the median of the rounds. */
function togetherOf(outcomes: readonly PacedOutcome[]): readonly number[] {
  const all = outcomes.flatMap(({ latenciesMs }) => latenciesMs);
  return SHARES.map((share) => percentile(all, share));
}

// How long a call takes at half of what Tenon can do, floor and Tenon in turn at the same rate.

import { Child } from '../harness/processes.ts';
import { type Row, rowOf, type Spread } from '../harness/result.ts';
import { type Subject, script } from './subjects.ts';
import type { Paced, PacedOutcome } from './traffic.ts';

const WARM_UP_MS = 1000;
/** Of calls at most as slow; `one in` is how a reader says it. */
export const SHARES = [0.5, 0.9, 0.99, 0.999] as const;
const P99 = SHARES.indexOf(0.99);

export interface LatencyOutcome {
  readonly rows: readonly Row[];
  /** Milliseconds that Tenon adds to the slowest call of a hundred. */
  readonly addedP99: Spread;
  /** Medians over the rounds, for each of SHARES. */
  readonly percentilesMs: Readonly<Record<string, readonly number[]>>;
  readonly perSecond: number;
  /** Calls through Tenon. */
  readonly tenonCalls: number;
}

export async function measureLatency(
  [floor, tenon]: readonly [Subject, Subject],
  requests: readonly string[],
  perSecond: number,
  rounds: number,
  roundMs: number,
): Promise<LatencyOutcome> {
  const { child } = await Child.start(script('openLoop'), { core: 1 });
  const run = async ({ port }: Subject, durationMs: number): Promise<PacedOutcome> => {
    const load: Paced = { kind: 'paced', port, requests, perSecond, durationMs, shares: SHARES };
    const outcome = await child.ask<PacedOutcome>(load);
    if (outcome.firstFailure !== null) throw new Error(`a call failed at a fixed rate: ${outcome.firstFailure}`);
    return outcome;
  };
  const outcomes = { floor: [] as PacedOutcome[], tenon: [] as PacedOutcome[] };
  let tenonCalls = 0;
  for (let round = 0; round < rounds; round++) {
    await run(floor, WARM_UP_MS);
    outcomes.floor.push(await run(floor, roundMs));
    const warm = await run(tenon, WARM_UP_MS);
    const measured = await run(tenon, roundMs);
    outcomes.tenon.push(measured);
    for (const { opened, completed } of [warm, measured]) tenonCalls += opened + completed;
  }
  await child.stop();
  const column = (name: 'floor' | 'tenon', index: number) =>
    outcomes[name].map(({ percentilesMs }) => percentilesMs[index] ?? Number.NaN);
  const rowsOf = (label: string, name: 'floor' | 'tenon') =>
    SHARES.map((share, index) => rowOf(`${label} p${share * 100} at half load`, 'ms', column(name, index)));
  const floorRows = rowsOf('floor', 'floor');
  const tenonRows = rowsOf('Tenon', 'tenon');
  const added = column('tenon', P99).map((value, round) => value - (column('floor', P99)[round] ?? Number.NaN));
  const addedP99 = rowOf('added p99 at half load', 'ms', added);
  const lateness = [...outcomes.floor, ...outcomes.tenon].map(({ latenessMs }) => latenessMs);
  return {
    rows: [...floorRows, ...tenonRows, addedP99, rowOf('p99 of the generator being late', 'ms', lateness)],
    addedP99,
    percentilesMs: { floor: floorRows.map(({ median }) => median), Tenon: tenonRows.map(({ median }) => median) },
    perSecond,
    tenonCalls,
  };
}

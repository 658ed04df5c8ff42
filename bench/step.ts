// What a committed step costs. Credential actors of the product take events through `Runtime.send`, each with the row
// that belongs to it, over the real writer thread and a disk that is synchronised for each group. The baseline runs
// the very same statements with the same values in the same groups on SQLite directly: no machine, no actor, no thread,
// no savepoint per step. Rounds alternate, each on a new database.

import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { Bench as Tinybench } from 'tinybench';
import { Host } from '../actors/host.ts';
import { Runtime } from '../actors/runtime.ts';
import { Stepper } from '../actors/stepper.ts';
import { credential } from '../machines/credential.ts';
import { actorIdOf } from '../src/core/ids.ts';
import { silentLog } from '../src/core/log.ts';
import { systemClock } from '../src/core/time.ts';
import { putCredential } from '../src/store/tables/connections.ts';
import { type Groups, inFolder, rawCommitsMs, recordedStore, sendAll } from './harness/commits.ts';
import { machine } from './harness/machine.ts';
import { type Bench, type Findings, ratioOf, rowOf } from './harness/result.ts';

const ROUNDS = Number(env['BENCH_ROUNDS'] ?? 9);
const ACTORS = 2000;
/** The first step of an actor inserts its rows, the others change them. */
const STEPS_PER_ACTOR = 10;
const STEPS = ACTORS * STEPS_PER_ACTOR;
/** Actors that wait for their commit at any time: enough to fill groups, as many connected customers do. */
const IN_FLIGHT = 500;
/** A sealed OAuth credential is about this long. */
const SEALED = randomBytes(400);

export const bench: Bench = {
  question: 'How many committed steps per second, over the same writes on bare SQLite?',
  async run() {
    const tenon: number[] = [];
    const raw: number[] = [];
    const groupSizes: number[] = [];
    // One round more than is counted: the first one is for the compiler.
    for (let round = 0; round <= ROUNDS; round++) {
      const stepped = await inFolder(stepRound);
      const rawMs = await inFolder((folder) => rawCommitsMs(join(folder, 'raw.db'), stepped.groups));
      if (round === 0) continue;
      tenon.push((STEPS / stepped.elapsedMs) * 1000);
      raw.push((STEPS / rawMs) * 1000);
      groupSizes.push(STEPS / stepped.groups.length);
    }
    return findingsOf(tenon, raw, groupSizes, await stepAloneMicros());
  },
};

function findingsOf(tenon: number[], raw: number[], groupSizes: number[], aloneMicros: readonly number[]): Findings {
  return {
    rows: [
      rowOf('Tenon', 'steps/s', tenon),
      rowOf('raw inserts', 'steps/s', raw),
      rowOf('steps per transaction', 'steps', groupSizes),
      rowOf('step without a store', 'µs', aloneMicros),
    ],
    ratios: { 'raw inserts': ratioOf(tenon, raw) },
    notes: [
      `${ROUNDS} rounds of ${STEPS} steps of ${ACTORS} actors, alternating; two statements per step`,
      'WAL, synchronous=FULL: each transaction is synchronised; raw runs the same statements in the same groups',
      `${machine()}; the database is in ${tmpdir()}`,
    ],
  };
}

/** Steps every actor through Tenon and remembers what reached the writer, group by group. */
async function stepRound(folder: string): Promise<{ elapsedMs: number; groups: Groups }> {
  const { store, groups } = await recordedStore(join(folder, 'tenon.db'));
  const runtime = new Runtime({ store, clock: systemClock, log: silentLog() });
  const startedMs = performance.now();
  await sendAll(STEPS, IN_FLIGHT, async (index) => {
    const connectionId = `connection-${index % ACTORS}`;
    const generation = Math.floor(index / ACTORS) + 1;
    const writes = [putCredential(connectionId, generation, SEALED)];
    const isAccepted = await runtime.send(actorIdOf('credential', connectionId), stored(generation), { writes });
    if (!isAccepted) throw new Error(`generation ${generation} was not accepted`);
  });
  const elapsedMs = performance.now() - startedMs;
  const rows = store.reads.all<{ revision: number }>('SELECT revision FROM snapshots');
  const isComplete = rows.length === ACTORS && rows.every(({ revision }) => revision === STEPS_PER_ACTOR);
  if (!isComplete) throw new Error('not every step is on disk');
  await runtime.stop();
  await store.close();
  return { elapsedMs, groups };
}

function stored(generation: number) {
  const endsAtMs = systemClock.nowMs() + 7_200_000;
  const token = { endsAtMs, canRefresh: true, keepAliveAtMs: null, grantEndsAtMs: null };
  return { type: 'credential.stored', generation, ...token, rotation: 'stable' };
}

/** Microseconds of the owner thread for one step with its snapshot, one value per run of tinybench. */
async function stepAloneMicros(): Promise<readonly number[]> {
  const micros: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const host = new Host(new Stepper(credential), actorIdOf('credential', 'alone'), undefined);
    let generation = 0;
    const suite = new Tinybench({ time: 300, warmupTime: 100 }).add('step', () => {
      generation += 1;
      const writes = [putCredential('alone', generation, SEALED)];
      host.step(stored(generation), systemClock.nowMs(), { writes });
    });
    const [task] = await suite.run();
    const result = task?.result;
    if (result === undefined || !('latency' in result)) throw new Error('tinybench measured nothing');
    micros.push(result.latency.mean * 1000);
  }
  return micros;
}

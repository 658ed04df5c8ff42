// A process of its own, started with `--expose-gc`: how much memory ten thousand live actors take. The mix is that of
// the population: as many installations as credentials as reads. Measured twice: as they come from disk, and after an
// event each, because a state that was stepped to has another shape than one that was parsed.

import { env, memoryUsage } from 'node:process';
import { Runtime } from '../../actors/runtime.ts';
import type { ActorId } from '../../src/core/ids.ts';
import { silentLog } from '../../src/core/log.ts';
import { systemClock } from '../../src/core/time.ts';
import type { Store } from '../../src/store/store.ts';
import { sendAll } from '../harness/commits.ts';
import { serveParent } from '../harness/processes.ts';
import { LIVE_ACTORS } from './events.ts';
import { actorsOf, type LiveActor, storeWithoutDisk } from './members.ts';
import type { Member } from './population.ts';

/** What the parent asks; the first of the members only warm the machines up. */
export interface MemoryQuestion {
  readonly kind: 'measure';
  readonly members: readonly Member[];
  readonly generation: number;
}

/** Heap and what it holds outside of it, in bytes per live actor. */
export interface MemoryAnswer {
  readonly hydrated: number;
  readonly stepped: number;
}

const WARM_UP_ACTORS = 300;
const IN_FLIGHT = 100;

async function measure({ members, generation }: MemoryQuestion): Promise<MemoryAnswer> {
  const all = actorsOf(members, generation, LIVE_ACTORS + WARM_UP_ACTORS);
  const [warmUp, actors] = [all.slice(0, WARM_UP_ACTORS), all.slice(WARM_UP_ACTORS)];
  const store = await storeWithoutDisk(env['BENCH_DATABASE'] ?? '');
  const warmRuntime = runtimeOver(store, 1);
  await stepEach(warmRuntime, warmUp);
  const runtime = runtimeOver(store, LIVE_ACTORS);
  const before = usedBytes();
  // A copy of its own for each id, as it comes off a row or a request.
  for (const { actorId } of actors) runtime.peek(Buffer.from(actorId).toString('latin1') as ActorId);
  const hydrated = usedBytes() - before;
  await stepEach(runtime, actors);
  const stepped = usedBytes() - before;
  if (runtime.liveCount !== LIVE_ACTORS) throw new Error(`${runtime.liveCount} actors are alive`);
  return { hydrated: hydrated / LIVE_ACTORS, stepped: stepped / LIVE_ACTORS };
}

function runtimeOver(store: Store, liveHostsMax: number): Runtime {
  return new Runtime({ store, clock: systemClock, log: silentLog(), liveHostsMax });
}

async function stepEach(runtime: Runtime, actors: readonly LiveActor[]): Promise<void> {
  await sendAll(actors.length, IN_FLIGHT, async (index) => {
    const { actorId, event: eventOf } = actors[index] as LiveActor;
    const { event, extras } = eventOf(0);
    await runtime.send(actorId, event, extras);
  });
}

function usedBytes(): number {
  // Twice: what the first one finds to be finalised is freed by the second.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = memoryUsage();
  return heapUsed + external;
}

serveParent({}, measure);

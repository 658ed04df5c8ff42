// Events per second over ten thousand live actors, each committed and synchronised before its sender goes on. The
// baseline runs the very same statements with the same values in the same groups on a copy of the same database.

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { Runtime } from '../../actors/runtime.ts';
import { silentLog } from '../../src/core/log.ts';
import { systemClock } from '../../src/core/time.ts';
import { type Groups, inFolder, rawCommitsMs, recordedStore, sendAll } from '../harness/commits.ts';
import { actorsOf, type LiveActor } from './members.ts';
import type { Population } from './population.ts';

export const LIVE_ACTORS = 10_000;
const ACTORS_PER_CUSTOMER = 3;
export const LIVE_CUSTOMERS = Math.ceil(LIVE_ACTORS / ACTORS_PER_CUSTOMER);
/** Actors that wait for their commit at any time. */
const IN_FLIGHT = 500;
const EVENTS_PER_ACTOR = 2;

export interface EventRates {
  readonly tenon: number[];
  readonly raw: number[];
  /** Events per transaction. */
  readonly groupSizes: number[];
}

/** `rounds` of Tenon and of SQLite alone in turn, each on a new copy of the population's database. */
export async function measureEvents(population: Population, rounds: number): Promise<EventRates> {
  const rates: EventRates = { tenon: [], raw: [], groupSizes: [] };
  const actors = actorsOf(population.sample(LIVE_CUSTOMERS), population.generation, LIVE_ACTORS);
  const events = actors.length * EVENTS_PER_ACTOR;
  // One round more than is counted: the first one is for the compiler.
  for (let round = 0; round <= rounds; round++) {
    const { elapsedMs, groups } = await onCopy(population, (path) => tenonRound(path, actors));
    const rawMs = await onCopy(population, (path) => rawCommitsMs(path, groups));
    if (round === 0) continue;
    rates.tenon.push((events / elapsedMs) * 1000);
    rates.raw.push((events / rawMs) * 1000);
    rates.groupSizes.push(events / groups.length);
  }
  return rates;
}

function onCopy<Outcome>({ path }: Population, work: (path: string) => Promise<Outcome> | Outcome): Promise<Outcome> {
  return inFolder((folder) => {
    const copy = join(folder, 'tenon.db');
    copyFileSync(path, copy);
    return work(copy);
  });
}

async function tenonRound(path: string, actors: readonly LiveActor[]): Promise<{ elapsedMs: number; groups: Groups }> {
  const { store, groups } = await recordedStore(path);
  const runtime = new Runtime({ store, clock: systemClock, log: silentLog() });
  for (const { actorId } of actors) runtime.peek(actorId);
  if (runtime.liveCount !== actors.length) throw new Error(`${runtime.liveCount} of ${actors.length} actors are alive`);
  const startedMs = performance.now();
  await sendAll(actors.length * EVENTS_PER_ACTOR, IN_FLIGHT, async (index) => {
    const actor = actors[index % actors.length] as LiveActor;
    const { event, extras } = actor.event(Math.floor(index / actors.length));
    const isAccepted = await runtime.send(actor.actorId, event, extras);
    if (!isAccepted) throw new Error(`${actor.actorId} did not accept ${event.type}`);
  });
  const elapsedMs = performance.now() - startedMs;
  const steps = groups.reduce((sum, group) => sum + group.length, 0);
  if (steps !== actors.length * EVENTS_PER_ACTOR) throw new Error(`${steps} steps reached the writer`);
  if (runtime.liveCount !== actors.length) throw new Error('an actor was passivated while events were measured');
  await runtime.stop();
  await store.close();
  return { elapsedMs, groups };
}

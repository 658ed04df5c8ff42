// What it costs to have an actor out of memory: every event finds its actor on disk, hydrates it, steps it, and lets
// another one go. The baseline reads the same row by its primary key, with the statement that Tenon reads it with, on
// SQLite directly; both read the same keys in the same round.

import Database from 'better-sqlite3';
import { Runtime } from '../../actors/runtime.ts';
import { silentLog } from '../../src/core/log.ts';
import { systemClock } from '../../src/core/time.ts';
import type { Reads } from '../../src/store/port.ts';
import type { Store } from '../../src/store/store.ts';
import { readSnapshot } from '../../src/store/tables/snapshots.ts';
import { recordedStore, sendAll } from '../harness/commits.ts';
import { readActorOf } from './customer.ts';
import { type LiveActor, readOf, storeWithoutDisk } from './members.ts';
import type { Population } from './population.ts';
import { dropFromPageCache } from './serving.ts';

/** So few that the next event of an actor never finds it alive, and twice as many as events under way. */
const LIVE_MAX = 128;
const IN_FLIGHT = 64;
const ROUNDS = 7;
const EVENTS = 10_000;
/** A commit takes several times as long as all the rest. */
const COMMITTED_EVENTS = 5000;
/** Read over and over: their pages stay in SQLite's cache and the processor's. */
const HOT_ACTORS = 1000;
/** With nothing in the page cache a read takes as long as the disk. */
const COLD_EVENTS = 1500;
const COLD_ROUNDS = 3;

/** Per second, round by round. */
export interface Rates {
  readonly tenon: number[];
  readonly raw: number[];
}

export interface HydrateOutcome {
  readonly cold: Rates;
  readonly random: Rates;
  readonly hot: Rates;
}

export async function measureHydration(population: Population): Promise<HydrateOutcome> {
  const { path } = population;
  const actors = population.sample(EVENTS).map(readOf);
  const random = await ratesOf(path, () => actors, ROUNDS);
  const hotActors = Array.from({ length: EVENTS / HOT_ACTORS }, () => actors.slice(0, HOT_ACTORS)).flat();
  const hot = await ratesOf(path, () => hotActors, ROUNDS);
  const cold = await ratesOf(
    path,
    () => population.sample(COLD_EVENTS).map(readOf),
    COLD_ROUNDS,
    () => dropFromPageCache(path),
  );
  return { cold, random, hot };
}

/** Events per second of actors at random, each hydrated, committed and synchronised; `rounds` of them. */
export async function committedRates(population: Population, rounds: number): Promise<readonly number[]> {
  const { store, groups } = await recordedStore(population.path);
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const rate = await rateOf(store, population.sample(COMMITTED_EVENTS).map(readOf));
    if (round > 0) rates.push(rate);
    groups.length = 0;
  }
  await store.close();
  return rates;
}

/** Microseconds of each of `count` events of actors that are not in memory, one at a time. */
export async function hydrationMicros(population: Population, count: number): Promise<readonly number[]> {
  const store = await storeWithoutDisk(population.path);
  const runtime = passivating(store);
  const micros: number[] = [];
  for (const actor of population.sample(count).map(readOf)) {
    const startedMs = performance.now();
    await send(runtime, actor, 0);
    micros.push((performance.now() - startedMs) * 1000);
  }
  await runtime.stop();
  await store.close();
  return micros;
}

async function ratesOf(
  path: string,
  actorsOf: () => readonly LiveActor[],
  rounds: number,
  before: () => void = () => {},
): Promise<Rates> {
  const rates: Rates = { tenon: [], raw: [] };
  // One round more than is counted: the first one is for the compiler and the caches.
  for (let round = 0; round <= rounds; round++) {
    const actors = actorsOf();
    before();
    const tenon = await tenonRate(path, actors);
    before();
    const raw = rawRate(path, actors);
    if (round === 0) continue;
    rates.tenon.push(tenon);
    rates.raw.push(raw);
  }
  return rates;
}

async function tenonRate(path: string, actors: readonly LiveActor[]): Promise<number> {
  const store = await storeWithoutDisk(path);
  const rate = await rateOf(store, actors);
  await store.close();
  return rate;
}

async function rateOf(store: Store, actors: readonly LiveActor[]): Promise<number> {
  const runtime = passivating(store);
  const startedMs = performance.now();
  await sendAll(actors.length, IN_FLIGHT, (index) => send(runtime, actors[index], index));
  const elapsedMs = performance.now() - startedMs;
  if (runtime.liveCount > LIVE_MAX)
    throw new Error(`${runtime.liveCount} actors are alive, at most ${LIVE_MAX} should`);
  await runtime.stop();
  return (actors.length / elapsedMs) * 1000;
}

function passivating(store: Store): Runtime {
  return new Runtime({ store, clock: systemClock, log: silentLog(), liveHostsMax: LIVE_MAX });
}

async function send(runtime: Runtime, actor: LiveActor | undefined, turn: number): Promise<void> {
  if (actor === undefined) throw new Error('there are fewer actors than events');
  const { event, extras } = actor.event(turn);
  const isAccepted = await runtime.send(actor.actorId, event, extras);
  if (!isAccepted) throw new Error(`${actor.actorId} did not accept ${event.type}`);
}

function rawRate(path: string, actors: readonly LiveActor[]): number {
  const database = new Database(path, { readonly: true });
  const statement = database.prepare(readSql());
  const startedMs = performance.now();
  for (const { actorId } of actors) if (statement.get(actorId) === undefined) throw new Error(`${actorId} has no row`);
  const elapsedMs = performance.now() - startedMs;
  database.close();
  return (actors.length / elapsedMs) * 1000;
}

/** The text of the statement that a hydration reads with. */
function readSql(): string {
  let text = '';
  const reads: Reads = {
    get: (sql) => {
      text = sql;
      return undefined;
    },
    all: () => [],
    close() {},
  };
  readSnapshot(reads, readActorOf('nobody'));
  return text;
}

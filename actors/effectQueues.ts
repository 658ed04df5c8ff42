// Which effects are in flight and which come next. Each type has places of its own, so that slow destinations cannot
// hold up token refreshes, and within a type owners take turns, so that one customer with hundreds of objects cannot
// hold up the others. Of those that call one provider app only so many run at once, so that a provider that does not
// answer leaves places for the others. What does not fit into memory stays in its table and is fetched when there is
// room. Invariants: an effect that is in flight is not taken up a second time; no message overtakes another one to the
// same receiver, also where the receiver is paused and the earlier one has to stay in the table.

import type { Effect } from '../machines/effects.ts';
import type { ActorId } from '../src/core/ids.ts';
import {
  EFFECTS_IN_FLIGHT_MAX,
  EFFECTS_WAITING_MAX,
  OWNER_EFFECTS_IN_FLIGHT_MAX,
  REDISPATCH_BATCH,
  SHARER_EFFECTS_IN_FLIGHT_MAX,
} from '../src/core/limits.ts';
import type { Reads } from '../src/store/port.ts';
import { type EffectRow, type FetchedEffectRow, readEffects } from '../src/store/tables/effects.ts';
import { readSnapshot } from '../src/store/tables/snapshots.ts';
import { type IssuedEffect, targetOf } from './host.ts';
import { ownerOf } from './turns.ts';

/** What the effects table knew about an effect when it was taken up. */
export interface Progress {
  readonly isAttempted: boolean;
  readonly result: Uint8Array | null;
}

/** An effect that is in flight: it waits for a place, or is being performed. */
export interface TakenUp {
  readonly issued: IssuedEffect;
  readonly progress: Progress;
}

/** Effects of one type that share places: those of one owner, or those whose order must hold. */
interface Group {
  readonly name: string;
  /** One at a time, and none while an earlier one waits in the table for its paused target. */
  readonly isOrdered: boolean;
  readonly sharer: Sharer | null;
  readonly waiting: TakenUp[];
  running: number;
}

/** Those that may hang together, because the same provider app is called for them. */
interface Sharer {
  running: number;
  /** Groups that might run if this had a place left, the one that waited longest first. */
  readonly held: Set<Group>;
}

/** A queue as operators see it. `hasMore`: further rows are in the table only. */
export interface EffectDepth {
  readonly type: string;
  readonly waiting: number;
  readonly running: number;
  readonly hasMore: boolean;
}

interface Queue {
  readonly groups: Map<string, Group>;
  /** Groups whose next effect may run, the one that waited longest first. */
  readonly ready: Set<Group>;
  readonly sharers: Map<string, Sharer>;
  waitingCount: number;
  running: number;
  /** Rows of this type after this one are in the table only; null: all are in memory. */
  fetchedSeq: number | null;
}

const NOT_STARTED: Progress = { isAttempted: false, result: null };

/** The effects in flight; one for the process. */
export class EffectQueues {
  readonly #reads: Reads;
  /** Performs one effect; never rejects. False: it stays in the table, unsettled. */
  readonly #perform: (taken: TakenUp) => Promise<boolean>;
  /** What an effect shares its fate with; null: with nothing. Asked once per owner that has something waiting. */
  readonly #sharedBy: (effect: Effect) => string | null;
  readonly #queues = new Map<string, Queue>();
  readonly #inFlight = new Set<string>();
  /** To be taken up once more, because what stood in their way went away while they were failing. */
  readonly #again = new Map<string, TakenUp>();
  /** Ordered groups whose target is paused and has rows in the table: what follows stays there too, until `unpark`. */
  readonly #parked = new Set<string>();
  #isStopped = false;
  #isFetchScheduled = false;
  #idle: (() => void)[] = [];

  constructor(
    reads: Reads,
    perform: (taken: TakenUp) => Promise<boolean>,
    sharedBy: (effect: Effect) => string | null = () => null,
  ) {
    this.#reads = reads;
    this.#perform = perform;
    this.#sharedBy = sharedBy;
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** What waits in memory and what is being performed, by type. */
  depths(): EffectDepth[] {
    return [...this.#queues].map(([type, { waitingCount, running, fetchedSeq }]) => {
      return { type, waiting: waitingCount, running, hasMore: fetchedSeq !== null };
    });
  }

  /** Takes up an effect that was committed just now. */
  add(issued: IssuedEffect): void {
    if (this.#isStopped || this.#inFlight.has(issued.effectId)) return;
    const queue = this.#queueOf(issued.effect.type);
    if (queue.waitingCount >= EFFECTS_WAITING_MAX) queue.fetchedSeq ??= 0;
    if (queue.fetchedSeq !== null || this.#parked.has(groupOf(issued).name)) return;
    this.#enqueue(queue, { issued, progress: NOT_STARTED });
  }

  /** What comes for this target is taken up again: it is not paused any more. */
  unpark(targetId: ActorId): void {
    this.#parked.delete(targetId);
  }

  /** Takes up rows that were passed over while their target was paused. */
  addRows(rows: readonly EffectRow[]): void {
    if (this.#isStopped) return;
    for (const row of rows) {
      const taken = takenUp(row);
      if (this.#inFlight.has(row.effectId)) this.#again.set(row.effectId, taken);
      else this.#enqueue(this.#queueOf(taken.issued.effect.type), taken);
    }
  }

  /** Takes up everything the table holds, of these types and any it finds besides. */
  fetchAll(types: readonly string[]): void {
    for (const type of types) this.#queueOf(type).fetchedSeq = 0;
    this.#fetch();
  }

  /** Marks an effect as in flight whatever else happens, for who settles it in another way; false if it is already. */
  claim(effectId: string): boolean {
    if (this.#isStopped || this.#inFlight.has(effectId)) return false;
    this.#inFlight.add(effectId);
    return true;
  }

  release(effectId: string): void {
    this.#inFlight.delete(effectId);
    this.#again.delete(effectId);
    if (this.#inFlight.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Forgets what waits of actors that are no more. */
  forget(actorIds: ReadonlySet<ActorId>): void {
    const isGone = ({ issued }: TakenUp) => actorIds.has(issued.actorId) || actorIds.has(targetOf(issued));
    this.#drop(isGone);
    for (const actorId of actorIds) this.unpark(actorId);
  }

  /** Takes up nothing more; resolves when what is being performed has ended. */
  stop(): Promise<void> {
    this.#isStopped = true;
    this.#again.clear();
    this.#drop(() => true);
    if (this.#inFlight.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #drop(isDropped: (taken: TakenUp) => boolean): void {
    for (const queue of this.#queues.values()) {
      for (const group of queue.groups.values()) this.#dropFrom(queue, group, isDropped);
    }
  }

  #dropFrom(queue: Queue, group: Group, isDropped: (taken: TakenUp) => boolean): void {
    const dropped = group.waiting.filter(isDropped);
    const kept = group.waiting.filter((taken) => !isDropped(taken));
    group.waiting.splice(0, group.waiting.length, ...kept);
    queue.waitingCount -= dropped.length;
    for (const { issued } of dropped) this.#inFlight.delete(issued.effectId);
    if (kept.length > 0) return;
    this.#leave(queue, group);
    // It may have been let before others, and has nothing left to run.
    this.#letNext(queue, group.sharer);
  }

  #queueOf(type: string): Queue {
    let queue = this.#queues.get(type);
    if (queue === undefined) {
      const nothing = { waitingCount: 0, running: 0, fetchedSeq: null };
      queue = { groups: new Map(), ready: new Set(), sharers: new Map(), ...nothing };
      this.#queues.set(type, queue);
    }
    return queue;
  }

  #enqueue(queue: Queue, taken: TakenUp): void {
    this.#inFlight.add(taken.issued.effectId);
    const { name, isOrdered } = groupOf(taken.issued);
    let group = queue.groups.get(name);
    if (group === undefined) {
      const sharer = sharerIn(queue, this.#sharedBy(taken.issued.effect));
      group = { name, isOrdered, sharer, waiting: [], running: 0 };
      queue.groups.set(name, group);
    }
    group.waiting.push(taken);
    queue.waitingCount += 1;
    if (hasPlace(group)) queue.ready.add(group);
    this.#pump(queue);
  }

  #pump(queue: Queue): void {
    for (const group of queue.ready) {
      if (queue.running >= EFFECTS_IN_FLIGHT_MAX) return;
      queue.ready.delete(group);
      const { sharer } = group;
      if (sharer !== null && isFull(sharer)) {
        sharer.held.add(group);
        continue;
      }
      sharer?.held.delete(group);
      const taken = group.waiting.shift();
      if (taken === undefined) continue;
      queue.waitingCount -= 1;
      queue.running += 1;
      group.running += 1;
      if (sharer !== null) sharer.running += 1;
      if (group.waiting.length > 0 && hasPlace(group)) queue.ready.add(group);
      void this.#run(queue, group, taken);
    }
  }

  async #run(queue: Queue, group: Group, taken: TakenUp): Promise<void> {
    const { effectId } = taken.issued;
    const isSettled = await this.#perform(taken);
    queue.running -= 1;
    group.running -= 1;
    if (group.sharer !== null) group.sharer.running -= 1;
    const again = isSettled ? undefined : this.#again.get(effectId);
    this.release(effectId);
    if (again !== undefined) this.#putBack(queue, group, again);
    else if (!isSettled && group.isOrdered) this.#parkIfPaused(queue, group, targetOf(taken.issued));
    if (group.waiting.length > 0) queue.ready.add(group);
    else this.#leave(queue, group);
    this.#letNext(queue, group.sharer);
    this.#pump(queue);
    if (queue.fetchedSeq !== null && queue.waitingCount <= EFFECTS_WAITING_MAX / 2) this.#scheduleFetch();
  }

  /** Before all others of its group, as it was. */
  #putBack(queue: Queue, group: Group, taken: TakenUp): void {
    this.#inFlight.add(taken.issued.effectId);
    group.waiting.unshift(taken);
    queue.waitingCount += 1;
  }

  #parkIfPaused(queue: Queue, group: Group, targetId: ActorId): void {
    if (this.#isStopped || readSnapshot(this.#reads, targetId)?.pausedReason == null) return;
    this.#parked.add(group.name);
    this.#dropFrom(queue, group, () => true);
  }

  #leave(queue: Queue, group: Group): void {
    queue.ready.delete(group);
    if (group.running === 0) queue.groups.delete(group.name);
    group.sharer?.held.delete(group);
  }

  /** One of those that a sharer held back, if it has a place again. */
  #letNext(queue: Queue, sharer: Sharer | null): void {
    if (sharer === null || isFull(sharer)) return;
    const [next] = sharer.held;
    if (next === undefined) return;
    sharer.held.delete(next);
    queue.ready.add(next);
  }

  #scheduleFetch(): void {
    if (this.#isFetchScheduled || this.#isStopped) return;
    this.#isFetchScheduled = true;
    setImmediate(() => {
      this.#isFetchScheduled = false;
      if (!this.#isStopped) this.#fetch();
    });
  }

  /** Looks at one batch of rows for those types that have rows in the table only, and room. */
  #fetch(): void {
    const hungry = [...this.#queues.values()].filter((queue) => isHungry(queue));
    if (hungry.length === 0) return;
    const afterSeq = Math.min(...hungry.map(({ fetchedSeq }) => fetchedSeq ?? 0));
    const rows = readEffects(this.#reads, afterSeq, REDISPATCH_BATCH);
    for (const row of rows) this.#fetched(row);
    const isEnd = rows.length < REDISPATCH_BATCH;
    const lastSeq = rows.at(-1)?.seq ?? afterSeq;
    const stillHungry = [...this.#queues.values()].filter((queue) => isHungry(queue));
    for (const queue of stillHungry) queue.fetchedSeq = isEnd ? null : Math.max(queue.fetchedSeq ?? 0, lastSeq);
    if (!isEnd && stillHungry.length > 0) this.#scheduleFetch();
  }

  #fetched(row: FetchedEffectRow): void {
    const taken = takenUp(row);
    const { type } = taken.issued.effect;
    // A type that nobody performs is taken up as well: that it is left behind should be seen.
    if (!this.#queues.has(type)) this.#queueOf(type).fetchedSeq = row.seq - 1;
    const queue = this.#queueOf(type);
    if (!isHungry(queue) || row.seq <= (queue.fetchedSeq ?? 0)) return;
    queue.fetchedSeq = row.seq;
    if (this.#inFlight.has(row.effectId)) return;
    const { name, isOrdered } = groupOf(taken.issued);
    if (row.isTargetPaused === 0 && !this.#parked.has(name)) this.#enqueue(queue, taken);
    else if (isOrdered) this.#parked.add(name);
  }
}

function isHungry({ fetchedSeq, waitingCount }: Queue): boolean {
  return fetchedSeq !== null && waitingCount < EFFECTS_WAITING_MAX;
}

function hasPlace({ isOrdered, running }: Group): boolean {
  return running < (isOrdered ? 1 : OWNER_EFFECTS_IN_FLIGHT_MAX);
}

function isFull({ running }: Sharer): boolean {
  return running >= SHARER_EFFECTS_IN_FLIGHT_MAX;
}

function sharerIn({ sharers }: Queue, name: string | null): Sharer | null {
  if (name === null) return null;
  const sharer = sharers.get(name) ?? { running: 0, held: new Set() };
  sharers.set(name, sharer);
  return sharer;
}

function takenUp({ effectId, actorId, payload, isAttempted, result }: EffectRow): TakenUp {
  const effect = JSON.parse(payload) as Effect;
  return { issued: { effectId, actorId, effect }, progress: { isAttempted: isAttempted === 1, result } };
}

/**
 * News overtaken by older news would stand for ever: messages keep their order per receiver, fan-outs per actor. Those
 * groups are called by the actor whose pause keeps them back.
 */
function groupOf(issued: IssuedEffect): { name: string; isOrdered: boolean } {
  const { type } = issued.effect;
  const isOrdered = type === 'effect.send' || type === 'effect.tellInstallations' || type === 'effect.tellReads';
  return { name: isOrdered ? targetOf(issued) : ownerOf(issued.actorId), isOrdered };
}

// Who goes next when many wait for the same limit: the higher priority first, and within a priority whoever has had
// least. Each owner (a connection) has a tag that grows by one with each call of its that goes, and the lowest tag is
// next: start-time fair queueing (Goyal, Vin, Cheng 1996) with calls of equal length. So one that asks for a thousand
// calls and one that asks for a single call are equals, also where most give up before their turn and ask again: the
// tags are remembered. Costs O(log owners) per call. Pure; the owner is `actors/budgets.ts`.

import { FAIR_CREDIT_CALLS, OWNERS_ASKED_MAX } from '../core/limits.ts';

/** Highest first. What a person waits for goes before what a schedule asks for. */
const CALL_PRIORITIES = ['interactive', 'write', 'subscribe', 'enrichment', 'read', 'backfill'] as const;
export type CallPriority = (typeof CALL_PRIORITIES)[number];

/** Schedules ask for these; they may not spend what is reserved for people. */
export function isBackground(priority: CallPriority): boolean {
  return priority !== 'interactive' && priority !== 'write';
}

interface Owner<Waiter> {
  readonly owner: string;
  /** Calls that it has had, on the line's scale; while it waits, its place in the line. */
  tag: number;
  /** Calls that it was counted for and did not get. */
  owed: number;
  /** Who came first of two with equal tags. */
  place: number;
  /** In order of arrival. */
  readonly waiters: Set<Waiter>;
  /** In the heap; one whose waiters gave up stays there until its turn, and keeps its place if others come. */
  isInLine: boolean;
}

/** Those who wait with one priority. */
class Line<Waiter> {
  size = 0;
  /** A binary heap: no owner has a lower tag than the one at half its index. */
  readonly #heap: Owner<Waiter>[] = [];
  /** Those who wait, and those whose tags still tell them from newcomers. */
  readonly #owners = new Map<string, Owner<Waiter>>();
  /** The tag that went last: the share that everybody has had who always asked. */
  #level = 0;
  #sweptLevel = 0;
  #places = 0;

  countOf(owner: string): number {
    return this.#owners.get(owner)?.waiters.size ?? 0;
  }

  push(name: string, waiter: Waiter): void {
    let owner = this.#owners.get(name);
    if (owner === undefined) {
      owner = { owner: name, tag: this.#level, owed: 0, place: 0, waiters: new Set(), isInLine: false };
      this.#owners.set(name, owner);
    }
    owner.waiters.add(waiter);
    this.size += 1;
    if (!owner.isInLine) this.#enter(owner);
  }

  remove(name: string, waiter: Waiter): boolean {
    const isRemoved = this.#owners.get(name)?.waiters.delete(waiter) ?? false;
    if (isRemoved) this.size -= 1;
    return isRemoved;
  }

  /** Of an owner that `mayGo`, among the first of the line. */
  next(mayGo?: (owner: string) => boolean): Waiter | undefined {
    const passedOver: Owner<Waiter>[] = [];
    const owner = this.#first(mayGo, passedOver);
    for (const other of passedOver) this.#stand(other);
    const [waiter] = owner?.waiters ?? [];
    if (owner === undefined || waiter === undefined) return undefined;
    owner.waiters.delete(waiter);
    this.size -= 1;
    this.#level = Math.max(this.#level, owner.tag);
    owner.tag += 1;
    if (owner.waiters.size > 0) this.#enter(owner);
    this.#sweep();
    return waiter;
  }

  /** Has left the line, as have those who were passed over. */
  #first(mayGo: ((owner: string) => boolean) | undefined, passedOver: Owner<Waiter>[]): Owner<Waiter> | undefined {
    for (let owner = this.#leave(); owner !== undefined; owner = this.#leave()) {
      if (owner.waiters.size === 0) continue;
      if (mayGo === undefined || mayGo(owner.owner)) return owner;
      passedOver.push(owner);
      if (passedOver.length >= OWNERS_ASKED_MAX) return undefined;
    }
    return undefined;
  }

  /** The owner got no call after all. In the line it keeps its place until then. */
  giveBack(name: string): void {
    const owner = this.#owners.get(name);
    if (owner !== undefined) owner.owed += 1;
  }

  #enter(owner: Owner<Waiter>): void {
    // Nobody saves up: who asked for nothing for long is like a newcomer, but for what it just missed.
    owner.tag = Math.max(owner.tag - owner.owed, this.#level - FAIR_CREDIT_CALLS);
    owner.owed = 0;
    owner.place = this.#places++;
    this.#stand(owner);
  }

  #stand(owner: Owner<Waiter>): void {
    owner.isInLine = true;
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = heap[above] as Owner<Waiter>;
      if (!isBefore(owner, other)) break;
      heap[at] = other;
      at = above;
    }
    heap[at] = owner;
  }

  #leave(): Owner<Waiter> | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return undefined;
    first.isInLine = false;
    if (last === first) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, heap[below] as Owner<Waiter>)) below += 1;
      const other = heap[below];
      if (other === undefined || !isBefore(other, last)) break;
      heap[at] = other;
      at = below;
    }
    heap[at] = last;
    return first;
  }

  /** Once per round, so that it costs each call the same: forgets those who are like newcomers again. */
  #sweep(): void {
    if (this.#level < this.#sweptLevel + 1) return;
    this.#sweptLevel = this.#level;
    for (const [name, { isInLine, tag }] of this.#owners) {
      if (!isInLine && tag <= this.#level - FAIR_CREDIT_CALLS) this.#owners.delete(name);
    }
  }
}

function isBefore(one: Owner<unknown>, other: Owner<unknown>): boolean {
  return one.tag === other.tag ? one.place < other.place : one.tag < other.tag;
}

export class FairQueue<Waiter> {
  /** By priority. Made when needed. */
  readonly #lines: Line<Waiter>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Those who wait with this priority or a higher one. */
  isAhead(priority: CallPriority): boolean {
    if (this.#size === 0) return false;
    const rank = CALL_PRIORITIES.indexOf(priority);
    return this.#lines.some((line, index) => index <= rank && line.size > 0);
  }

  /** The highest priority that somebody waits with. */
  get highest(): CallPriority | undefined {
    const rank = this.#size === 0 ? -1 : this.#lines.findIndex((line) => line !== undefined && line.size > 0);
    return CALL_PRIORITIES[rank];
  }

  /** A waiter waits once. */
  push(priority: CallPriority, owner: string, waiter: Waiter): void {
    this.#lineOf(priority).push(owner, waiter);
    this.#size += 1;
  }

  /** The next of the highest priority that `mayGo`, of an owner that `mayOwnerGo`. */
  next(
    mayGo: (priority: CallPriority) => boolean,
    mayOwnerGo?: (priority: CallPriority, owner: string) => boolean,
  ): Waiter | undefined {
    for (const [rank, line] of this.#lines.entries()) {
      const priority = CALL_PRIORITIES[rank] ?? 'backfill';
      if (line === undefined || line.size === 0 || !mayGo(priority)) continue;
      const waiter = line.next(mayOwnerGo && ((owner) => mayOwnerGo(priority, owner)));
      if (waiter === undefined) continue;
      this.#size -= 1;
      return waiter;
    }
    return undefined;
  }

  /** One that gave up. */
  remove(priority: CallPriority, owner: string, waiter: Waiter): void {
    if (this.#lineOf(priority).remove(owner, waiter)) this.#size -= 1;
  }

  /** One that `next` answered got no call: its owner is not counted for it. */
  giveBack(priority: CallPriority, owner: string): void {
    this.#lineOf(priority).giveBack(owner);
  }

  /** Waiters of one owner, over all priorities. */
  countOf(owner: string): number {
    return this.#lines.reduce((sum, line) => sum + line.countOf(owner), 0);
  }

  /** How many wait, by priority; for people. */
  counts(): Readonly<Record<CallPriority, number>> {
    const entries = CALL_PRIORITIES.map((priority, rank) => [priority, this.#lines[rank]?.size ?? 0] as const);
    return Object.fromEntries(entries) as Record<CallPriority, number>;
  }

  #lineOf(priority: CallPriority): Line<Waiter> {
    const rank = CALL_PRIORITIES.indexOf(priority);
    let line = this.#lines[rank];
    if (line === undefined) {
      line = new Line();
      this.#lines[rank] = line;
    }
    return line;
  }
}

// Who of many customers may open one more connection to the origin that they share, and who of those who wait is next.
// An owner may have one more while it has less than a multiple of those that are free (Choudhury and Hahne, "Dynamic
// queue length thresholds for shared-memory packet switches", 1998): whoever is alone has most of them, and never all.
// Its calls go in the order in which they came, owners take turns, and one that has its share holds back nobody else.
// Called by an origin. Pure. Invariants: never more than `openMax` are open; a call that comes goes at once only if
// nobody who waits could go in its place.

import { OWNED_PER_FREE, OWNERS_PER_ORIGIN_MAX } from '../core/limits.ts';

/** What one owner has at the origin. */
export interface Share {
  /** Connections. */
  open: number;
}

export interface AdmissionBounds {
  /** Connections of all owners. */
  readonly openMax: number;
  /** Calls of all owners, beyond which none waits. One that goes at once needs no room. */
  readonly callsMax: number;
}

export class Admission<Waiter> {
  readonly #openMax: number;
  readonly #callsMax: number;
  readonly #shares = new Map<string, Share>();
  /** What waits, by owner; whose turn is next comes first. */
  readonly #lines = new Map<Share, Set<Waiter>>();
  #open = 0;
  #waiting = 0;
  /** A connection became free, and those who wait were not yet asked. */
  #isTurnDue = false;

  constructor({ openMax, callsMax }: AdmissionBounds) {
    this.#openMax = openMax;
    this.#callsMax = callsMax;
  }

  get isAnyWaiting(): boolean {
    return this.#waiting > 0;
  }

  /** To be asked for anew by each call: those that nobody uses are forgotten. */
  shareOf(owner: string): Share {
    const share = this.#shares.get(owner);
    return share === undefined ? this.#newShare(owner) : share;
  }

  /** Takes a connection if the call may go at once. */
  open(share: Share): boolean {
    if (this.#isTurnDue || !this.#mayOpen(share)) return false;
    this.#take(share);
    return true;
  }

  /** For a call that may not go at once; false if it may not wait either. */
  wait(share: Share, waiter: Waiter): boolean {
    const line = this.#lines.get(share);
    const calls = share.open + (line === undefined ? 0 : line.size);
    if (calls >= OWNED_PER_FREE * (this.#callsMax - this.#open - this.#waiting)) return false;
    if (line === undefined) this.#lines.set(share, new Set([waiter]));
    else line.add(waiter);
    this.#waiting += 1;
    return true;
  }

  /** One that waits gives up. */
  leave(share: Share, waiter: Waiter): void {
    const line = this.#lines.get(share);
    if (line === undefined || !line.delete(waiter)) return;
    if (line.size === 0) this.#lines.delete(share);
    this.#waiting -= 1;
  }

  /** A connection is free again. True if somebody waits: then `next` is to be asked until it has nobody. */
  close(share: Share): boolean {
    share.open -= 1;
    this.#open -= 1;
    if (this.#waiting === 0) return false;
    this.#isTurnDue = true;
    return true;
  }

  /** Takes a connection for one that waits, and may go now. */
  next(): Waiter | undefined {
    // Few are passed over: while one connection is free only owners with two or more are, of whom there are 47 at most.
    if (this.#open < this.#openMax) {
      for (const [share, line] of this.#lines) {
        if (this.#mayOpen(share)) return this.#nextOf(share, line);
      }
    }
    this.#isTurnDue = false;
    return undefined;
  }

  /** All that wait. */
  waiters(): Waiter[] {
    return [...this.#lines.values()].flatMap((line) => [...line]);
  }

  #mayOpen(share: Share): boolean {
    return share.open < OWNED_PER_FREE * (this.#openMax - this.#open);
  }

  #take(share: Share): void {
    share.open += 1;
    this.#open += 1;
  }

  #nextOf(share: Share, line: Set<Waiter>): Waiter | undefined {
    const [waiter] = line as Set<Waiter | undefined>;
    if (waiter === undefined) return undefined;
    line.delete(waiter);
    this.#lines.delete(share);
    if (line.size > 0) this.#lines.set(share, line);
    this.#waiting -= 1;
    this.#take(share);
    return waiter;
  }

  #newShare(owner: string): Share {
    if (this.#shares.size >= OWNERS_PER_ORIGIN_MAX) this.#forgetIdle();
    const share: Share = { open: 0 };
    this.#shares.set(owner, share);
    return share;
  }

  #forgetIdle(): void {
    for (const [owner, share] of this.#shares) {
      if (share.open === 0 && !this.#lines.has(share)) this.#shares.delete(owner);
    }
  }
}

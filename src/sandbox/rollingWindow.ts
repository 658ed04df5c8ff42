// Counts requests over a rolling window in tenths, as the vendors' own limiters do. Called by the provider routes.
// Invariant: at most `limit` requests are taken within any span of nine tenths of the window.

import type { Clock, Ms } from '../core/time.ts';

const SLOTS = 10;

export interface WindowOptions {
  readonly limit: number;
  readonly windowMs: number;
}

export class RollingWindow {
  readonly #clock: Clock;
  readonly #slotMs: number;
  readonly limit: number;
  readonly #counts: number[] = Array.from({ length: SLOTS }, () => 0);
  #slot = 0;

  constructor(clock: Clock, options: WindowOptions) {
    this.#clock = clock;
    this.limit = options.limit;
    this.#slotMs = options.windowMs / SLOTS;
    this.#slot = Math.floor(clock.nowMs() / this.#slotMs);
  }

  /** Takes one request, or refuses it without counting. */
  take(): boolean {
    const at = this.#advance();
    if (this.used() >= this.limit) return false;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    return true;
  }

  /** Requests of others: they count, and none of them is refused. */
  add(requests: number): void {
    const at = this.#advance();
    this.#counts[at] = (this.#counts[at] ?? 0) + requests;
  }

  used(): number {
    this.#advance();
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** When the oldest counted request leaves the window; now if none is counted. */
  freeAtMs(): Ms {
    this.#advance();
    for (let age = SLOTS - 1; age >= 0; age -= 1) {
      const slot = this.#slot - age;
      if ((this.#counts[slot % SLOTS] ?? 0) > 0) return (slot + SLOTS) * this.#slotMs;
    }
    return this.#clock.nowMs();
  }

  #advance(): number {
    const slot = Math.floor(this.#clock.nowMs() / this.#slotMs);
    for (let clear = Math.max(this.#slot + 1, slot - SLOTS + 1); clear <= slot; clear += 1) {
      this.#counts[clear % SLOTS] = 0;
    }
    this.#slot = Math.max(this.#slot, slot);
    return this.#slot % SLOTS;
  }
}

// A clock that stands still until a test moves it. Timers fire in order, and after each one everything that it set
// off (microtasks, immediates, commits on this thread) runs before the next.

import type { Clock, Ms } from '../../src/core/time.ts';

export interface FakeClock extends Clock {
  readonly pendingCount: number;
  readonly nextAtMs: Ms | null;
  /** Whether something happens just then. */
  hasTimerAt(atMs: Ms): boolean;
  /** Fires what falls due within `ms`, and lets the consequences happen. */
  advance(ms: number): Promise<void>;
  advanceTo(atMs: Ms): Promise<void>;
  /** Puts the wall clock forward or back; how long timers still wait does not change. */
  jump(ms: number): void;
}

interface Pending {
  /** By the clock as it is now. */
  atMs: Ms;
  readonly fire: () => void;
}

/** Rounds of the event loop that the longest chain of steps in a test needs between two timers. */
const ROUNDS = 25;

/** Lets everything that needs no time happen; while `isBusy`, something is under way on another thread. */
export async function flush(rounds = ROUNDS, isBusy = () => false): Promise<void> {
  for (let calm = 0; calm < rounds; calm = isBusy() ? 0 : calm + 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** `settle` lets the consequences of a timer happen. */
export function fakeClock(startMs: Ms = Date.UTC(2026, 0, 5, 9), settle: () => Promise<void> = flush): FakeClock {
  let nowMs = startMs;
  const pending = new Set<Pending>();
  const next = () => [...pending].reduce<Pending | null>((a, b) => (a === null || b.atMs < a.atMs ? b : a), null);
  const advanceTo = async (atMs: Ms) => {
    await settle();
    for (let due = next(); due !== null && due.atMs <= atMs; due = next()) {
      nowMs = Math.max(nowMs, due.atMs);
      pending.delete(due);
      due.fire();
      await settle();
    }
    nowMs = Math.max(nowMs, atMs);
  };
  return {
    nowMs: () => nowMs,
    timerAt(atMs, fire) {
      const timer = { atMs, fire };
      pending.add(timer);
      return { cancel: () => void pending.delete(timer) };
    },
    get pendingCount() {
      return pending.size;
    },
    get nextAtMs() {
      return next()?.atMs ?? null;
    },
    hasTimerAt: (atMs) => [...pending].some((timer) => timer.atMs === atMs),
    advance: (ms) => advanceTo(nowMs + ms),
    advanceTo,
    jump(ms) {
      nowMs += ms;
      for (const timer of pending) timer.atMs += ms;
    },
  };
}

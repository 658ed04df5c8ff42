// "At most `limit` calls within any `windowMs`", exactly: the times of the last `limit` calls in a ring. A call may
// go when the oldest of them has left the window, so each question and each call is one array access. Pure over
// plain numbers; the owner of the state is `actors/lease.ts`.

import type { Ms } from '../core/time.ts';

export interface SlidingWindow {
  readonly limit: number;
  readonly windowMs: Ms;
  /** When the last `limit` calls went or will go; `next` is the oldest. */
  readonly sentAtMs: Float64Array;
  next: number;
}

export function newSlidingWindow(limit: number, windowMs: Ms): SlidingWindow {
  return { limit, windowMs, sentAtMs: new Float64Array(limit).fill(Number.NEGATIVE_INFINITY), next: 0 };
}

/** The earliest time, not before `nowMs`, at which one more call fits. */
export function earliestAtMs(window: SlidingWindow, nowMs: Ms): Ms {
  return Math.max(nowMs, (window.sentAtMs[window.next] ?? Number.NEGATIVE_INFINITY) + window.windowMs);
}

/** Counts a call at `atMs`, which may be a time to come: callers that wait hold their place. */
export function spend(window: SlidingWindow, atMs: Ms): void {
  window.sentAtMs[window.next] = atMs;
  window.next = (window.next + 1) % window.limit;
}

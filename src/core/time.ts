// The only reader of the wall clock and the only setter of timers in the product. Everything else is
// handed a `Clock`, so that tests and simulations own time. Times are epoch milliseconds.

import { performance as ofNode } from 'node:perf_hooks';

/** Epoch milliseconds. */
export type Ms = number;

/** Milliseconds per unit. */
export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/**
 * A far timer is armed in legs of this length, so that after the wall clock was put forward (a time server, a suspended
 * machine) it is late by one leg at most. Node would also fire a delay above 2^31 - 1 ms at once.
 */
const TIMER_LEG_MS_MAX = 30_000;

/** A pending timer. `cancel` may be called any number of times, also after it fired. */
export interface Timer {
  cancel(): void;
}

/** Owner of time: real in production, driven by hand in tests and simulations. */
export interface Clock {
  nowMs(): Ms;
  /**
   * Calls `fire` once, when it is `atMs` or when the time until then has passed, whichever comes first: a clock that is
   * put back must not make a caller wait for hours. Never synchronously; a timer does not keep the process alive.
   */
  timerAt(atMs: Ms, fire: () => void): Timer;
}

/** The wall clock and the event loop's timers. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  timerAt(atMs, fire) {
    const untilMonotonicMs = performance.now() + (atMs - Date.now());
    const remainingMs = () => Math.min(atMs - Date.now(), untilMonotonicMs - performance.now());
    let handle: ReturnType<typeof setTimeout>;
    const arm = () => {
      const legMs = Math.min(Math.max(0, Math.ceil(remainingMs())), TIMER_LEG_MS_MAX);
      // Looked at again when the leg ends: the event loop's clock may run a millisecond ahead of both others.
      handle = setTimeout(() => (remainingMs() > 0 ? arm() : fire()), legMs);
      handle.unref?.();
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `delayMs` on the given clock, or at once when `signal` aborts. Never rejects. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.timerAt(clock.nowMs() + delayMs, done);
    signal?.addEventListener('abort', done);
  });
}

/** Resolves after `ms`, and keeps the process alive until then: for commands, which end when nothing else is left. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Whether `sinceMs` is less than `ms` ago. Not what lies ahead: a clock that was put back must not stop things. */
export function isWithin(nowMs: Ms, sinceMs: Ms, ms: number): boolean {
  return nowMs >= sinceMs && nowMs - sinceMs < ms;
}

/**
 * By how much the clock was put back since it was last seen: more, if anything, than what is known here, by as much as
 * has passed meanwhile. 0 where it went on. Who keeps times that lie ahead takes that off them, so that none has more
 * left than it had.
 */
export function putBackMs(seen: { seenAtMs: Ms }, nowMs: Ms): number {
  const backMs = Math.max(0, seen.seenAtMs - nowMs);
  seen.seenAtMs = nowMs;
  return backMs;
}

/** RFC 3339 in UTC with milliseconds, the form of every timestamp on the wire. */
export function toRfc3339(atMs: Ms): string {
  return new Date(atMs).toISOString();
}

/** RFC 1123 with the zone `UTC`, as the proxy's wire publishes it; rounded up, so that nobody comes too early. */
export function toRfc1123Utc(atMs: Ms): string {
  return new Date(Math.ceil(atMs / SECOND_MS) * SECOND_MS).toUTCString().replace('GMT', 'UTC');
}

/** Epoch milliseconds of an RFC 3339 or HTTP date, or null when the text is neither. */
export function parseTimestamp(text: string): Ms | null {
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : atMs;
}

/** `Retry-After` in both forms, seconds or a date (RFC 9110, 10.2.3), as a time; null without one that can be read. */
export function retryAfterAtMs(value: string | undefined, nowMs: Ms): Ms | null {
  if (value === undefined) return null;
  // Some providers write fractions (`2.0`).
  if (/^\s*\d{1,9}(\.\d{1,9})?\s*$/.test(value)) return nowMs + Math.ceil(Number(value) * SECOND_MS);
  // `Date.parse` takes `-5` and `2.0s` for dates; those of HTTP and RFC 3339 have a time of day.
  return value.includes(':') ? parseTimestamp(value) : null;
}

/**
 * CPU-independent monotonic milliseconds with a fraction, for durations in log lines. Asked a few times for each call:
 * some of Node's globals are getters, which run each time, and an import is a constant to the compiler.
 */
export function monotonicMs(): number {
  return ofNode.now();
}

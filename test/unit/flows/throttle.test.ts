import { describe, expect, it } from 'vitest';
import { RESENDS_WAITING_MAX, THROTTLE_ASSUMED_MS, THROTTLE_MS_MAX } from '../../../src/core/limits.ts';
import { HOUR_MS } from '../../../src/core/time.ts';
import { Throttle } from '../../../src/flows/throttle.ts';
import { fakeClock } from '../../support/clock.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 9);

describe('an account is left alone', () => {
  const said = (retryAtMs: number | null, isLockedOut = false) => ({ retryAtMs, isLockedOut });

  it('until the time that was said, and no other account with it', () => {
    const throttle = new Throttle();
    expect(throttle.holdOf('a', NOW_MS)).toBeNull();
    throttle.refused('a', said(NOW_MS + 5000), NOW_MS);
    expect(throttle.holdOf('a', NOW_MS + 4999)).toEqual({ untilMs: NOW_MS + 5000, isRetryable: true });
    expect(throttle.holdOf('b', NOW_MS)).toBeNull();
    expect(throttle.holdOf('a', NOW_MS + 5000)).toBeNull();
  });

  it.each([
    ['a while if nothing was said', null, THROTTLE_ASSUMED_MS],
    ['a day at most', NOW_MS + 2 * THROTTLE_MS_MAX, THROTTLE_MS_MAX],
    ['no time at all if that time is over', NOW_MS - 1, 0],
  ])('%s', (_what, retryAtMs, forMs) => {
    expect(new Throttle().refused('a', said(retryAtMs), NOW_MS).untilMs).toBe(NOW_MS + forMs);
  });

  it('by the last word of the provider', () => {
    const throttle = new Throttle();
    throttle.refused('a', said(NOW_MS + 60_000), NOW_MS);
    throttle.refused('a', said(NOW_MS + 1000), NOW_MS);
    expect(throttle.holdOf('a', NOW_MS)?.untilMs).toBe(NOW_MS + 1000);
  });

  it('no shorter for a late refusal that says no time', () => {
    const throttle = new Throttle();
    throttle.refused('a', said(NOW_MS + 60_000), NOW_MS);
    throttle.refused('a', said(null), NOW_MS + 100);
    expect(throttle.holdOf('a', NOW_MS + 100)?.untilMs).toBe(NOW_MS + 60_000);
  });

  it.each([1, 3000, 5 * HOUR_MS])('no longer when the clock is put back by %i ms', (backMs) => {
    const throttle = new Throttle();
    throttle.refused('a', said(NOW_MS + 5000), NOW_MS);
    throttle.refused('b', said(NOW_MS + 9000), NOW_MS);
    expect(throttle.holdOf('a', NOW_MS + 1000)?.untilMs).toBe(NOW_MS + 5000);
    const nowMs = NOW_MS + 1000 - backMs;
    // One that another thread tells of, whose clock is the same.
    throttle.hold('c', { untilMs: nowMs + 2000, isRetryable: true }, nowMs);
    expect(['a', 'b', 'c'].map((key) => throttle.holdOf(key, nowMs)?.untilMs)).toEqual([
      nowMs + 4000,
      nowMs + 8000,
      nowMs + 2000,
    ]);
    expect(throttle.holdOf('a', nowMs + 4000)).toBeNull();
  });

  it('as long as the answer said in which it was told, whatever becomes of the clock', () => {
    const throttle = new Throttle();
    const hold = throttle.refused('a', said(NOW_MS + 5000), NOW_MS);
    throttle.holdOf('a', NOW_MS - HOUR_MS);
    expect(hold.untilMs).toBe(NOW_MS + 5000);
  });

  it('and is told not to come back if its token is locked out', () => {
    const throttle = new Throttle();
    throttle.refused('a', said(NOW_MS + 1000, true), NOW_MS);
    expect(throttle.holdOf('a', NOW_MS)?.isRetryable).toBe(false);
  });
});

it('calls that wait are counted, and those that left are not', async () => {
  const clock = fakeClock(NOW_MS);
  const throttle = new Throttle();
  const gone = new AbortController();
  const waits = Array.from({ length: RESENDS_WAITING_MAX }, (_, index) =>
    throttle.wait(clock, NOW_MS + 1000, index === 0 ? gone.signal : new AbortController().signal),
  );
  expect(throttle.hasRoom).toBe(false);
  gone.abort();
  await waits[0];
  expect(throttle.hasRoom).toBe(true);
  await clock.advance(1000);
  await Promise.all(waits);
  expect(clock.pendingCount).toBe(0);
});

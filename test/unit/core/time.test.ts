import { spawnSync } from 'node:child_process';
import { execPath } from 'node:process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  DAY_MS,
  delay,
  MINUTE_MS,
  monotonicMs,
  parseTimestamp,
  putBackMs,
  retryAfterAtMs,
  systemClock,
  toRfc1123Utc,
  toRfc3339,
} from '../../../src/core/time.ts';
import { fakeClock, flush } from '../../support/clock.ts';

describe('a timer of the system clock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'], now: Date.UTC(2026, 0, 5) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const armed = (delayMs: number) => {
    const fired: number[] = [];
    const timer = systemClock.timerAt(Date.now() + delayMs, () => fired.push(Date.now()));
    return { fired, timer };
  };

  it('never fires when it was cancelled, however often', () => {
    const { fired, timer } = armed(1000);
    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(DAY_MS);
    expect(fired).toEqual([]);
  });

  it('is never synchronous, even in the past', () => {
    const { fired } = armed(-5000);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toHaveLength(1);
  });

  it('further away than Node can count fires then and once, not at once', () => {
    const { fired } = armed(90 * DAY_MS);
    vi.advanceTimersByTime(90 * DAY_MS - 1);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(DAY_MS);
    expect(fired).toHaveLength(1);
  });

  it('further away than Node can count can be cancelled in its later legs', () => {
    const { fired, timer } = armed(90 * DAY_MS);
    vi.advanceTimersByTime(60 * DAY_MS);
    timer.cancel();
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(fired).toEqual([]);
  });

  it('fires when its time has passed, although the wall clock was set back meanwhile', () => {
    const { fired } = armed(MINUTE_MS);
    vi.advanceTimersByTime(1000);
    vi.setSystemTime(Date.now() - DAY_MS);
    vi.advanceTimersByTime(MINUTE_MS - 1001);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toHaveLength(1);
  });

  it('fires within half a minute when the wall clock was put forward past it', () => {
    const { fired } = armed(DAY_MS);
    vi.setSystemTime(Date.now() + 2 * DAY_MS);
    vi.advanceTimersByTime(30_000);
    expect(fired).toHaveLength(1);
  });
});

describe('delay', () => {
  it('resolves at once for a signal that was aborted before, and arms nothing', async () => {
    const clock = fakeClock();
    await delay(clock, 1000, AbortSignal.abort());
    expect(clock.pendingCount).toBe(0);
  });

  it('resolves when the signal aborts, and leaves no timer', async () => {
    const clock = fakeClock();
    const abort = new AbortController();
    const done = delay(clock, 1000, abort.signal);
    abort.abort();
    await done;
    expect(clock.pendingCount).toBe(0);
  });

  it('resolves in its time', async () => {
    const clock = fakeClock();
    let isDone = false;
    void delay(clock, 1000).then(() => {
      isDone = true;
    });
    await clock.advance(999);
    expect(isDone).toBe(false);
    await clock.advance(1);
    await flush(1);
    expect(isDone).toBe(true);
  });
});

describe('the monotonic clock', () => {
  it('does not go back', () => {
    const first = monotonicMs();
    expect(monotonicMs()).toBeGreaterThanOrEqual(first);
  });
});

describe('a timestamp', () => {
  it.each(['', 'yesterday', '2026-13-01T00:00:00Z'])('is null for %j', (text) => {
    expect(parseTimestamp(text)).toBeNull();
  });

  it.each([
    ['2026-01-05T09:00:00Z', Date.UTC(2026, 0, 5, 9)],
    ['2026-01-05T10:00:00.250+01:00', Date.UTC(2026, 0, 5, 9, 0, 0, 250)],
    ['Mon, 05 Jan 2026 09:00:00 GMT', Date.UTC(2026, 0, 5, 9)],
  ])('is read from %s', (text, atMs) => {
    expect(parseTimestamp(text)).toBe(atMs);
  });

  it('is written in UTC with milliseconds', () => {
    expect(toRfc3339(Date.UTC(2026, 0, 5, 9))).toBe('2026-01-05T09:00:00.000Z');
  });

  it('is written for callers of the proxy with the zone UTC, in whole seconds and never too early', () => {
    expect(toRfc1123Utc(Date.UTC(2025, 2, 6, 22, 9, 49))).toBe('Thu, 06 Mar 2025 22:09:49 UTC');
    expect(toRfc1123Utc(Date.UTC(2025, 2, 6, 22, 9, 48) + 1)).toBe('Thu, 06 Mar 2025 22:09:49 UTC');
  });
});

describe('Retry-After', () => {
  const nowMs = Date.UTC(2026, 0, 5, 9);

  it.each([undefined, '', 'soon', '-5', '2.0s', '1e3', '9'.repeat(12)])('says nothing with %j', (value) => {
    expect(retryAfterAtMs(value, nowMs)).toBeNull();
  });

  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    // Shopify writes `2.0`; `Date.parse` makes the first of February 2001 of it.
    ['2.0', 2000],
    ['0.0005', 1],
    ['Mon, 05 Jan 2026 09:05:00 GMT', 300_000],
    ['2026-01-05T09:05:00Z', 300_000],
  ])('is a time with %j', (value, aheadMs) => {
    expect(retryAfterAtMs(value, nowMs)).toBe(nowMs + aheadMs);
  });
});

describe('by how much the clock was put back', () => {
  it('is known against when it was last seen, and told once', () => {
    const seen = { seenAtMs: Number.NEGATIVE_INFINITY };
    expect([5000, 5000, 7000, 4000, 4000, 6000, 5999].map((nowMs) => putBackMs(seen, nowMs))).toEqual([
      ...[0, 0, 0, 3000],
      ...[0, 0, 1],
    ]);
  });
});

describe('a command that sleeps', () => {
  it('goes on afterwards, which one that waits for the clock of the server does not', () => {
    const time = JSON.stringify(new URL('../../../src/core/time.ts', import.meta.url).href);
    const run = (wait: string) => {
      const script = `const { delay, sleep, systemClock } = await import(${time}); await ${wait}; console.log('on');`;
      return spawnSync(execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }).stdout;
    };
    expect([run('delay(systemClock, 1)'), run('sleep(1)')]).toEqual(['', 'on\n']);
  });
});

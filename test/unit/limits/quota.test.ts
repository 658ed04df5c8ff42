import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QuotaPolicy } from '../../../src/catalog/quotas.ts';
import { METER_SLICES, PACE_BURST_SHARE } from '../../../src/core/limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import type { CallPriority } from '../../../src/limits/fairQueue.ts';
import {
  earliestFor,
  learnFor,
  newQuota,
  nextProbeAtMs,
  paceOf,
  type QuotaState,
  refuse,
  reservedOf,
  restoreQuota,
  roomFor,
  type StoredQuota,
  spendFor,
  storedQuota,
} from '../../../src/limits/quota.ts';
import { none } from '../../support/uncounted.ts';

const CAPS = { background: 0.8, write: 0.95 };
const SPREAD: QuotaPolicy = { caps: CAPS, isSpread: true };
const START_MS = Date.UTC(2026, 0, 5, 9);

/** Calls of one kind, as early as they may go, until `endMs`; how many were made. */
function spendUntil(quota: QuotaState, priority: CallPriority, startMs: number, endMs: number): number {
  let calls = 0;
  for (let nowMs = startMs; ; calls++) {
    nowMs = earliestFor(quota, priority, nowMs);
    if (nowMs >= endMs) return calls;
    if (roomFor(quota, priority, nowMs) < 1) calls -= 1;
    else spendFor(quota, priority, nowMs);
  }
}

describe('shares of a quota', () => {
  it('stop background calls, then writes, and never people', () => {
    const quota = newQuota(1000, DAY_MS, { caps: CAPS });
    const rooms = (spent: number) => {
      learnFor(quota, { remaining: 1000 - spent }, none, START_MS);
      return (['interactive', 'write', 'subscribe', 'enrichment', 'read', 'backfill'] as const).map((priority) =>
        roomFor(quota, priority, START_MS),
      );
    };
    expect(rooms(0)).toEqual([1000, 950, 800, 800, 800, 800]);
    expect(rooms(800)).toEqual([200, 150, 0, 0, 0, 0]);
    expect(rooms(950)).toEqual([50, 0, 0, 0, 0, 0]);
  });

  it('are a fifth left to people by default, and nothing left by writes', () => {
    expect(reservedOf(100, 'read')).toBe(20);
    expect(reservedOf(100, 'write')).toBe(0);
    expect(reservedOf(4, 'backfill')).toBe(0);
  });

  it('are never passed by background calls, whatever others do', () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 2 * HOUR_MS }),
      priority: fc.constantFrom<CallPriority>('interactive', 'write', 'read', 'backfill'),
      told: fc.option(fc.integer({ min: 0, max: 120 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.boolean(), (steps, isSpread) => {
        const quota = newQuota(100, DAY_MS, { caps: CAPS, isSpread });
        let nowMs = START_MS;
        for (const { waitMs, priority, told } of steps) {
          nowMs += waitMs;
          if (told !== null) learnFor(quota, { remaining: Math.max(0, 100 - told) }, none, nowMs);
          const before = quota.meter.total;
          if (roomFor(quota, priority, nowMs) < 1) {
            expect(earliestFor(quota, priority, nowMs)).toBeGreaterThan(nowMs);
            continue;
          }
          expect(earliestFor(quota, priority, nowMs)).toBe(nowMs);
          spendFor(quota, priority, nowMs);
          const cap = { interactive: 100, write: 95, subscribe: 80, enrichment: 80, read: 80, backfill: 80 }[priority];
          expect(before).toBeLessThan(cap);
        }
      }),
    );
  });
});

describe('background calls that are spread', () => {
  it('get an hour of a day at once, and no more', () => {
    const quota = newQuota(2400, DAY_MS, SPREAD);
    expect(roomFor(quota, 'backfill', START_MS)).toBe(80);
    expect(paceOf(quota, START_MS)).toBeCloseTo(80);
    expect(spendUntil(quota, 'backfill', START_MS, START_MS + MINUTE_MS)).toBeLessThanOrEqual(82);
  });

  it('do not hold back people, nor writes', () => {
    const quota = newQuota(2400, DAY_MS, SPREAD);
    spendUntil(quota, 'backfill', START_MS, START_MS + MINUTE_MS);
    expect(roomFor(quota, 'backfill', START_MS + MINUTE_MS)).toBeLessThan(1);
    expect(roomFor(quota, 'write', START_MS + MINUTE_MS)).toBeGreaterThan(2000);
  });

  it('get their share within a day, in every hour a part of it', () => {
    const quota = newQuota(2400, DAY_MS, SPREAD);
    const hours = Array.from({ length: 24 }, (_, hour) =>
      spendUntil(quota, 'backfill', START_MS + hour * HOUR_MS, START_MS + (hour + 1) * HOUR_MS),
    );
    const total = hours.reduce((sum, calls) => sum + calls, 0);
    expect(total).toBeGreaterThan(1900 * (1 - 2 / METER_SLICES));
    expect(total).toBeLessThanOrEqual(1920);
    expect(Math.max(...hours)).toBeLessThanOrEqual(2 * 1920 * PACE_BURST_SHARE + 2);
    expect(Math.min(...hours)).toBeGreaterThan(0.6 * 1920 * PACE_BURST_SHARE);
  });

  it('go on for days at what leaves the window', () => {
    const quota = newQuota(2400, DAY_MS, SPREAD);
    const days = [0, 1, 2, 3].map((day) =>
      spendUntil(quota, 'read', START_MS + day * DAY_MS, START_MS + (day + 1) * DAY_MS),
    );
    for (const calls of days) expect(calls).toBeGreaterThan(1700);
  });

  it('stop where others have spent the share, until it ages out', () => {
    const quota = newQuota(1000, DAY_MS, SPREAD);
    learnFor(quota, { limit: 1000, remaining: 150 }, none, START_MS);
    expect(roomFor(quota, 'backfill', START_MS)).toBe(0);
    const atMs = earliestFor(quota, 'backfill', START_MS);
    expect(atMs).toBeGreaterThan(START_MS + 23 * HOUR_MS);
    expect(roomFor(quota, 'backfill', atMs)).toBeGreaterThanOrEqual(1);
  });

  it('keep their pace over a restart', () => {
    const quota = newQuota(2400, DAY_MS, SPREAD);
    spendUntil(quota, 'backfill', START_MS, START_MS + MINUTE_MS);
    const again = newQuota(2400, DAY_MS, SPREAD);
    restoreQuota(again, JSON.parse(JSON.stringify(storedQuota(quota, START_MS + MINUTE_MS))) as StoredQuota);
    expect(roomFor(again, 'backfill', START_MS + MINUTE_MS)).toBeLessThan(2);
  });
});

describe('a count that is late', () => {
  const LATE: QuotaPolicy = { lagMs: MINUTE_MS };

  it('does not forgive calls of the last minute', () => {
    const quota = newQuota(100, DAY_MS, LATE);
    for (let call = 0; call < 10; call++) spendFor(quota, 'read', START_MS);
    learnFor(quota, { remaining: 98 }, none, START_MS + SECOND_MS);
    expect(quota.meter.total).toBe(10);
    learnFor(quota, { remaining: 98 }, none, START_MS + 3 * MINUTE_MS);
    expect(quota.meter.total).toBe(2);
  });

  it('is believed at its highest of the last minute', () => {
    const quota = newQuota(100, DAY_MS, LATE);
    learnFor(quota, { remaining: 40 }, none, START_MS);
    learnFor(quota, { remaining: 60 }, none, START_MS + 30 * SECOND_MS);
    expect(quota.meter.total).toBe(60);
    learnFor(quota, { remaining: 60 }, none, START_MS + 3 * MINUTE_MS);
    expect(quota.meter.total).toBe(40);
  });
});

describe('a pause after a refusal', () => {
  const PAUSED: QuotaPolicy = { isSoft: true, pause: { firstMs: 15 * MINUTE_MS, longestMs: HOUR_MS } };
  const blockedForMs = ({ meter }: QuotaState, nowMs: number) => meter.blockedUntilMs - nowMs;

  it('is twice as long for each refusal in a row, up to the longest, and the same for those of one moment', () => {
    const quota = newQuota(100, DAY_MS, PAUSED);
    let nowMs = START_MS;
    const pauses = [1, 2, 3, 4].map(() => {
      refuse(quota, nowMs);
      refuse(quota, nowMs);
      const pauseMs = blockedForMs(quota, nowMs);
      nowMs += pauseMs;
      return pauseMs / MINUTE_MS;
    });
    expect(pauses).toEqual([15, 30, 60, 60]);
  });

  it('holds everybody, and goes on after a restart', () => {
    const quota = newQuota(100, DAY_MS, PAUSED);
    refuse(quota, START_MS);
    const again = newQuota(100, DAY_MS, PAUSED);
    restoreQuota(again, JSON.parse(JSON.stringify(storedQuota(quota, START_MS))) as StoredQuota);
    expect(earliestFor(again, 'interactive', START_MS)).toBe(START_MS + 15 * MINUTE_MS);
    expect(roomFor(again, 'interactive', START_MS + MINUTE_MS)).toBe(0);
    refuse(again, START_MS + 15 * MINUTE_MS);
    expect(blockedForMs(again, START_MS + 15 * MINUTE_MS)).toBe(30 * MINUTE_MS);
  });

  it('is all that holds people where a provider lets calls pass beyond its limit', () => {
    const quota = newQuota(100, DAY_MS, PAUSED);
    learnFor(quota, { remaining: 0 }, none, START_MS);
    expect(roomFor(quota, 'interactive', START_MS)).toBe(Number.POSITIVE_INFINITY);
    expect(roomFor(quota, 'write', START_MS)).toBe(0);
  });
});

describe('the provider is asked what is left', () => {
  it('at once where it never told, then after an hour, and after a pause, but not in it', () => {
    const quota = newQuota(100, DAY_MS, { pause: { firstMs: 15 * MINUTE_MS, longestMs: HOUR_MS } });
    expect(nextProbeAtMs(quota, HOUR_MS, START_MS)).toBe(START_MS);
    learnFor(quota, { remaining: 90 }, none, START_MS);
    expect(nextProbeAtMs(quota, HOUR_MS, START_MS)).toBe(START_MS + HOUR_MS);
    refuse(quota, START_MS + MINUTE_MS);
    expect(nextProbeAtMs(quota, HOUR_MS, START_MS + MINUTE_MS)).toBe(START_MS + 16 * MINUTE_MS);
    expect(nextProbeAtMs(quota, HOUR_MS, START_MS + 16 * MINUTE_MS)).toBe(START_MS + 16 * MINUTE_MS);
  });
});

// When installations are looked at: each at a time of its own, none more often than its schedule says.

import { describe, expect, it } from 'vitest';
import { newId } from '../../../../src/core/ids.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../src/core/time.ts';
import { nextLookAtMs } from '../../../../src/flows/schemaWatch/schedule.ts';

const NOON_MS = Date.UTC(2026, 0, 5, 12);
const DAILY = '0 */24 * * *';

describe('the next look at an installation', () => {
  it('is within the hour after its schedule, always at the same distance', () => {
    for (const schedule of ['0 * * * *', '30 */6 * * *', DAILY]) {
      const first = nextLookAtMs(schedule, 'i1', NOON_MS) ?? 0;
      const second = nextLookAtMs(schedule, 'i1', first) ?? 0;
      expect(first).toBeGreaterThan(NOON_MS);
      expect(nextLookAtMs(schedule, 'i1', first - 1)).toBe(first);
      expect(nextLookAtMs(schedule, 'i1', second - 1)).toBe(second);
      const intervalMs = schedule === DAILY ? DAY_MS : schedule.startsWith('30') ? 6 * HOUR_MS : HOUR_MS;
      expect(second - first).toBe(intervalMs);
    }
    const midnightMs = Date.UTC(2026, 0, 6);
    const lookAtMs = nextLookAtMs(DAILY, 'i1', NOON_MS) ?? 0;
    expect(lookAtMs).toBeGreaterThanOrEqual(midnightMs);
    expect(lookAtMs).toBeLessThan(midnightMs + HOUR_MS);
  });

  it('is spread over the hour', () => {
    const perTenMinutes = new Map<number, number>();
    for (let count = 0; count < 6000; count++) {
      const atMs = nextLookAtMs(DAILY, newId<string>(), NOON_MS) ?? 0;
      const slice = Math.floor((atMs % HOUR_MS) / (10 * MINUTE_MS));
      perTenMinutes.set(slice, (perTenMinutes.get(slice) ?? 0) + 1);
    }
    expect([...perTenMinutes.keys()].toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    // Eight standard deviations.
    for (const count of perTenMinutes.values()) expect(Math.abs(count - 1000)).toBeLessThan(240);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METER_SLICES, NEIGHBOUR_SLICES } from '../../../src/core/limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { block, earliestAtMs, limitOf, roomAt, spend } from '../../../src/limits/meter.ts';
import { restore, stored } from '../../../src/limits/meterRow.ts';
import { foresee, learn, surprised, surprisedUntold } from '../../../src/limits/meterTold.ts';
import {
  earliestFor,
  newQuota,
  nextProbeAtMs,
  refuse,
  restoreQuota,
  roomFor,
  storedQuota,
} from '../../../src/limits/quota.ts';
import { type Meter, newMeter } from '../../../src/limits/slices.ts';
import { dice } from '../../support/dice.ts';
import { atMost } from '../../support/uncounted.ts';

const WINDOW_MS = 10 * SECOND_MS;
const SLICE_MS = WINDOW_MS / METER_SLICES;
const START_MS = Date.UTC(2026, 0, 5, 9);
const BACKS_MS = [1, SLICE_MS - 1, SLICE_MS, 3 * SECOND_MS, WINDOW_MS, WINDOW_MS + 1, 5 * HOUR_MS, 400 * DAY_MS];

/** A wall clock, looked at every 5 ms, that is put back now and then. */
class Wall {
  /** What has really passed. */
  passedMs = 0;
  backMs = 0;

  get nowMs(): number {
    return START_MS + this.passedMs - this.backMs;
  }
}

describe('a clock that is put back', () => {
  it.each([1, 5, 40])('lets no more than %i through in any window, and holds none back for more than it', (limit) => {
    for (let seed = 1; seed <= 10; seed++) {
      const roll = dice(seed);
      const wall = new Wall();
      const meter = newMeter(limit, WINDOW_MS);
      const sent: number[] = [];
      let backs = 0;
      for (; wall.passedMs < 8 * WINDOW_MS; wall.passedMs += 5) {
        if (roll(800) === 0) {
          wall.backMs += BACKS_MS[roll(BACKS_MS.length)] ?? 0;
          backs += 1;
        }
        if (roomAt(meter, wall.nowMs) < 1) {
          const freeMs = (sent.at(-limit) ?? 0) + WINDOW_MS;
          expect(wall.passedMs, `seed ${seed}`).toBeLessThanOrEqual(freeMs + (2 + backs) * SLICE_MS + backs * 5);
          continue;
        }
        expect(wall.passedMs - (sent.at(-limit) ?? -WINDOW_MS), `seed ${seed}`).toBeGreaterThanOrEqual(WINDOW_MS);
        spend(meter, wall.nowMs);
        sent.push(wall.passedMs);
        backs = 0;
      }
    }
  });

  it.each(BACKS_MS)('by %i ms holds back no longer what the provider wants to be left alone', (backMs) => {
    const meter = newMeter(10, WINDOW_MS);
    roomAt(meter, START_MS);
    block(meter, START_MS + 30 * SECOND_MS);
    roomAt(meter, START_MS + 10 * SECOND_MS);
    const nowMs = START_MS + 10 * SECOND_MS - backMs;
    expect(earliestAtMs(meter, nowMs)).toBe(nowMs + 20 * SECOND_MS);
    expect([roomAt(meter, nowMs + 20 * SECOND_MS - 1), roomAt(meter, nowMs + 20 * SECOND_MS)]).toEqual([0, 10]);
  });

  it('is noticed by who looks next: what is held back has no more left than when it was last looked at', () => {
    const meter = newMeter(10, WINDOW_MS);
    roomAt(meter, START_MS);
    block(meter, START_MS + 30 * SECOND_MS);
    roomAt(meter, START_MS + 10 * SECOND_MS);
    // Nobody looked for two hours, in which it was put back by five.
    const nowMs = START_MS - 3 * HOUR_MS;
    expect(earliestAtMs(meter, nowMs)).toBe(nowMs + 20 * SECOND_MS);
  });

  it('ends what was held back while it was ahead', () => {
    const meter = newMeter(10, WINDOW_MS);
    roomAt(meter, START_MS);
    roomAt(meter, START_MS + 5 * HOUR_MS);
    block(meter, START_MS + 5 * HOUR_MS + 30 * SECOND_MS);
    expect(earliestAtMs(meter, START_MS + SECOND_MS)).toBe(START_MS + 31 * SECOND_MS);
  });

  it('does not make numbers of the provider seem to be of a window that is over', () => {
    const meter = newMeter(100, MINUTE_MS);
    surprised(meter, START_MS);
    learn(meter, { remaining: 50, resetAtMs: START_MS + 50 * SECOND_MS }, atMost(0), START_MS);
    const nowMs = START_MS - 5 * HOUR_MS;
    learn(meter, { remaining: 20, resetAtMs: nowMs + 49 * SECOND_MS }, atMost(0), nowMs + SECOND_MS);
    expect(meter.total).toBe(80);
  });
});

/** What may happen to a meter, `atMs` after it began. */
const happening = fc.record({
  afterMs: fc.nat({ max: 2500 }),
  kind: fc.constantFrom('spend', 'spend', 'spend', 'learn', 'late', 'block', 'surprised', 'untold', 'foresee'),
  size: fc.nat({ max: 40 }),
});

type Happening = { readonly afterMs: number; readonly kind: string; readonly size: number };

function happen(meter: Meter, { kind, size }: Happening, nowMs: number): void {
  const aheadMs = (size + 1) * 200;
  if (kind === 'spend') spend(meter, nowMs, Math.min(size, Math.max(0, roomAt(meter, nowMs))));
  if (kind === 'learn') {
    learn(meter, { remaining: 40 - size, resetAtMs: nowMs + WINDOW_MS - aheadMs }, { most: size, likely: 1 }, nowMs);
  }
  if (kind === 'late') learn(meter, { remaining: 40 - size, asOfMs: nowMs - 500 }, atMost(size), nowMs);
  if (kind === 'block') block(meter, nowMs + aheadMs);
  if (kind === 'surprised') surprised(meter, nowMs);
  if (kind === 'foresee') foresee(meter, nowMs);
  if (kind === 'untold') surprisedUntold(meter, { unsure: 1, untilMs: nowMs + aheadMs, isGuessed: size > 30 }, nowMs);
}

/** What callers see of it, by the time that is left. */
function seen(meter: Meter, nowMs: number): readonly number[] {
  const room = roomAt(meter, nowMs);
  return [room, earliestAtMs(meter, nowMs) - nowMs, earliestAtMs(meter, nowMs, 5) - nowMs, limitOf(meter)];
}

function again(meter: Meter, nowMs: number): Meter {
  const restored = newMeter(100, WINDOW_MS);
  restore(restored, JSON.parse(JSON.stringify(stored(meter, nowMs))));
  return restored;
}

describe('whatever is known of a window', () => {
  const rows = [
    ['in memory', (meter: Meter) => meter],
    ['over a restart', again],
  ] as const;

  it.each(rows)('is the same afterwards, only earlier: %s', (_where, carriedOn) => {
    // By whole minutes: guesses of windows are no longer than that, and slices begin with them.
    expect(MINUTE_MS % ((WINDOW_MS / NEIGHBOUR_SLICES) * METER_SLICES)).toBe(0);
    const happenings = fc.array(happening, { maxLength: 25 });
    const minutes = fc.integer({ min: 1, max: 100_000 });
    fc.assert(
      fc.property(happenings, happenings, minutes, (before, after, back) => {
        const [one, other] = [newMeter(100, WINDOW_MS), newMeter(100, WINDOW_MS)];
        let nowMs = START_MS;
        for (const what of before) {
          nowMs += what.afterMs;
          for (const meter of [one, other]) happen(meter, what, nowMs);
        }
        for (const meter of [one, other]) roomAt(meter, nowMs);
        const [steady, put] = [carriedOn(one, nowMs), carriedOn(other, nowMs)];
        const backMs = back * MINUTE_MS;
        for (const what of [{ afterMs: 0, kind: 'look', size: 0 }, ...after]) {
          nowMs += what.afterMs;
          happen(steady, what, nowMs);
          happen(put, what, nowMs - backMs);
          const [expected, found] = [seen(steady, nowMs), seen(put, nowMs - backMs)];
          for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 3);
        }
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});

describe('a quota, after the clock was put back by hours', () => {
  const nowMs = START_MS - 5 * HOUR_MS;
  const pausing = { pause: { firstMs: MINUTE_MS, longestMs: HOUR_MS } };

  it('lets people go on past a limit that is soft as soon as before', () => {
    const quota = newQuota(10, WINDOW_MS, { isSoft: true });
    roomFor(quota, 'interactive', START_MS);
    block(quota.meter, START_MS + 30 * SECOND_MS);
    expect(roomFor(quota, 'interactive', nowMs)).toBe(0);
    expect(earliestFor(quota, 'interactive', nowMs)).toBe(nowMs + 30 * SECOND_MS);
    expect(roomFor(quota, 'interactive', nowMs + 30 * SECOND_MS)).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes a refusal after a pause for a new one', () => {
    const quota = newQuota(10, WINDOW_MS, pausing);
    expect(refuse(quota, START_MS)).toBe(true);
    expect(refuse(quota, nowMs)).toBe(false);
    expect(refuse(quota, nowMs + MINUTE_MS)).toBe(true);
    expect(earliestFor(quota, 'interactive', nowMs + MINUTE_MS)).toBe(nowMs + 3 * MINUTE_MS);
  });

  it('is asked for again, but not in a pause', () => {
    const quota = newQuota(10, WINDOW_MS, pausing);
    quota.probedAtMs = START_MS;
    expect(nextProbeAtMs(quota, 5 * MINUTE_MS, START_MS)).toBe(START_MS + 5 * MINUTE_MS);
    expect(nextProbeAtMs(quota, 5 * MINUTE_MS, nowMs)).toBe(nowMs);
    refuse(quota, nowMs);
    expect(nextProbeAtMs(quota, 5 * MINUTE_MS, nowMs)).toBe(nowMs + MINUTE_MS);
  });

  it('and a restart has as much left to wait as when its row was written', () => {
    const quota = newQuota(10, HOUR_MS, {});
    roomFor(quota, 'interactive', START_MS);
    block(quota.meter, START_MS + 30 * SECOND_MS);
    const next = newQuota(10, HOUR_MS, {});
    restoreQuota(next, JSON.parse(JSON.stringify(storedQuota(quota, START_MS + 10 * SECOND_MS))));
    expect(earliestFor(next, 'interactive', nowMs)).toBe(nowMs + 20 * SECOND_MS);
  });

  it('and a row of an earlier version, which does not say when it was written, is believed', () => {
    const next = newQuota(10, HOUR_MS, {});
    restoreQuota(next, { limit: null, blockedUntilMs: START_MS + 30 * SECOND_MS, counts: [] });
    expect(earliestFor(next, 'interactive', START_MS)).toBe(START_MS + 30 * SECOND_MS);
  });
});

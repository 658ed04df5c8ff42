import { describe, expect, it } from 'vitest';
import { METER_SLICES } from '../../../src/core/limits.ts';
import { block, earliestAtMs, roomAt, spend } from '../../../src/limits/meter.ts';
import { restore, stored } from '../../../src/limits/meterRow.ts';
import { learn } from '../../../src/limits/meterTold.ts';
import { type Meter, newMeter } from '../../../src/limits/slices.ts';
import { dice } from '../../support/dice.ts';
import { atMost, none } from '../../support/uncounted.ts';

const WINDOW_MS = 1000;
const SLICE_MS = WINDOW_MS / METER_SLICES;

/** Makes a call as soon as one fits and answers when that was. */
function callAt(meter: Meter, nowMs: number): number {
  const atMs = earliestAtMs(meter, nowMs);
  spend(meter, atMs);
  return atMs;
}

describe('a meter', () => {
  it.each([1, 5, 50])('never lets more than %i through in any window, and delays by one slice at most', (limit) => {
    const roll = dice(limit);
    const meter = newMeter(limit, WINDOW_MS);
    const sentAtMs: number[] = [];
    for (let nowMs = 0, call = 0; call < 3000; call++, nowMs += roll(40)) {
      const atMs = callAt(meter, Math.max(nowMs, sentAtMs.at(-1) ?? 0));
      const exactMs = Math.max(nowMs, sentAtMs.at(-1) ?? 0, (sentAtMs.at(-limit) ?? -WINDOW_MS) + WINDOW_MS);
      expect(atMs).toBeGreaterThanOrEqual(exactMs);
      expect(atMs).toBeLessThanOrEqual(exactMs + SLICE_MS);
      sentAtMs.push(atMs);
    }
  });

  it('is empty again after a window, however long nobody asked', () => {
    const meter = newMeter(3, WINDOW_MS);
    spend(meter, 500, 3);
    expect([roomAt(meter, 500), roomAt(meter, 1499), roomAt(meter, 1520), roomAt(meter, 1e9)]).toEqual([0, 0, 3, 3]);
  });

  it('leaves what is reserved to others', () => {
    const meter = newMeter(10, WINDOW_MS);
    spend(meter, 0, 8);
    expect([roomAt(meter, 0), roomAt(meter, 0, 2)]).toEqual([2, 0]);
    expect([earliestAtMs(meter, 0), earliestAtMs(meter, 0, 2)]).toEqual([0, WINDOW_MS + SLICE_MS]);
  });

  it('says when to look again where not even one call fits', () => {
    const meter = newMeter(1, WINDOW_MS);
    expect(earliestAtMs(meter, 40, 1)).toBe(40 + WINDOW_MS);
  });

  it('holds everything back while the provider wants nothing', () => {
    const meter = newMeter(10, WINDOW_MS);
    block(meter, 5000);
    block(meter, 3000);
    expect([earliestAtMs(meter, 100), roomAt(meter, 4999), roomAt(meter, 5000)]).toEqual([5000, 0, 10]);
  });

  it.each([
    ['by less than a window', -300],
    ['by hours', -7_200_000],
  ])('never overspends when the clock is put back %s, and is free again a window later', (_, jumpMs) => {
    const meter = newMeter(4, WINDOW_MS);
    const startMs = 10_000_000;
    spend(meter, startMs, 4);
    expect(roomAt(meter, startMs + jumpMs)).toBe(0);
    expect(roomAt(meter, startMs + jumpMs + WINDOW_MS + 300 + SLICE_MS)).toBe(4);
  });
});

describe('what the provider says', () => {
  it('counts what others spend', () => {
    const meter = newMeter(100, WINDOW_MS);
    spend(meter, 0, 10);
    learn(meter, { remaining: 30 }, none, 10);
    expect(roomAt(meter, 10)).toBe(30);
    expect(roomAt(meter, WINDOW_MS + 2 * SLICE_MS)).toBe(100);
  });

  it('gives back what its window forgot, except for calls that it cannot have counted yet', () => {
    const meter = newMeter(100, WINDOW_MS);
    spend(meter, 0, 80);
    learn(meter, { remaining: 99 }, atMost(5), 10);
    expect(roomAt(meter, 10)).toBe(94);
  });

  it('counts what others spent only until the window of the provider ends, where that is told', () => {
    const meter = newMeter(100, WINDOW_MS);
    learn(meter, { remaining: 0, resetAtMs: 10_000 + 200 }, none, 10_000);
    expect(roomAt(meter, 10_100)).toBe(0);
    expect(earliestAtMs(meter, 10_100)).toBeLessThanOrEqual(10_200 + SLICE_MS);
    expect(roomAt(meter, 10_200 + SLICE_MS)).toBe(100);
  });

  it.each([
    ['is over already', 5000],
    ['is far away', 1e9],
  ])('keeps within the window when its end %s', (_what, resetAtMs) => {
    const meter = newMeter(100, WINDOW_MS);
    learn(meter, { remaining: 40, resetAtMs }, none, 10_000);
    expect(roomAt(meter, 10_000)).toBe(40);
    expect(roomAt(meter, 10_000 + WINDOW_MS + 2 * SLICE_MS)).toBe(100);
  });

  it('in fractions is rounded down, and never to a limit that allows nothing', () => {
    const meter = newMeter(100, WINDOW_MS);
    learn(meter, { limit: 0.5, remaining: 0.5 }, none, 0);
    expect([meter.limit, roomAt(meter, 0)]).toEqual([1, 0]);
    expect(roomAt(meter, WINDOW_MS + SLICE_MS)).toBe(1);
  });

  it('changes the limit, which is remembered as learned', () => {
    const meter = newMeter(100, WINDOW_MS);
    learn(meter, { limit: 190 }, none, 0);
    expect([meter.limit, meter.isLearned, roomAt(meter, 0)]).toEqual([190, true, 190]);
  });
});

describe('a meter as a row', () => {
  it('goes on where it was, with what was learned and without what has left the window', () => {
    const meter = newMeter(10, WINDOW_MS);
    spend(meter, 100, 3);
    spend(meter, 700, 2);
    learn(meter, { limit: 20 }, none, 700);
    block(meter, 900);
    const again = newMeter(10, WINDOW_MS);
    restore(again, JSON.parse(JSON.stringify(stored(meter, 800))));
    expect([again.limit, again.isLearned, again.blockedUntilMs]).toEqual([20, true, 900]);
    expect([roomAt(again, 950), roomAt(again, 1200), roomAt(again, 5000)]).toEqual([15, 18, 20]);
  });

  it('is nothing for one that was never used', () => {
    const again = newMeter(10, WINDOW_MS);
    restore(again, stored(newMeter(10, WINDOW_MS), 0));
    expect([again.limit, again.isLearned, roomAt(again, 0)]).toEqual([10, false, 10]);
  });
});

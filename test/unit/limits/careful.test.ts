import { describe, expect, it } from 'vitest';
import { CAREFUL_MS_MIN, CAREFUL_PORTIONS, CEILING_HOLD_WINDOWS } from '../../../src/core/limits.ts';
import { SECOND_MS } from '../../../src/core/time.ts';
import { earliestAtMs, limitOf, roomAt, spend } from '../../../src/limits/meter.ts';
import { restore, stored } from '../../../src/limits/meterRow.ts';
import { learn, surprised, surprisedUntold } from '../../../src/limits/meterTold.ts';
import { newMeter } from '../../../src/limits/slices.ts';
import { none } from '../../support/uncounted.ts';

const WINDOW_MS = 10 * SECOND_MS;
const SLICE_MS = WINDOW_MS / 50;

/** A window of which 200 calls were accepted before one was refused. */
function refusedMeter() {
  const meter = newMeter(1000, WINDOW_MS);
  spend(meter, 0, 200);
  surprisedUntold(meter, { unsure: 0, untilMs: null, isGuessed: false }, SECOND_MS);
  return meter;
}

describe('after a refusal that nothing foretold', () => {
  it('a window that tells no numbers is what was accepted of it, a little less, and stays so for a while', () => {
    const meter = refusedMeter();
    expect([limitOf(meter), roomAt(meter, SECOND_MS)]).toEqual([194, 0]);
    roomAt(meter, SECOND_MS + CEILING_HOLD_WINDOWS * WINDOW_MS);
    expect(limitOf(meter)).toBe(194);
  });

  it('more is tried then, ever faster, up to the limit', () => {
    const meter = refusedMeter();
    const after = (windows: number) => {
      roomAt(meter, SECOND_MS + (CEILING_HOLD_WINDOWS + windows) * WINDOW_MS);
      return limitOf(meter);
    };
    const grown = [1, 2, 4, 8, 12].map(after);
    expect(grown).toEqual(grown.toSorted((a, b) => a - b));
    expect(grown[0]).toBeLessThan(198);
    expect(after(20)).toBe(1000);
  });

  it('no more than half is lost at once', () => {
    const meter = refusedMeter();
    surprisedUntold(meter, { unsure: 197, untilMs: null, isGuessed: false }, 2 * SECOND_MS);
    expect(limitOf(meter)).toBe(97);
  });

  it('calls go in portions, and the next one is said to be in the next slice', () => {
    const meter = newMeter(120, WINDOW_MS);
    surprised(meter, 0);
    const portion = roomAt(meter, 0);
    expect(portion).toBe(Math.ceil((120 - 1.2) / CAREFUL_PORTIONS));
    spend(meter, 0, portion);
    expect([roomAt(meter, 0), earliestAtMs(meter, 0), roomAt(meter, SLICE_MS)]).toEqual([0, SLICE_MS, portion]);
  });

  it('those who come unseen are left room, as many as came in a slice', () => {
    const meter = newMeter(120, WINDOW_MS);
    surprised(meter, 0);
    let nowMs = 0;
    for (let slice = 1; slice <= 50; slice++) {
      nowMs = slice * SLICE_MS;
      const { total } = meter;
      learn(meter, { remaining: 120 - total - 1 }, none, nowMs);
    }
    // 50 of others in a window are one in a slice.
    nowMs += SLICE_MS;
    learn(meter, { remaining: 5 }, none, nowMs);
    expect(roomAt(meter, nowMs + SLICE_MS)).toBeLessThan(5);
  });

  it('is as before once nothing was refused for long', () => {
    const meter = refusedMeter();
    expect(roomAt(meter, SECOND_MS + CAREFUL_MS_MIN + WINDOW_MS)).toBe(1000);
  });

  it('outlives the process', () => {
    const meter = refusedMeter();
    const again = newMeter(1000, WINDOW_MS);
    restore(again, JSON.parse(JSON.stringify(stored(meter, 2 * SECOND_MS))));
    expect([limitOf(again), roomAt(again, 2 * SECOND_MS)]).toEqual([194, 0]);
  });
});

describe('the end of a window', () => {
  const spentAfter = (resetsMs: readonly number[]) => {
    const meter = newMeter(100, WINDOW_MS);
    let nowMs = 0;
    for (const resetMs of resetsMs) {
      nowMs = resetMs - SECOND_MS;
      learn(meter, { remaining: 40, resetAtMs: resetMs }, none, nowMs);
    }
    return 100 - roomAt(meter, nowMs + SECOND_MS + 2 * SLICE_MS);
  };

  it('is believed where windows end a window apart', () => {
    expect(spentAfter([WINDOW_MS, 2 * WINDOW_MS])).toBe(0);
  });

  it('is none where it moves on: calls leave one by one', () => {
    expect(spentAfter([WINDOW_MS, WINDOW_MS + 4 * SECOND_MS])).toBe(60);
  });
});

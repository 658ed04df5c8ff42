import { describe, expect, it } from 'vitest';
import { NEIGHBOURS_SHARE_MAX, SCOUTS } from '../../../src/core/limits.ts';
import { DAY_MS, SECOND_MS } from '../../../src/core/time.ts';
import { block, earliestAtMs, roomAt, spend } from '../../../src/limits/meter.ts';
import { learn, surprised } from '../../../src/limits/meterTold.ts';
import { leftTo, newNeighbours, toldOf } from '../../../src/limits/neighbours.ts';
import { learnFor, newQuota, spendFor } from '../../../src/limits/quota.ts';
import { type Meter, newMeter } from '../../../src/limits/slices.ts';
import { none } from '../../support/uncounted.ts';

const WINDOW_MS = 10 * SECOND_MS;
const LIMIT = 1000;

/** A window that is spent with care, of a provider that has told of its end. */
function carefulMeter(): Meter {
  const meter = newMeter(LIMIT, WINDOW_MS);
  surprised(meter, 0);
  return meter;
}

/** A number at which others have taken so many since the window began at 0; nothing is under way. */
function told(meter: Meter, spent: number, nowMs: number, endMs = WINDOW_MS) {
  learn(meter, { limit: LIMIT, remaining: LIMIT - spent, resetAtMs: endMs }, none, nowMs);
}

describe('others who take of a limit', () => {
  it('are left nothing where no number tells of them', () => {
    expect(leftTo(newNeighbours(WINDOW_MS, 0), WINDOW_MS, LIMIT, 0)).toBe(0);
  });

  it('are left at most a half of it, however much they take', () => {
    const neighbours = newNeighbours(WINDOW_MS, 0, 10);
    toldOf(neighbours, { spent: 0, atMs: 0, isLate: false, isSliding: false, isNew: true });
    expect(leftTo(neighbours, WINDOW_MS, LIMIT, 0)).toBe(LIMIT * NEIGHBOURS_SHARE_MAX);
  });

  it('are left what they usually take until the end of the window, and a little for chance', () => {
    const neighbours = newNeighbours(WINDOW_MS, 0, 0.03);
    toldOf(neighbours, { spent: 0, atMs: 0, isLate: false, isSliding: false, isNew: true });
    const left = [0, 5000, 9000].map((atMs) => {
      toldOf(neighbours, { spent: 0.03 * atMs, atMs, isLate: false, isSliding: false, isNew: false });
      return leftTo(neighbours, WINDOW_MS, LIMIT, atMs);
    });
    expect(left.map(Math.round)).toEqual([300 + 70, 150 + 50, 30 + 23]);
  });

  it('are told from our own calls by the number of answers', () => {
    const meter = carefulMeter();
    told(meter, 0, 0);
    for (let second = 1; second <= 9; second++) {
      spend(meter, second * SECOND_MS, 50);
      told(meter, second * (50 + 30), second * SECOND_MS);
    }
    const perWindow = (meter.careful?.neighbours.perMs ?? 0) * WINDOW_MS;
    expect(perWindow).toBeCloseTo(300, 0);
  });
});

describe('care before anything is refused', () => {
  const policies = [{}, { isSoft: true, pause: { firstMs: 1000, longestMs: 1000 } }];
  const carefulAfter = (remaining: number, ours: number, windowMs = WINDOW_MS, policy = {}) => {
    const quota = newQuota(LIMIT, windowMs, policy);
    spendFor(quota, 'interactive', 0, ours);
    learnFor(quota, { limit: LIMIT, remaining }, none, 0);
    return quota.meter.careful !== null;
  };

  it('is taken where others are seen and little is left', () => {
    expect([carefulAfter(50, 900), carefulAfter(50, 950), carefulAfter(500, 400)]).toEqual([true, false, false]);
  });

  it('is not taken with the window of a day, and not where a refusal stops nobody', () => {
    expect(carefulAfter(50, 900, DAY_MS)).toBe(false);
    expect(policies.map((policy) => carefulAfter(50, 900, WINDOW_MS, policy))).toEqual([true, false]);
  });
});

describe('a window that begins anew', () => {
  it('is known to by one call that goes at its end, and by no more until it is answered', () => {
    const meter = carefulMeter();
    told(meter, 0, 9000);
    spend(meter, 18_000, LIMIT);
    told(meter, LIMIT, 19_000, 2 * WINDOW_MS);
    expect([roomAt(meter, 19_900), earliestAtMs(meter, 19_900)]).toEqual([0, 2 * WINDOW_MS]);
    expect(roomAt(meter, 2 * WINDOW_MS)).toBe(1);
    spend(meter, 2 * WINDOW_MS);
    expect(roomAt(meter, 2 * WINDOW_MS)).toBe(0);
    told(meter, 1, 2 * WINDOW_MS + 100, 3 * WINDOW_MS);
    expect(roomAt(meter, 2 * WINDOW_MS + 100)).toBeGreaterThan(1);
  });

  it('is waited for at the first end that is told: calls of a window that slides would not leave with it', () => {
    const meter = carefulMeter();
    spend(meter, 8000, LIMIT);
    told(meter, LIMIT, 9000);
    expect(roomAt(meter, WINDOW_MS)).toBe(0);
  });

  it('is not believed to be one because two ends are a window apart, where calls were seen to leave one by one', () => {
    const meter = carefulMeter();
    told(meter, 0, 1000);
    // Calls of the first second leave one after the other; the next that leave came after them.
    told(meter, 0, WINDOW_MS + 500, WINDOW_MS + 1500);
    spend(meter, WINDOW_MS + 1500, LIMIT);
    told(meter, LIMIT, WINDOW_MS + 2000, 2 * WINDOW_MS + 400);
    expect(roomAt(meter, 2 * WINDOW_MS + 400)).toBe(0);
  });

  it('sends nobody to see while the provider wants nothing', () => {
    const meter = carefulMeter();
    told(meter, LIMIT, 9000);
    block(meter, WINDOW_MS + 500);
    expect([roomAt(meter, WINDOW_MS), earliestAtMs(meter, WINDOW_MS)]).toEqual([0, WINDOW_MS + 500]);
  });

  it('believes no number of the window before that comes late', () => {
    const meter = carefulMeter();
    told(meter, LIMIT, 9000);
    told(meter, 10, WINDOW_MS + 100, 2 * WINDOW_MS);
    const room = roomAt(meter, WINDOW_MS + 100);
    told(meter, 990, WINDOW_MS + 120, WINDOW_MS);
    expect(roomAt(meter, WINDOW_MS + 120)).toBe(room);
  });

  it('counts the highest number of it: answers that overtake each other forgive nothing', () => {
    const meter = carefulMeter();
    told(meter, 700, 1000);
    told(meter, 640, 1010);
    expect(LIMIT - meter.total).toBe(300);
  });
});

describe('numbers that grow old', () => {
  it('are renewed by one call a while later, where it surely fits', () => {
    const meter = carefulMeter();
    told(meter, 0, 0);
    told(meter, 850, 6000);
    expect(roomAt(meter, 6000)).toBe(0);
    expect(earliestAtMs(meter, 6000)).toBe(6000 + WINDOW_MS / SCOUTS);
    expect(roomAt(meter, 6000 + WINDOW_MS / SCOUTS)).toBe(1);
  });

  it('are not where others may have taken the rest', () => {
    const meter = carefulMeter();
    told(meter, 0, 0);
    told(meter, 985, 6000);
    expect(earliestAtMs(meter, 6000)).toBe(WINDOW_MS);
    expect(roomAt(meter, 6000 + WINDOW_MS / SCOUTS)).toBe(0);
  });
});

describe('a window that slides', () => {
  /** Others take 300 of it, all the time. */
  function slidingMeter(): Meter {
    const meter = carefulMeter();
    for (let atMs = 0; atMs <= 6000; atMs += 2000) told(meter, 300, atMs, atMs + 3000);
    return meter;
  }

  it('is full of others as long as nothing else is told: as many come as leave', () => {
    const meter = slidingMeter();
    spend(meter, 6000, 600);
    const roomAfter = (atMs: number) => LIMIT - 300 - roomAt(meter, atMs);
    expect(roomAt(meter, 6000)).toBe(0);
    // Ours have left; theirs have not. A portion may go at once.
    expect(roomAt(meter, 6000 + WINDOW_MS + 400)).toBe(Math.ceil(LIMIT / 250));
    expect(roomAfter(6000 + WINDOW_MS + 400)).toBeGreaterThan(0);
  });

  it('asks once in a window where others have all of it', () => {
    const meter = slidingMeter();
    learn(meter, { remaining: 0, resetAtMs: 9000 }, none, 8000);
    expect([roomAt(meter, 9000), earliestAtMs(meter, 9000)]).toEqual([0, 8000 + WINDOW_MS]);
    expect(roomAt(meter, 8000 + WINDOW_MS)).toBe(1);
    spend(meter, 8000 + WINDOW_MS);
    expect(roomAt(meter, 8000 + WINDOW_MS)).toBe(0);
  });
});

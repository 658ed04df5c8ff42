import { describe, expect, it } from 'vitest';
import { NEIGHBOURS_SHARE_MAX, SCOUTS } from '../../../src/core/limits.ts';
import { SECOND_MS } from '../../../src/core/time.ts';
import {
  block,
  earliestAtMs,
  learn,
  type Meter,
  newMeter,
  roomAt,
  spend,
  surprised,
} from '../../../src/limits/meter.ts';
import { leftTo, newNeighbours, toldOf } from '../../../src/limits/neighbours.ts';
import { none } from '../../support/uncounted.ts';

const WINDOW_MS = 10 * SECOND_MS;
const LIMIT = 1000;

/** A window that is spent with care, of a provider that has told of its end. */
function carefulMeter(): Meter {
  const meter = newMeter(LIMIT, WINDOW_MS);
  surprised(meter, null, 0);
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
    // The window before, of which nothing is known, counts as much as this one.
    expect(perWindow).toBeCloseTo(270 / 1.9, 0);
  });
});

describe('a window that begins anew', () => {
  it('is known to by one call that goes at its end, and by no more until it is answered', () => {
    const meter = carefulMeter();
    spend(meter, 8000, LIMIT);
    told(meter, LIMIT, 9000);
    expect([roomAt(meter, 9900), earliestAtMs(meter, 9900)]).toEqual([0, WINDOW_MS]);
    expect(roomAt(meter, WINDOW_MS)).toBe(1);
    spend(meter, WINDOW_MS);
    expect(roomAt(meter, WINDOW_MS)).toBe(0);
    told(meter, 1, WINDOW_MS + 100, 2 * WINDOW_MS);
    expect(roomAt(meter, WINDOW_MS + 100)).toBeGreaterThan(1);
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
    expect(roomAt(meter, 6000 + WINDOW_MS / SCOUTS)).toBe(0);
    expect(earliestAtMs(meter, 6000)).toBe(WINDOW_MS);
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

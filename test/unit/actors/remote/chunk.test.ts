import { describe, expect, it } from 'vitest';
import { type Chunk, newChunk, refill, reportOf, trim } from '../../../../actors/remote/chunk.ts';
import { HELD_CALLS_MAX, HELD_CALLS_MIN } from '../../../../src/core/limits.ts';

/** What the next report says of it. */
function told(chunk: Chunk) {
  const [, used, ended, returned, seats, isOver, wantCalls, wantSeats] = reportOf([chunk]);
  return { used, ended, returned, seats, isOver, wantCalls, wantSeats };
}

const NOTHING = { used: 0, ended: 0, returned: 0, seats: 0, isOver: 0, wantCalls: 0, wantSeats: 0 };

describe('a chunk that is trimmed', () => {
  it('keeps twice the calls that it wants, and twice the seats that were taken at once', () => {
    const chunk = { ...newChunk({ id: 1, calls: 200, seats: 50 }, 64), recent: 16, busy: 3, busiest: 5 };
    expect(trim(chunk)).toBe(true);
    expect(told(chunk)).toEqual({ ...NOTHING, returned: 200 - 2 * 64, seats: 53 - 2 * 5 });
    expect(chunk).toMatchObject({ calls: 128, seats: 7, want: 64, low: 64, recent: 0, busiest: 3 });
    expect(told(chunk)).toEqual(NOTHING);
  });

  it('wants half as much where less than a quarter of it was used, and never less than at first', () => {
    const chunk = newChunk({ id: 1, calls: 8, seats: Number.POSITIVE_INFINITY }, 16);
    for (const [recent, want] of [
      [4, 16],
      [3, HELD_CALLS_MIN],
      [0, HELD_CALLS_MIN],
    ] as const) {
      chunk.recent = recent;
      expect(trim(chunk)).toBe(recent > 0);
      expect(chunk.want).toBe(want);
    }
    expect(told(chunk)).toEqual(NOTHING);
  });

  it('gives nothing back of what is not counted', () => {
    const chunk = newChunk({ id: 1, calls: Number.POSITIVE_INFINITY, seats: Number.POSITIVE_INFINITY }, 8);
    expect(trim(chunk)).toBe(false);
    expect(told(chunk)).toEqual(NOTHING);
  });

  it('is used as long as a call is under way', () => {
    expect(trim({ ...newChunk({ id: 1, calls: 1, seats: 1 }, 8), busy: 1, busiest: 1 })).toBe(true);
  });

  it('while it waits for more, still takes half of that for low', () => {
    const chunk = { ...newChunk({ id: 1, calls: 32, seats: Number.POSITIVE_INFINITY }, 32), calls: 16, recent: 16 };
    expect(told(chunk)).toMatchObject({ wantCalls: 48 });
    trim(chunk);
    refill(chunk, 48, 0);
    expect(chunk).toMatchObject({ calls: 64, low: 32, isAsked: false });
  });
});

describe('a chunk that is short of seats', () => {
  const short = { calls: 20, seats: 0, busy: 12, busiest: 12, isShort: true };

  it('asks for as many as are taken, and no calls', () => {
    const chunk = { ...newChunk({ id: 1, calls: 32, seats: 12 }, 32), ...short };
    expect(told(chunk)).toEqual({ ...NOTHING, wantSeats: 12 });
    expect(told({ ...chunk, isAsked: false, busy: 1 })).toMatchObject({ wantSeats: HELD_CALLS_MIN });
  });

  it('asks for calls as soon as they are low, whatever it was answered', () => {
    const chunk = { ...newChunk({ id: 1, calls: 32, seats: 12 }, 32), ...short };
    told(chunk);
    chunk.calls = 15;
    refill(chunk, 0, 3);
    expect(chunk).toMatchObject({ seats: 3, low: 16, isShort: false });
    expect(told(chunk)).toMatchObject({ wantCalls: 64 - 15, wantSeats: 0 });
  });
});

it('a chunk that never lasts asks for up to what may be in hand', () => {
  const chunk = newChunk({ id: 1, calls: 8, seats: Number.POSITIVE_INFINITY }, 8);
  for (let round = 0; round < 10; round++) {
    chunk.calls = Math.floor(chunk.calls / 2);
    const { wantCalls = 0 } = told(chunk);
    refill(chunk, wantCalls, 0);
    expect(chunk.calls).toBe(Math.min(HELD_CALLS_MAX, 16 * 2 ** round));
  }
});

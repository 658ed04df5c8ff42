import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { roomAt, spend } from '../../../src/limits/meter.ts';
import { callsLeft, newShares, refuse, type Shares, take } from '../../../src/limits/shares.ts';
import { newMeter } from '../../../src/limits/slices.ts';

const NOW_MS = 1_700_000_000_000;
const LIMIT = 1000;

const left = (shares: Shares, owner: string, room: number, nowMs = NOW_MS) =>
  callsLeft(shares, owner, { limit: LIMIT, room }, nowMs);
const took = (shares: Shares, owner: string, calls: number, nowMs = NOW_MS) => take(shares, owner, calls, LIMIT, nowMs);

describe('an owner gets nothing more', () => {
  it('of the last twentieth, once it has had as much', () => {
    const shares = newShares(MINUTE_MS);
    took(shares, 'a', 950);
    expect(left(shares, 'a', 50)).toBe(0);
    expect(left(shares, 'b', 50)).toBe(50);
  });

  it('once it has an equal part, where several wanted more than there is', () => {
    const shares = newShares(MINUTE_MS);
    took(shares, 'a', 600);
    took(shares, 'b', 300);
    refuse(shares, 'a', LIMIT, NOW_MS);
    expect(left(shares, 'a', 400)).toBe(350);
    refuse(shares, 'b', LIMIT, NOW_MS);
    // 1,000 less a twentieth, halved.
    expect([left(shares, 'a', 400), left(shares, 'b', 400)]).toEqual([0, 175]);
  });

  it('in the next window either, before the others have come back', () => {
    const shares = newShares(MINUTE_MS);
    for (const owner of ['a', 'b']) {
      took(shares, owner, 400);
      refuse(shares, owner, LIMIT, NOW_MS);
    }
    expect(left(shares, 'a', 1000, NOW_MS + MINUTE_MS)).toBe(475);
    expect(left(shares, 'a', 1000, NOW_MS + 2 * MINUTE_MS)).toBe(950);
  });

  it('because the clock was put back', () => {
    const shares = newShares(MINUTE_MS);
    for (const owner of ['a', 'b']) {
      took(shares, owner, 400);
      refuse(shares, owner, LIMIT, NOW_MS);
    }
    expect(left(shares, 'a', 1000, NOW_MS - MINUTE_MS)).toBe(475);
  });
});

describe('an owner gets', () => {
  it('what those leave who got all they wanted', () => {
    const shares = newShares(MINUTE_MS);
    took(shares, 'small', 150);
    for (const owner of ['a', 'b']) refuse(shares, owner, LIMIT, NOW_MS);
    expect(left(shares, 'a', 850)).toBe(400);
    expect(left(shares, 'small', 850)).toBe(250);
  });

  it('again what it gave back, and no more than that', () => {
    const shares = newShares(MINUTE_MS);
    took(shares, 'a', 100);
    took(shares, 'a', -60);
    took(shares, 'a', -60);
    for (const owner of ['a', 'b']) refuse(shares, owner, LIMIT, NOW_MS);
    expect(left(shares, 'a', 1000)).toBe(475);
  });
});

it('counts stay those of all owners together, whatever they do', () => {
  const step = fc.record({
    owner: fc.constantFrom('a', 'b', 'c'),
    calls: fc.integer({ min: -50, max: 50 }),
    isRefused: fc.boolean(),
    afterMs: fc.integer({ min: -SECOND_MS, max: MINUTE_MS / 2 }),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const shares = newShares(MINUTE_MS);
      let nowMs = NOW_MS;
      for (const { owner, calls, isRefused, afterMs } of steps) {
        nowMs += afterMs;
        took(shares, owner, calls, nowMs);
        if (isRefused) refuse(shares, owner, LIMIT, nowMs);
        const each = [...shares.taken];
        const sum = (some: typeof each) => some.reduce((all, [, count]) => all + count, 0);
        expect(shares.takenInAll).toBe(sum(each));
        expect(shares.takenByRefused).toBe(sum(each.filter(([name]) => shares.refused.has(name))));
        expect(left(shares, owner, 100, nowMs)).toBeLessThanOrEqual(100);
      }
    }),
  );
});

describe('a window that is asked for far too much', () => {
  it.each([1, 2, 3, 10, 40])('is used to nineteen twentieths, by %i owners in equal parts', (count) => {
    const shares = newShares(MINUTE_MS);
    const meter = newMeter(LIMIT, MINUTE_MS);
    const got: number[] = Array.from({ length: count }, () => 0);
    const tries = (owner: number, nowMs: number) => {
      for (let wanted = 0; wanted < 400; wanted++) {
        const room = roomAt(meter, nowMs);
        if (room < 1 || left(shares, `${owner}`, room, nowMs) < 1) return refuse(shares, `${owner}`, LIMIT, nowMs);
        took(shares, `${owner}`, 1, nowMs);
        spend(meter, nowMs);
        // Once all have been there for two windows.
        if (nowMs >= NOW_MS + 4 * MINUTE_MS) got[owner] = (got[owner] ?? 0) + 1;
      }
    };
    for (let second = 0; second < 600; second++) {
      // The first is alone for a minute, and asks before the others at any time.
      const present = second < 60 ? 1 : count;
      for (let owner = 0; owner < present; owner++) tries(owner, NOW_MS + second * SECOND_MS);
    }
    expect(got.reduce((sum, calls) => sum + calls, 0)).toBeGreaterThanOrEqual(0.95 * LIMIT * 6);
    expect(Math.max(...got) / Math.min(...got)).toBeLessThan(1.01);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METER_SLICES } from '../../../src/core/limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, type Ms, SECOND_MS } from '../../../src/core/time.ts';
import type { CallPriority } from '../../../src/limits/fairQueue.ts';
import { earliestAtMs, holdCalls, roomAt, spend } from '../../../src/limits/meter.ts';
import { learn, surprised } from '../../../src/limits/meterTold.ts';
import { reservedOf } from '../../../src/limits/quota.ts';
import { callsOpen, hadBy, holdPart, newShares, opensAtMs, spendPart, want } from '../../../src/limits/shares.ts';
import { newMeter } from '../../../src/limits/slices.ts';

const NOW_MS = 1_700_000_000_000;
const LIMIT = 1000;

/** A window of an app, and its customers. */
function start(limit = LIMIT, windowMs: Ms = MINUTE_MS) {
  const meter = newMeter(limit, windowMs);
  const shares = newShares();
  const askerOf = (owner: string, priority: CallPriority) => ({
    owner,
    priority,
    reserved: reservedOf(limit, priority),
  });
  const open = (owner: string, nowMs = NOW_MS, priority: CallPriority = 'interactive') =>
    callsOpen(shares, meter, askerOf(owner, priority), nowMs);
  const took = (owner: string, calls: number, nowMs = NOW_MS, priority: CallPriority = 'interactive') => {
    spend(meter, nowMs, calls);
    spendPart(shares, meter, { owner, priority }, calls);
  };
  /** As `actors/sharing.ts` does, with what the window itself says. */
  const refused = (owner: string, nowMs = NOW_MS, priority: CallPriority = 'interactive'): Ms => {
    const asker = askerOf(owner, priority);
    const isSpent = roomAt(meter, nowMs, asker.reserved) < 1;
    const atMs = isSpent ? earliestAtMs(meter, nowMs, asker.reserved) : opensAtMs(shares, meter, asker, nowMs);
    want(shares, meter, asker, atMs, nowMs);
    return atMs;
  };
  const tryOne = (owner: string, nowMs: Ms, priority: CallPriority = 'interactive'): Ms | null => {
    const { reserved } = askerOf(owner, priority);
    if (roomAt(meter, nowMs, reserved) < 1 || open(owner, nowMs, priority) < 1) return refused(owner, nowMs, priority);
    took(owner, 1, nowMs, priority);
    return null;
  };
  return { meter, shares, askerOf, open, took, refused, tryOne };
}

/** When calls leave the window, what is left is dealt out anew. */
const LATER_MS = NOW_MS + (2 * MINUTE_MS) / METER_SLICES;

describe('an owner gets nothing more', () => {
  it('of the last twentieth, once it has had as much as is left of it', () => {
    const { open, took } = start();
    took('a', 950);
    expect(open('a')).toBe(0);
    expect(open('b')).toBe(1);
    took('b', 25);
    expect(open('b')).toBe(0);
    expect(open('c')).toBe(1);
  });

  it('once it has an equal part, while another wants more than it gets', () => {
    const { open, took, refused } = start();
    took('a', 600);
    took('b', 300);
    refused('b');
    expect(open('a', LATER_MS)).toBe(0);
    // Of 950 half are 475, and 50 of the last 100 are for newcomers.
    expect(open('b', LATER_MS)).toBe(50);
  });

  it('because the clock was put back', () => {
    const { open, took } = start();
    took('a', 950);
    expect(open('a', NOW_MS - HOUR_MS)).toBe(0);
    expect(open('b', NOW_MS - HOUR_MS)).toBe(1);
  });

  it('of what it holds already', () => {
    const { meter, shares, open, refused } = start();
    holdCalls(meter, 600);
    holdPart(shares, meter, 'a', 600);
    refused('b');
    expect(open('a', LATER_MS)).toBe(0);
    expect(open('b', LATER_MS)).toBe(350);
  });

  it('of what another had in the last window, who has made fewer yet', () => {
    const { open, took } = start();
    expect(open('small')).toBe(950);
    took('small', 100);
    const nextMs = NOW_MS + MINUTE_MS + 2 * SECOND_MS;
    took('small', 10, nextMs);
    expect(open('a', nextMs)).toBe(950 - 100);
  });
});

describe('an owner gets', () => {
  it('all but a twentieth where nobody else wants anything', () => {
    expect(start().open('a')).toBe(950);
  });

  it('what those leave who get all that they ask for', () => {
    const { open, took, refused } = start();
    took('small', 150);
    for (const owner of ['a', 'b']) refused(owner);
    expect(open('a', LATER_MS)).toBe(400);
    expect(open('small', LATER_MS)).toBe(0);
  });

  it('what was kept for one that asks no more', () => {
    const { open, took, refused } = start(LIMIT, HOUR_MS);
    took('a', 475);
    refused('b');
    expect(open('a', NOW_MS + 3 * MINUTE_MS)).toBe(0);
    expect(open('a', NOW_MS + 7 * MINUTE_MS)).toBe(475);
  });

  it('what was kept for one that has got all since', () => {
    const { open, took, refused, meter, shares } = start(LIMIT, HOUR_MS);
    took('a', 1000);
    expect(refused('b')).toBeGreaterThan(NOW_MS + HOUR_MS - 1);
    // The provider forgives all of it, and b needs ten.
    learn(meter, { remaining: 1000 }, { most: 0, likely: 0 }, NOW_MS);
    took('b', 10);
    expect(hadBy(shares, meter, 'a')).toBe(0);
    const soonMs = NOW_MS + HOUR_MS / 40;
    expect(open('a', soonMs)).toBe(1);
    refused('a', soonMs);
    expect(open('a', NOW_MS + HOUR_MS / 25)).toBe(475);
    expect(open('a', NOW_MS + HOUR_MS / 12)).toBe(940);
    expect(hadBy(shares, meter, 'b')).toBe(10);
  });

  it('again what it gave back, and no more than that', () => {
    const { meter, shares, open, refused } = start();
    for (const calls of [100, -60, -60]) {
      holdPart(shares, meter, 'a', calls);
      holdCalls(meter, calls);
    }
    refused('b');
    refused('a');
    expect(open('a', LATER_MS)).toBe(475);
  });

  it('as a person, as much as if schedules had not been refused', () => {
    const { open, took, refused } = start();
    for (const owner of ['a', 'b']) {
      took(owner, 380, NOW_MS, 'backfill');
      refused(owner, NOW_MS, 'backfill');
    }
    expect(open('a', LATER_MS)).toBe(190);
    expect(open('a', LATER_MS, 'backfill')).toBe(0);
    expect(open('c', LATER_MS, 'read')).toBe(1);
  });

  it('a part of all that is left, where calls go in portions for a while', () => {
    const { meter, open, took, refused } = start();
    surprised(meter, NOW_MS);
    took('a', 40);
    refused('b');
    expect(roomAt(meter, NOW_MS)).toBeLessThan(50);
    refused('a');
    expect(open('a', LATER_MS)).toBeGreaterThan(400);
  });

  it('one call where there are more of them than calls', () => {
    const { open, refused } = start(4);
    for (let owner = 0; owner < 9; owner++) refused(`${owner}`);
    expect(open('0', LATER_MS)).toBe(1);
  });
});

describe('who has had its part is told when there is more', () => {
  it('which is when calls of the window leave, where nobody else wants any', () => {
    const { took, refused, open } = start();
    took('a', 950);
    const atMs = refused('a');
    expect(open('a', atMs - 1)).toBe(0);
    expect(open('a', atMs)).toBe(950);
  });

  it('which is when enough of its own have left', () => {
    const { took, refused, open } = start(LIMIT, HOUR_MS);
    took('a', 300);
    took('a', 300, NOW_MS + 10 * MINUTE_MS);
    const now = NOW_MS + 58 * MINUTE_MS;
    took('b', 400, now);
    refused('b', now);
    const soonMs = now + (2 * HOUR_MS) / METER_SLICES;
    expect(open('a', soonMs)).toBe(0);
    const atMs = refused('a', soonMs);
    expect(open('a', atMs - 1)).toBe(0);
    expect(open('a', atMs)).toBe(175);
  });
});

it('counts stay those of all owners together, whatever they do', () => {
  const step = fc.record({
    owner: fc.constantFrom('a', 'b', 'c'),
    priority: fc.constantFrom<CallPriority>('interactive', 'read'),
    calls: fc.integer({ min: 1, max: 50 }),
    what: fc.constantFrom('take', 'take', 'hold', 'return', 'refuse'),
    afterMs: fc.integer({ min: -SECOND_MS, max: MINUTE_MS / 2 }),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const { meter, shares, open, took, refused } = start();
      let nowMs = NOW_MS;
      for (const { owner, priority, calls, what, afterMs } of steps) {
        nowMs += afterMs;
        roomAt(meter, nowMs);
        if (what === 'take') took(owner, calls, nowMs, priority);
        else if (what === 'refuse') refused(owner, nowMs, priority);
        else {
          const change = what === 'hold' ? calls : -calls;
          holdCalls(meter, change);
          holdPart(shares, meter, owner, change);
        }
        for (const asked of ['interactive', 'read'] as const) {
          const left = open(owner, nowMs, asked);
          expect(left).toBeGreaterThanOrEqual(0);
          expect(left).toBeLessThanOrEqual(roomAt(meter, nowMs));
        }
        let all = 0;
        for (const { parts, kept } of [shares.people, shares.schedules]) {
          const each = [...parts.values()];
          expect(each.every(({ calls, held }) => calls >= 0 && held >= 0)).toBe(true);
          expect(kept).toBeCloseTo(
            each.reduce((sum, part) => sum + Math.max(0, part.target - part.calls - part.held), 0),
          );
          all += each.reduce((sum, part) => sum + part.calls, 0);
        }
        expect(shares.total).toBe(all);
      }
      // What nobody asks for any more is forgotten.
      const laterMs = nowMs + DAY_MS;
      for (const priority of ['interactive', 'read'] as const) open('nobody', laterMs, priority);
      for (const { parts } of [shares.people, shares.schedules])
        expect([...parts.values()].every(({ held }) => held > 0)).toBe(true);
    }),
  );
});

/** How customers behave who want far more than there is. */
type Habit = 'asks always' | 'asks when told';

describe.each<[Habit, Ms]>([
  ['asks always', MINUTE_MS],
  ['asks when told', MINUTE_MS],
  ['asks when told', DAY_MS],
])('a window whose every customer %s, of %i ms', (habit, windowMs) => {
  const stepMs = windowMs / 60;

  /** Calls that each got in six windows, once all have been there for three. */
  function simulate(count: number, limit: number, wants: (owner: number) => number): number[] {
    const { tryOne } = start(limit, windowMs);
    const got: number[] = Array.from({ length: count }, () => 0);
    const nextAtMs = got.map(() => 0);
    for (let step = 0; step < 60 * 12; step++) {
      const nowMs = NOW_MS + step * stepMs;
      // The first is alone for two windows, and asks before the others at any time.
      for (let owner = 0; owner < (step < 120 ? 1 : count); owner++) {
        if (nowMs < (nextAtMs[owner] ?? 0)) continue;
        let toldAtMs: Ms | null = null;
        for (let calls = 0; calls < wants(owner) && toldAtMs === null; calls++) {
          toldAtMs = tryOne(`${owner}`, nowMs);
          if (toldAtMs === null && step >= 60 * 6) got[owner] = (got[owner] ?? 0) + 1;
        }
        if (habit === 'asks when told' && toldAtMs !== null) nextAtMs[owner] = toldAtMs;
      }
    }
    return got;
  }

  it.each([1, 2, 3, 10, 40])('is used to nineteen twentieths, by %i of them in equal parts', (count) => {
    const got = simulate(count, LIMIT, () => 400);
    expect(got.reduce((sum, calls) => sum + calls, 0)).toBeGreaterThanOrEqual(0.94 * LIMIT * 6);
    expect(Math.max(...got) / Math.min(...got)).toBeLessThanOrEqual(1.2);
  });

  it('gives a small customer all that it asks for, and leaves the rest to one that wants more', () => {
    const [big = 0, small = 0] = simulate(2, LIMIT, (owner) => (owner === 0 ? 400 : 2));
    expect(small).toBe(2 * 360);
    expect(big + small).toBeGreaterThanOrEqual(0.92 * 6 * LIMIT);
  });
});

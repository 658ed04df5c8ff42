import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OWNERS_COUNTED_MAX } from '../../../src/core/limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, type Ms, SECOND_MS } from '../../../src/core/time.ts';
import type { CallPriority } from '../../../src/limits/fairQueue.ts';
import { earliestAtMs, holdCalls, roomAt, spend } from '../../../src/limits/meter.ts';
import { learn, surprised } from '../../../src/limits/meterTold.ts';
import { hadBy, holdPart, newShares, spendPart } from '../../../src/limits/parts.ts';
import { reservedOf } from '../../../src/limits/quota.ts';
import { callsOpen, opensAtMs, want } from '../../../src/limits/shares.ts';
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
    spendPart(shares, meter, owner, priority, calls);
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

describe('an owner gets nothing more', () => {
  it('of the last twentieth, once it has had as much as is left of it', () => {
    const { open, took } = start();
    took('a', 950);
    expect(open('a')).toBe(0);
    took('b', 25);
    expect([open('b'), open('c')]).toEqual([0, 1]);
  });

  it('at once than its equal part, while another has less and is refused', () => {
    const { open, took, refused } = start();
    took('a', 950);
    took('b', 25);
    refused('b');
    const emptyMs = NOW_MS + 62 * SECOND_MS;
    expect([open('a', emptyMs), open('b', emptyMs)]).toEqual([475, 475]);
    took('a', 475, emptyMs);
    expect([open('a', emptyMs), open('b', emptyMs)]).toEqual([0, 475]);
  });

  it('of what it holds already', () => {
    const { meter, shares, open, refused } = start();
    holdCalls(meter, 600);
    holdPart(shares, meter, 'a', 600);
    refused('b');
    expect([open('a'), open('b')]).toEqual([0, 350]);
  });

  it('because the clock was put back', () => {
    const { open, took } = start();
    took('a', 950);
    expect([open('a', NOW_MS - HOUR_MS), open('b', NOW_MS - HOUR_MS)]).toEqual([0, 1]);
  });

  it('because it is one of those who are too many to be counted', () => {
    const { open, took } = start(100_000);
    for (let owner = 0; owner < OWNERS_COUNTED_MAX; owner++) open(`${owner}`);
    expect(open('one more')).toBe(9);
    took('one more', 9);
    const left = open('another');
    expect(left).toBeGreaterThan(95_000);
    took('another', left);
    expect(open('a third')).toBe(0);
  });
});

describe('an owner gets', () => {
  it('all but a twentieth where nobody else asks', () => {
    expect(start().open('a')).toBe(950);
  });

  it('of what others leave to us as much as of a limit of its own', () => {
    const { meter, open } = start();
    learn(meter, { remaining: 40 }, { most: 0, likely: 0 }, NOW_MS);
    expect(open('a')).toBe(38);
  });

  it('more than its part at once, where others get what they ask for', () => {
    const { open, took } = start();
    open('b');
    took('a', 475);
    expect(open('a')).toBe(475);
  });

  it('more than one that was refused and has less, once the clock was put back and that one is gone', () => {
    const { open, took, refused } = start(LIMIT, HOUR_MS);
    took('a', 475);
    took('b', 525);
    refused('c');
    const putBackMs = NOW_MS - DAY_MS;
    expect([open('a', putBackMs), open('c', putBackMs)]).toEqual([0, 0]);
    // By the clock as it is now, all that was made is an hour old.
    const laterMs = putBackMs + 61.3 * MINUTE_MS;
    took('a', open('a', laterMs), laterMs);
    const slowlyMs = laterMs + 3 * MINUTE_MS;
    expect(open('a', slowlyMs)).toBeGreaterThan(0);
  });

  it('again what it gave back, and no more than that', () => {
    const { meter, shares, open } = start();
    open('b');
    for (const calls of [100, -60, -60]) {
      holdPart(shares, meter, 'a', calls);
      holdCalls(meter, calls);
    }
    expect([open('a'), hadBy(shares, meter, 'a')]).toEqual([475, 0]);
  });

  it('as a person, as much as if schedules had not been refused', () => {
    const { open, took, refused } = start();
    for (const owner of ['a', 'b']) {
      took(owner, 380, NOW_MS, 'backfill');
      refused(owner, NOW_MS, 'backfill');
    }
    expect(open('a')).toBe(228);
    expect(open('a', NOW_MS, 'backfill')).toBe(0);
    expect(open('c', NOW_MS, 'read')).toBe(1);
  });

  it('a part of all that is left, where calls go in portions for a while', () => {
    const { meter, open, took } = start();
    surprised(meter, NOW_MS);
    took('a', 40);
    open('b');
    expect(roomAt(meter, NOW_MS)).toBeLessThan(50);
    expect(open('a')).toBeGreaterThan(400);
  });

  it('the call that looks what is left of a window that seemed spent', () => {
    const { meter, open, took } = start();
    surprised(meter, NOW_MS);
    took('a', 1000);
    learn(meter, { remaining: 0, resetAtMs: NOW_MS + MINUTE_MS }, { most: 0, likely: 0 }, NOW_MS);
    const nextMs = NOW_MS + MINUTE_MS;
    expect([roomAt(meter, nextMs - SECOND_MS), open('a', nextMs - SECOND_MS)]).toEqual([0, 0]);
    expect([roomAt(meter, nextMs), open('a', nextMs)]).toEqual([1, 1]);
  });

  it('one call where there are more of them than calls', () => {
    const { open } = start(4);
    for (let owner = 0; owner < 9; owner++) expect(open(`${owner}`)).toBeGreaterThanOrEqual(1);
    expect(open('0')).toBe(1);
  });
});

describe('who gets none is told when there is some', () => {
  it('which is when calls of the window leave, where nobody else asks', () => {
    const { took, refused, open } = start();
    took('a', 950);
    const atMs = refused('a');
    expect([open('a', atMs - 1), open('a', atMs)]).toEqual([0, 950]);
  });

  it('which is when enough of its own have left', () => {
    const { took, refused, open } = start(LIMIT, HOUR_MS);
    took('b', 475);
    took('a', 200);
    took('a', 275, NOW_MS + 10 * MINUTE_MS);
    const nowMs = NOW_MS + 20 * MINUTE_MS;
    const atMs = refused('a', nowMs);
    expect(atMs).toBeGreaterThan(NOW_MS + HOUR_MS);
    expect([open('a', atMs - 1), open('a', atMs)]).toEqual([0, 200]);
  });
});

it('counts stay those of all owners together, whatever they do', () => {
  const step = fc.record({
    owner: fc.constantFrom('a', 'b', 'c'),
    priority: fc.constantFrom<CallPriority>('interactive', 'read'),
    calls: fc.integer({ min: 1, max: 50 }),
    what: fc.constantFrom('take', 'take', 'hold', 'return', 'refuse', 'forgive'),
    afterMs: fc.integer({ min: -SECOND_MS, max: MINUTE_MS / 2 }),
  });
  const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const { meter, shares, open, took, refused } = start();
      let nowMs = NOW_MS;
      for (const { owner, priority, calls, what, afterMs } of steps) {
        nowMs += afterMs;
        const room = roomAt(meter, nowMs);
        if (what === 'take') took(owner, Math.min(calls, room), nowMs, priority);
        else if (what === 'refuse') refused(owner, nowMs, priority);
        else if (what === 'forgive') learn(meter, { remaining: 1000 - calls }, { most: 0, likely: 0 }, nowMs);
        else {
          const change = what === 'hold' ? calls : -calls;
          holdCalls(meter, change);
          holdPart(shares, meter, owner, change);
        }
        for (const asked of ['interactive', 'read'] as const) {
          const left = open(owner, nowMs, asked);
          expect(Number.isInteger(left) && left >= 0 && left <= roomAt(meter, nowMs)).toBe(true);
        }
        const groups = [shares.people, shares.schedules].map((sharers) => ({
          sharers,
          each: [...sharers.parts.values()],
        }));
        for (const { sharers, each } of groups) {
          const had = each.map((part) => part.calls + part.held);
          expect(each.every((part) => part.calls >= 0 && part.held >= 0)).toBe(true);
          expect(sharers.had).toBe(sum(had));
          expect(sharers.promised).toBe(sum(each.map(({ promised }, at) => Math.max(0, promised - (had[at] ?? 0)))));
          expect(sharers.activeCount).toBe(each.filter(({ isActive }) => isActive).length);
        }
        expect(shares.total).toBe(sum(groups.flatMap(({ each }) => each.map(({ calls: made }) => made))));
      }
      // Who asks no more is forgotten.
      for (const priority of ['interactive', 'read'] as const) open('new', nowMs + DAY_MS, priority);
      const kept = [shares.people, shares.schedules].flatMap(({ parts }) => [...parts.values()]);
      expect(kept.every(({ owner, held }) => owner === 'new' || held > 0)).toBe(true);
    }),
  );
});

/** A customer: so many calls each time it asks, every so many steps of a hundredth of a window. */
interface Habit {
  readonly calls: number;
  readonly everySteps: number;
  readonly priority?: CallPriority;
}

const GREEDY: Habit = { calls: 1000, everySteps: 1 };
const SELDOM: Habit = { calls: 40, everySteps: 50 };

/** Calls that each got in each of sixteen windows. Those who want more than they get ask as they like, or when told. */
function simulate(
  habits: readonly Habit[],
  { limit = LIMIT, windowMs = MINUTE_MS, isObedient = false, isResetTold = false } = {},
): readonly (readonly number[])[] {
  const { meter, tryOne } = start(limit, windowMs);
  const fromMs = Math.ceil(NOW_MS / windowMs) * windowMs;
  const nextAtMs = habits.map(() => 0);
  return Array.from({ length: 16 }, (_, window) => {
    const got = habits.map(() => 0);
    for (let step = 0; step < 100; step++) {
      const nowMs = fromMs + (window + step / 100) * windowMs + 1;
      if (isResetTold && step === 0) learn(meter, { remaining: limit }, { most: 0, likely: 0 }, nowMs);
      for (const [owner, { calls, everySteps, priority }] of habits.entries()) {
        // The first is alone for two windows, and asks before the others at any time.
        const isThere = owner === 0 || window >= 2;
        if (!isThere || nowMs < (nextAtMs[owner] ?? 0) || (step + 7 * owner) % everySteps !== 0) continue;
        let toldAtMs: Ms | null = null;
        for (let call = 0; call < calls && toldAtMs === null; call++) {
          toldAtMs = tryOne(`${owner}`, nowMs, priority);
          if (toldAtMs === null) got[owner] = (got[owner] ?? 0) + 1;
        }
        if (isObedient && everySteps === 1) nextAtMs[owner] = toldAtMs ?? 0;
      }
    }
    return got;
  });
}

/** Of the windows once all know each other, for each. */
function settled(windows: readonly (readonly number[])[]): readonly number[] {
  const last = windows.slice(6);
  return (last[0] ?? []).map((_, owner) => last.reduce((all, got) => all + (got[owner] ?? 0), 0) / last.length);
}

describe.each([
  ['ask all the time', { isObedient: false, windowMs: MINUTE_MS }],
  ['ask when told', { isObedient: true, windowMs: MINUTE_MS }],
  ['ask when told, of a day', { isObedient: true, windowMs: DAY_MS }],
  ['ask all the time, and all is left again at once', { isResetTold: true }],
] as const)('customers who %s', (_, options) => {
  it.each([1, 2, 3, 10, 40])(
    'and want far more than there is use 19 twentieths of it in equal parts, %i of them',
    (count) => {
      const got = settled(
        simulate(
          Array.from({ length: count }, () => GREEDY),
          options,
        ),
      );
      expect(got.reduce((all, calls) => all + calls, 0)).toBeGreaterThanOrEqual(0.92 * LIMIT);
      expect(Math.max(...got) / Math.min(...got)).toBeLessThanOrEqual(1.2);
    },
  );

  it.each([
    ['one that asks all the time', 1, { calls: 2, everySteps: 1 }],
    ['five that ask now and then', 5, { calls: 5, everySteps: 20 }],
    ['twenty that ask now and then', 20, { calls: 2, everySteps: 10 }],
  ])('and want little get all of it beside a greedy one, which gets most of the rest: %s', (_name, count, habit) => {
    const [greedy = 0, ...small] = settled(simulate([GREEDY, ...Array.from({ length: count }, () => habit)], options));
    const wanted = (habit.calls * 100) / habit.everySteps;
    for (const got of small) expect(got).toBeGreaterThanOrEqual(0.99 * wanted);
    expect(greedy + wanted * count).toBeGreaterThanOrEqual(0.85 * LIMIT);
  });

  it('and want much at once, but seldom, get most of it beside a greedy one, which leaves room for that', () => {
    const [greedy = 0, ...small] = settled(simulate([GREEDY, ...Array.from({ length: 5 }, () => SELDOM)], options));
    for (const got of small) expect(got).toBeGreaterThanOrEqual(0.75 * 80);
    expect(greedy).toBeGreaterThanOrEqual(350);
  });
});

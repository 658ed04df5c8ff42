// What an edge thread is handed on top of what it has, so that its calls seldom wait for an answer.

import { describe, expect, it, vi } from 'vitest';
import type { BudgetKey } from '../../../../actors/budgetState.ts';
import type { Lease, LeaseTarget } from '../../../../actors/lease.ts';
import { shardOf } from '../../../../actors/tokenManager.ts';
import { HELD_CALLS_MAX, HELD_CALLS_MIN, HELD_IDLE_MS, REPORT_INTERVAL_MS } from '../../../../src/core/limits.ts';
import { SECOND_MS } from '../../../../src/core/time.ts';
import { exchanged, isHeld, leased, posted, startDesk, type Thread, TOKEN, targetOf } from '../../../support/remote.ts';

const WINDOW: BudgetKey = { key: 'h/window', name: 'window', limit: 800, windowMs: 10 * SECOND_MS };
const SEATS: BudgetKey = { key: 'h/seats', name: 'seats', limit: 16, windowMs: 0 };
const WIDE = targetOf('wide', [WINDOW]);
const SEATED = targetOf('seated', [SEATS]);
const BOTH = targetOf('both', [WINDOW, SEATS]);
/** The call that was asked for, and what came ahead of it. */
const FIRST = 1 + HELD_CALLS_MIN;
/** What there is in hand once more was asked for the first time. */
const MORE = 2 * HELD_CALLS_MIN;

/** Calls that the thread has in hand; fails where it has to ask. */
function calls({ remote }: Thread, target: LeaseTarget, count: number): Lease[] {
  return Array.from({ length: count }, () => {
    const lease = remote.lease(target, 'interactive');
    if (!isHeld(lease)) throw new Error('the thread had to ask');
    return lease;
  });
}

/** Messages to the owner thread arrive, and no answer yet. */
async function told(thread: Thread): Promise<void> {
  await posted();
  thread.toOwner();
}

async function start() {
  const desk = await startDesk();
  const spentOf = ({ key }: BudgetKey) => desk.budgets.view([WINDOW, SEATS]).find((view) => view.key === key)?.spent;
  return { ...desk, one: desk.thread(), spent: () => spentOf(WINDOW), seats: () => spentOf(SEATS) };
}

describe('more is asked for', () => {
  it('with the report after half is used, and not before', async () => {
    const { one, clock, spent } = await start();
    await leased(one, WIDE);
    calls(one, WIDE, 3);
    await clock.advance(REPORT_INTERVAL_MS);
    await told(one);
    expect(spent()).toBe(FIRST);
    calls(one, WIDE, 1);
    await told(one);
    expect(spent()).toBe(FIRST);
    await clock.advance(REPORT_INTERVAL_MS);
    await told(one);
    expect(spent()).toBe(5 + MORE);
  });

  it('at once where the rest may not last until the next report', async () => {
    const { one, spent } = await start();
    await leased(one, WIDE);
    calls(one, WIDE, 5);
    await told(one);
    expect(spent()).toBe(6 + MORE);
  });

  it('once, until it is answered', async () => {
    const { one, clock, budgets } = await start();
    const asked = vi.spyOn(budgets, 'holdMore');
    await leased(one, WIDE);
    calls(one, WIDE, 5);
    await told(one);
    calls(one, WIDE, 3);
    await posted();
    expect(one.toOwner()).toBe(0);
    await clock.advance(REPORT_INTERVAL_MS);
    await posted();
    expect(one.toOwner()).toBe(1);
    expect(asked).toHaveBeenCalledTimes(1);
    await exchanged(one);
    calls(one, WIDE, MORE - 3);
  });

  it('so that hundreds of calls ask once, and what they spend is what was made', async () => {
    const { one, clock, spent } = await start();
    let asked = 0;
    for (let call = 0; call < 600; call++) {
      const lease = one.remote.lease(WIDE, 'interactive');
      if (!isHeld(lease)) asked += 1;
      await exchanged(one);
      (await lease).answered(null);
      (await lease).release();
      expect(spent()).toBeLessThanOrEqual(call + 1 + HELD_CALLS_MAX);
    }
    expect(asked).toBe(1);
    one.remote.close();
    await exchanged(one);
    expect(spent()).toBe(600);
    expect(clock.pendingCount).toBe(0);
  });

  it('where a call found no place, which then asks for itself: places, and once', async () => {
    const { one, clock, budgets, spent, seats } = await start();
    const asked = vi.spyOn(budgets, 'holdMore');
    await leased(one, BOTH);
    calls(one, BOTH, 3);
    expect([spent(), seats()]).toEqual([FIRST, 4]);
    const beyond = one.remote.lease(BOTH, 'interactive');
    expect(isHeld(beyond)).toBe(false);
    await exchanged(one);
    // That call, and a quarter of eleven places.
    expect([spent(), seats()]).toEqual([FIRST + 1, 7]);
    calls(one, BOTH, 1);
    await clock.advance(REPORT_INTERVAL_MS);
    await exchanged(one);
    expect(seats()).toBe(7);
    expect(asked).toHaveBeenCalledTimes(2);
    const more = { calls: MORE - 4, seats: 0 };
    expect(asked).toHaveBeenLastCalledWith(expect.anything(), more, BOTH.connectionId);
    (await beyond).release();
  });

  it('of what runs low, and not of the other', async () => {
    const { one, clock, spent, seats } = await start();
    await leased(one, BOTH);
    for (const lease of calls(one, BOTH, 3)) lease.release();
    for (const lease of calls(one, BOTH, 2)) lease.release();
    await clock.advance(REPORT_INTERVAL_MS);
    await exchanged(one);
    expect([spent(), seats()]).toEqual([6 + MORE, 4]);
  });
});

describe('nothing more comes', () => {
  it('while somebody waits', async () => {
    const { one, budgets } = await start();
    const many = { ...SEATS, limit: 160 };
    const target = targetOf('seated', [many]);
    const seats = () => budgets.view([many])[0]?.spent;
    const held = [await leased(one, target), ...calls(one, target, HELD_CALLS_MIN)];
    while (budgets.tryTake(budgets.opened([many]), 'read', null) === null);
    const taken = seats() as number;
    // What is left is for people, and a read waits.
    expect(taken).toBe(0.8 * many.limit);
    const turn = budgets.turn(many, 'read', 'x', Number.MAX_SAFE_INTEGER);
    const beyond = one.remote.lease(target, 'interactive');
    await exchanged(one);
    expect(seats()).toBe(taken + 1);
    for (const lease of [...held, await beyond]) lease.release();
    await exchanged(one);
    (await turn).end();
  });

  it('once the credential has changed, also where it was asked for before', async () => {
    const { one, give, spent } = await start();
    await leased(one, WIDE);
    calls(one, WIDE, 5);
    await posted();
    give({ ...TOKEN, generation: 2 }, WIDE.connectionId);
    one.toOwner();
    expect(spent()).toBe(FIRST);
    const next = one.remote.lease(WIDE, 'interactive');
    expect(isHeld(next)).toBe(false);
    await exchanged(one);
    expect((await next).generation).toBe(2);
    one.remote.close();
    await exchanged(one);
    expect(spent()).toBe(7);
  });

  it('where a share of what is left is less than a call, and it is asked for again', async () => {
    const { one, clock, budgets, spent } = await start();
    const first = await leased(one, WIDE);
    while (budgets.tryTake(budgets.opened([WINDOW]), 'interactive', null) === null);
    for (const lease of [first, ...calls(one, WIDE, 5)]) lease.release();
    await exchanged(one);
    expect(spent()).toBe(WINDOW.limit);
    // Not by each call that ends when there is nothing, but with the next report.
    const others = calls(one, WIDE, 3);
    await exchanged(one);
    for (const lease of others) lease.release();
    await posted();
    expect(one.toOwner()).toBe(0);
    await clock.advance(2 * REPORT_INTERVAL_MS);
    await exchanged(one);
    expect(spent()).toBe(WINDOW.limit);
    await clock.advance(2 * WINDOW.windowMs);
    await exchanged(one);
    expect(spent()).toBe(0);
    await leased(one, WIDE);
    calls(one, WIDE, 1);
  });
});

describe('what is on its way', () => {
  it('goes back where the thread has given back the rest meanwhile', async () => {
    const { one, spent } = await start();
    await leased(one, WIDE);
    calls(one, WIDE, 5);
    await told(one);
    expect(spent()).toBe(6 + MORE);
    one.remote.close();
    await told(one);
    expect(spent()).toBe(6);
    one.toThread();
    expect(isHeld(one.remote.lease(WIDE, 'interactive'))).toBe(false);
    await exchanged(one);
  });

  it('goes back where it is wanted, with the places that no call sits on', async () => {
    const { one, budgets, seats } = await start();
    const [first, ...others] = [await leased(one, SEATED), ...calls(one, SEATED, 3)];
    const beyond = one.remote.lease(SEATED, 'interactive');
    await told(one);
    // The call beyond is answered, and is all that it was asked for: the report that says so asks for more.
    await posted();
    one.toThread();
    await told(one);
    expect(seats()).toBe(7);
    while (budgets.tryTake(budgets.opened([SEATS]), 'interactive', null) === null);
    const turns = [1, 2].map(() => budgets.turn(SEATS, 'interactive', 'x', Number.MAX_SAFE_INTEGER));
    await exchanged(one);
    // Two came back, and the two who wait have their turns.
    for (const turn of await Promise.all(turns)) turn.end();
    expect(seats()).toBe(SEATS.limit - 2);
    for (const lease of [first as Lease, ...others, await beyond]) lease.release();
    await exchanged(one);
    expect(seats()).toBe(SEATS.limit - 7);
  });

  it('counts as made when the thread ends', async () => {
    const { one, clock, spent } = await start();
    await leased(one, WIDE);
    calls(one, WIDE, 5);
    await told(one);
    one.end();
    expect(spent()).toBe(6 + MORE);
    await clock.advance(2 * WINDOW.windowMs);
    expect(spent()).toBe(0);
  });
});

describe('a thread that makes fewer calls', () => {
  it('asks for half as much each quarter of a second, and gives back what goes beyond twice of that', async () => {
    const { one, clock, spent } = await start();
    (await leased(one, WIDE)).release();
    let made = 1;
    const make = async (count: number) => {
      for (const lease of calls(one, WIDE, count)) lease.release();
      made += count;
      await exchanged(one);
    };
    while (made < 200) await make(4);
    const inHand = () => (spent() as number) - made;
    expect(inHand()).toBeGreaterThan(HELD_CALLS_MAX / 2);
    for (let most = HELD_CALLS_MAX; most >= HELD_CALLS_MIN; most /= 2) {
      await clock.advance(HELD_IDLE_MS);
      await make(1);
      await clock.advance(REPORT_INTERVAL_MS);
      await exchanged(one);
      expect(inHand()).toBeLessThanOrEqual(2 * most);
    }
    expect(inHand()).toBeLessThanOrEqual(2 * HELD_CALLS_MIN);
    // The owner's count is the thread's: there are so many calls, and no more.
    calls(one, WIDE, inHand());
    expect(isHeld(one.remote.lease(WIDE, 'interactive'))).toBe(false);
    await exchanged(one);
  });

  it('is still asked before the last call: what is low stays so', async () => {
    const { one, clock, spent } = await start();
    (await leased(one, WIDE)).release();
    for (let quarter = 0; quarter < 4; quarter++) {
      expect(spent()).toBe(FIRST);
      calls(one, WIDE, 1)[0]?.release();
      await clock.advance(HELD_IDLE_MS);
      await exchanged(one);
    }
    expect(spent()).toBe(5 + MORE);
  });

  it('at a time gives back places', async () => {
    const { one, clock, seats } = await start();
    const wide = targetOf('seated', [{ ...SEATS, limit: 400 }]);
    const first = await leased(one, wide);
    for (let round = 0; round < 4; round++) {
      const some = await Promise.all(
        Array.from({ length: 30 }, () => one.remote.lease(wide, 'interactive')).concat(exchanged(one) as never),
      );
      for (const lease of some) lease?.release();
      await exchanged(one);
    }
    first.release();
    await clock.advance(REPORT_INTERVAL_MS);
    await exchanged(one);
    expect(seats()).toBeGreaterThan(15);
    for (let quarter = 0; quarter < 3; quarter++) {
      calls(one, wide, 1)[0]?.release();
      await clock.advance(HELD_IDLE_MS);
      await exchanged(one);
    }
    expect(seats()).toBe(2);
  });

  it('has as much in hand as before once its credential has changed', async () => {
    const { one, give, clock, spent } = await start();
    const first = await leased(one, WIDE);
    for (const lease of [first, ...calls(one, WIDE, 5)]) lease.release();
    await exchanged(one);
    give({ ...TOKEN, generation: 2 }, WIDE.connectionId);
    (await leased(one, WIDE)).release();
    await exchanged(one);
    expect(spent()).toBe(7 + MORE);
    await clock.advance(REPORT_INTERVAL_MS);
  });
});

it('tells what it used, and gives back the rest, before it asks anew', async () => {
  const { one, give, spent } = await start();
  const narrow = targetOf('narrow', [{ ...WINDOW, limit: 16 }]);
  await leased(one, narrow);
  // A quarter of fifteen.
  expect(spent()).toBe(4);
  give({ ...TOKEN, generation: 2 }, narrow.connectionId);
  await leased(one, narrow);
  // A quarter of fourteen; had the three not been back, of eleven.
  expect(spent()).toBe(2 + 3);
});

it('calls spend the limits of the account that they go to, whichever the thread has in hand', async () => {
  const { one, give, spent, budgets } = await start();
  const moved = targetOf('wide', [{ ...WINDOW, key: 'h/other' }]);
  const other = () => budgets.view(moved.budgets)[0]?.spent;
  give(null);
  const waiting = one.remote.lease(WIDE, 'interactive');
  await exchanged(one);
  // The account was left while the call waited; its answer hands out calls of the old one.
  give({ ...TOKEN, generation: 2 });
  await exchanged(one);
  expect(spent()).toBe(FIRST);
  (await waiting).release();
  const call = await leased(one, moved);
  calls(one, moved, 1);
  expect([spent(), other()]).toEqual([1, FIRST]);
  // A copy of a target is the same.
  calls(one, { ...moved, budgets: structuredClone(moved.budgets) }, 1);
  // What still goes to the old one asks for itself, and says nothing of the marks of the new one.
  const late = await leased(one, WIDE);
  expect(late.marks).toEqual([2]);
  expect(call.marks).toEqual([1]);
  expect(isHeld(one.remote.lease(moved, 'interactive'))).toBe(false);
  await exchanged(one);
});

it('a refusal calls nothing back where it leaves no fewer places', async () => {
  const { one, budgets } = await start();
  (await leased(one, SEATED)).release();
  await exchanged(one);
  while (budgets.tryTake(budgets.opened([SEATS]), 'interactive', null) === null);
  one.remote.block([SEATS], 'seats', null);
  await exchanged(one);
  calls(one, SEATED, 1);
});

it('calls of a limit that have nothing ahead cost no other connection what it has in hand', async () => {
  const { one } = await start();
  const narrow = targetOf('narrow', [{ ...SEATS, limit: 400, startsAt: 2 }]);
  const ids = Array.from({ length: 5000 }, (_, index) => targetOf(`other${index}`, [WINDOW]));
  const other = ids.find(({ connectionId }) => shardOf(connectionId) === shardOf(narrow.connectionId)) as LeaseTarget;
  (await leased(one, other)).release();
  const alone = await leased(one, narrow);
  one.remote.block(narrow.budgets, 'seats', null);
  await exchanged(one);
  calls(one, other, 1);
  alone.release();
  await exchanged(one);
});

it('places that the provider refuses are not sat on by calls that begin later', async () => {
  const { one, clock } = await start();
  const found: BudgetKey = { key: 'h/found', name: 'found', limit: 400, windowMs: 0, startsAt: 40 };
  const target = targetOf('found', [found]);
  const first = await leased(one, target);
  const burst = async () => {
    const asked = Array.from({ length: 20 }, () => one.remote.lease(target, 'interactive'));
    await exchanged(one);
    return asked;
  };
  for (const lease of await Promise.all(await burst())) lease.release();
  await exchanged(one);
  for (let refusal = 0; refusal < 4; refusal++) {
    one.remote.block([found], 'found', null);
    await exchanged(one);
    for (let pause = 0; pause < 12; pause++) {
      await clock.advance(HELD_IDLE_MS - 1);
      (await leased(one, target)).release();
      await exchanged(one);
    }
  }
  first.release();
  await exchanged(one);
  const asked = await burst();
  // Forty, halved four times.
  expect(asked.filter(isHeld).length).toBeLessThanOrEqual(2);
  for (const lease of asked) Promise.resolve(lease).then((each) => each.release());
  await exchanged(one);
});

it('calls that begin later have the marks of their own time', async () => {
  const { one } = await start();
  const first = await leased(one, WIDE);
  for (const lease of [first, ...calls(one, WIDE, 5)]) lease.release();
  await exchanged(one);
  const [later] = calls(one, WIDE, 1);
  expect(first.marks).toEqual([1]);
  // Six had ended, and the seventh is the call itself.
  expect(later?.marks).toEqual([7]);
});

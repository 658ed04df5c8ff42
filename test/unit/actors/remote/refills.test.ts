// What an edge thread is handed on top of what it has, so that its calls seldom wait for an answer.

import { describe, expect, it } from 'vitest';
import type { BudgetKey } from '../../../../actors/budgetState.ts';
import type { Lease, LeaseTarget } from '../../../../actors/lease.ts';
import { HELD_CALLS_MIN, HELD_IDLE_MS, REPORT_INTERVAL_MS } from '../../../../src/core/limits.ts';
import { SECOND_MS } from '../../../../src/core/time.ts';
import { exchanged, leased, posted, startDesk, type Thread, TOKEN, targetOf } from '../../../support/remote.ts';

const WINDOW: BudgetKey = { key: 'h/window', name: 'window', limit: 800, windowMs: 10 * SECOND_MS };
const SEATS: BudgetKey = { key: 'h/seats', name: 'seats', limit: 16, windowMs: 0 };
const WIDE = targetOf('wide', [WINDOW]);
const SEATED = targetOf('seated', [SEATS]);
const BOTH = targetOf('both', [WINDOW, SEATS]);
/** The call that was asked for, and what came ahead of it. */
const FIRST = 1 + HELD_CALLS_MIN;
/** What is asked for on top, the first time. */
const MORE = 2 * HELD_CALLS_MIN;

/** Without a promise: the thread had it. */
const isHeld = (lease: Lease | Promise<Lease>) => !(lease instanceof Promise);

/** Calls that the thread has in hand; fails where it has to ask. */
function calls({ remote }: Thread, target: LeaseTarget, count: number): Lease[] {
  return Array.from({ length: count }, () => {
    const lease = remote.lease(target, 'interactive');
    if (lease instanceof Promise) throw new Error('the thread had to ask');
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
    expect(spent()).toBe(FIRST + MORE);
  });

  it('at once where the rest may not last until the next report', async () => {
    const { one, spent } = await start();
    await leased(one, WIDE);
    calls(one, WIDE, 5);
    await told(one);
    expect(spent()).toBe(FIRST + MORE);
  });

  it('once, until it is answered', async () => {
    const { one, clock, spent } = await start();
    await leased(one, WIDE);
    calls(one, WIDE, 5);
    await told(one);
    calls(one, WIDE, 3);
    await clock.advance(REPORT_INTERVAL_MS);
    await told(one);
    expect(spent()).toBe(FIRST + MORE);
    await exchanged(one);
    calls(one, WIDE, MORE);
  });

  it('so that thousands of calls ask once, and what they spend is what was made', async () => {
    const { one, clock, spent } = await start();
    let asked = 0;
    for (let call = 0; call < 600; call++) {
      const lease = one.remote.lease(WIDE, 'interactive');
      if (!isHeld(lease)) asked += 1;
      await exchanged(one);
      (await lease).answered(null);
      (await lease).release();
    }
    expect(asked).toBe(1);
    one.remote.close();
    await exchanged(one);
    expect(spent()).toBe(600);
    expect(clock.pendingCount).toBe(0);
  });

  it('where a call found no place, which then asks for itself', async () => {
    const { one, seats } = await start();
    await leased(one, SEATED);
    calls(one, SEATED, 3);
    expect(seats()).toBe(4);
    const beyond = one.remote.lease(SEATED, 'interactive');
    expect(isHeld(beyond)).toBe(false);
    await exchanged(one);
    // That call, and a quarter of eleven.
    expect(seats()).toBe(7);
    calls(one, SEATED, 2);
    (await beyond).release();
  });

  it('of what runs low, and not of the other', async () => {
    const { one, clock, spent, seats } = await start();
    await leased(one, BOTH);
    for (const lease of calls(one, BOTH, 3)) lease.release();
    for (const lease of calls(one, BOTH, 2)) lease.release();
    await clock.advance(REPORT_INTERVAL_MS);
    await exchanged(one);
    expect([spent(), seats()]).toEqual([FIRST + MORE, 4]);
  });

  it('by half as much each quarter of a second in which few calls were made', async () => {
    const { one, clock, spent } = await start();
    await leased(one, WIDE);
    calls(one, WIDE, 8);
    await exchanged(one);
    // 16 more are in hand, and asked for with the half of them that is used.
    calls(one, WIDE, 1);
    for (let quarter = 0; quarter < 3; quarter++) {
      calls(one, WIDE, 1);
      await clock.advance(HELD_IDLE_MS);
      await exchanged(one);
    }
    const before = spent() as number;
    calls(one, WIDE, 8);
    await exchanged(one);
    expect(spent()).toBe(before + MORE);
  });
});

describe('nothing more comes', () => {
  it('while somebody waits', async () => {
    const { one, budgets, seats } = await start();
    await leased(one, SEATED);
    calls(one, SEATED, 3);
    const beyond = one.remote.lease(SEATED, 'interactive');
    while (budgets.tryTake(budgets.opened([SEATS]), 'interactive', null) === null);
    const turn = budgets.turn(SEATS, 'interactive', 'x', Number.MAX_SAFE_INTEGER);
    await exchanged(one);
    expect(seats()).toBe(SEATS.limit);
    budgets.release(budgets.opened([SEATS]));
    (await turn).end();
    await exchanged(one);
    (await beyond).release();
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
    await leased(one, WIDE);
    while (budgets.tryTake(budgets.opened([WINDOW]), 'interactive', null) === null);
    calls(one, WIDE, 5);
    await exchanged(one);
    expect(spent()).toBe(WINDOW.limit);
    await clock.advance(2 * WINDOW.windowMs);
    await exchanged(one);
    expect(spent()).toBe(3);
    calls(one, WIDE, 2);
    await exchanged(one);
    calls(one, WIDE, 1 + MORE);
  });
});

describe('what is on its way', () => {
  it('goes back where the thread has given back the rest meanwhile', async () => {
    const { one, spent } = await start();
    await leased(one, WIDE);
    calls(one, WIDE, 5);
    await told(one);
    expect(spent()).toBe(FIRST + MORE);
    one.remote.close();
    await told(one);
    expect(spent()).toBe(6);
    one.toThread();
    expect(isHeld(one.remote.lease(WIDE, 'interactive'))).toBe(false);
    await exchanged(one);
  });

  it('goes back where it is wanted, with the places that no call sits on', async () => {
    const { one, budgets, clock, seats } = await start();
    const [first, ...others] = [await leased(one, SEATED), ...calls(one, SEATED, 3)];
    const beyond = one.remote.lease(SEATED, 'interactive');
    await told(one);
    await clock.advance(REPORT_INTERVAL_MS);
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
    const { one, spent } = await start();
    await leased(one, WIDE);
    calls(one, WIDE, 5);
    await told(one);
    one.end();
    expect(spent()).toBe(FIRST + MORE);
  });
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

// Calls that are held for somebody who makes them later, by what they do to everybody else.

import { expect, it, vi } from 'vitest';
import type { BudgetKey } from '../../../actors/budgetState.ts';
import { Budgets } from '../../../actors/budgets.ts';
import { CALLER_WAIT_MS_MAX, HELD_SHARE } from '../../../src/core/limits.ts';
import { silentLog } from '../../../src/core/log.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import type { Store } from '../../../src/store/store.ts';
import { fakeClock, flush } from '../../support/clock.ts';
import { withStore } from '../../support/store.ts';

const BURST: BudgetKey = { key: 'p/burst', name: 'burst', limit: 40, windowMs: 10 * SECOND_MS };
const DAILY: BudgetKey = { key: 'p/daily', name: 'daily', limit: 1000, windowMs: DAY_MS };
const SEATS: BudgetKey = { key: 'p/seats', name: 'seats', limit: 8, windowMs: 0 };
const NOTHING = { used: 0, ended: 0, returned: 0, seats: 0 };

async function start(clock = fakeClock(), store?: Store) {
  const used = store ?? (await withStore()).store;
  return { budgets: new Budgets(used, clock, silentLog()), clock, store: used };
}

/** Calls that go at once. */
function callsOf(budgets: Budgets, ...keys: BudgetKey[]): number {
  let calls = 0;
  while (budgets.tryTake(budgets.opened(keys), 'interactive', null) === null) calls += 1;
  return calls;
}

it('nothing is held of what somebody waits for', async () => {
  const { budgets, clock } = await start();
  callsOf(budgets, SEATS);
  const waiting = budgets.turn(SEATS, 'interactive', 'a', clock.nowMs() + SECOND_MS);
  budgets.release(budgets.opened([SEATS]));
  (await waiting).end();
  for (let seat = 0; seat < 7; seat++) budgets.release(budgets.opened([SEATS]));
  expect(budgets.hold(budgets.opened([SEATS]), 100)).toEqual({
    calls: Number.POSITIVE_INFINITY,
    seats: 8 * HELD_SHARE,
  });
});

it('nothing is held where a share of what is left is less than a call', async () => {
  const { budgets } = await start();
  for (let call = 0; call < 37; call++) budgets.tryTake(budgets.opened([BURST]), 'interactive', null);
  expect(budgets.hold(budgets.opened([BURST]), 100)).toBeNull();
  expect(callsOf(budgets, BURST)).toBe(3);
});

it('nothing is held of one budget where another has nothing to give', async () => {
  const { budgets } = await start();
  callsOf(budgets, SEATS);
  expect(budgets.hold(budgets.opened([BURST, SEATS]), 100)).toBeNull();
  expect(callsOf(budgets, BURST)).toBe(BURST.limit);
});

it('what is held takes room until it is returned, and does not age', async () => {
  const { budgets, clock } = await start();
  expect(budgets.hold(budgets.opened([BURST]), 100)).toEqual({ calls: 10, seats: Number.POSITIVE_INFINITY });
  expect(budgets.view([BURST])).toMatchObject([{ spent: 10 }]);
  await clock.advance(5 * BURST.windowMs);
  expect(callsOf(budgets, BURST)).toBe(30);
  budgets.settle(budgets.opened([BURST]), { ...NOTHING, returned: 4 });
  expect(callsOf(budgets, BURST)).toBe(4);
});

it('what was used counts from when it was told', async () => {
  const { budgets, clock } = await start();
  budgets.hold(budgets.opened([BURST]), 10);
  await clock.advance(BURST.windowMs);
  budgets.settle(budgets.opened([BURST]), { ...NOTHING, used: 10 });
  await clock.advance(BURST.windowMs - SECOND_MS);
  expect(callsOf(budgets, BURST)).toBe(30);
  await clock.advance(2 * SECOND_MS);
  expect(callsOf(budgets, BURST)).toBe(10);
});

it('seats that are held come back one by one', async () => {
  const { budgets } = await start();
  expect(budgets.hold(budgets.opened([SEATS]), 100)).toMatchObject({ seats: 2 });
  expect(callsOf(budgets, SEATS)).toBe(6);
  budgets.settle(budgets.opened([SEATS]), { ...NOTHING, used: 3, ended: 3, seats: 1 });
  expect(callsOf(budgets, SEATS)).toBe(1);
});

it('whoever waits has what is held asked back, and goes when it comes', async () => {
  const { budgets, clock } = await start();
  const wanted = vi.fn();
  budgets.onWanted(wanted);
  budgets.hold(budgets.opened([BURST]), 10);
  expect(callsOf(budgets, BURST)).toBe(30);
  expect(wanted).not.toHaveBeenCalled();
  expect(budgets.tryTake(budgets.opened([BURST]), 'interactive', null)).toEqual({ budget: BURST, atMs: clock.nowMs() });
  const turn = budgets.turn(BURST, 'interactive', 'a', clock.nowMs() + SECOND_MS);
  expect(wanted.mock.calls).toEqual([[BURST.key]]);
  budgets.settle(budgets.opened([BURST]), { ...NOTHING, used: 9, returned: 1 });
  const { end } = await turn;
  end();
  expect(callsOf(budgets, BURST)).toBe(1);
});

it('whoever waits is told at once when what was held has been made and nothing comes in time', async () => {
  const { budgets, clock } = await start();
  const long = { ...BURST, windowMs: 14 * CALLER_WAIT_MS_MAX };
  const first = await budgets.turn(long, 'interactive', 'a', clock.nowMs() + SECOND_MS);
  first.end();
  budgets.hold(budgets.opened([long]), 1);
  budgets.block([long], 'burst', clock.nowMs() + MINUTE_MS);
  const turn = budgets.turn(long, 'interactive', 'a', clock.nowMs() + SECOND_MS);
  const refused = expect(turn).rejects.toMatchObject({
    code: 'budget_exhausted',
    retryAtMs: clock.nowMs() + MINUTE_MS,
  });
  budgets.settle(budgets.opened([long]), { ...NOTHING, used: 1, ended: 1 });
  await refused;
});

it('a limit that shrinks or is closed has what is held asked back', async () => {
  const { budgets, clock } = await start();
  const wanted = vi.fn();
  budgets.onWanted(wanted);
  budgets.hold(budgets.opened([BURST]), 10);
  budgets.learn([BURST], null, 'burst', { limit: 11 });
  expect(wanted).not.toHaveBeenCalled();
  budgets.learn([BURST], null, 'burst', { limit: 10 });
  budgets.block([BURST], 'burst', clock.nowMs() + SECOND_MS);
  expect(wanted.mock.calls).toEqual([[BURST.key], [BURST.key]]);
});

it('the numbers of the provider may have what is held, or not', async () => {
  const { budgets } = await start();
  for (let call = 0; call < 4; call++) budgets.tryTake(budgets.opened([BURST]), 'interactive', null);
  for (let call = 0; call < 4; call++) budgets.release(budgets.opened([BURST]));
  budgets.hold(budgets.opened([BURST]), 9);
  for (const remaining of [36, 31, 27]) budgets.learn([BURST], null, 'burst', { remaining });
  expect(budgets.view([BURST])).toMatchObject([{ spent: 13 }]);
  budgets.learn([BURST], null, 'burst', { remaining: 26 });
  expect(budgets.view([BURST])).toMatchObject([{ spent: 14 }]);
});

it('what was held at a crash counts as spent', async () => {
  const { budgets, clock, store } = await start();
  const turn = await budgets.turn(DAILY, 'interactive', 'a', clock.nowMs() + SECOND_MS);
  turn.end();
  expect(budgets.hold(budgets.opened([DAILY]), 100)).toMatchObject({ calls: 12 });
  // Has the row written anew, with what is held.
  budgets.learn([DAILY], null, 'daily', { limit: 1001 });
  await flush();
  const after = await start(clock, store);
  expect(after.budgets.view([DAILY])).toMatchObject([{ spent: 50 }]);
  budgets.settle(budgets.opened([DAILY]), { ...NOTHING, used: 2, ended: 2, returned: 10 });
  expect(budgets.view([DAILY])).toMatchObject([{ spent: 2 }]);
});

it('more is held of each as far as there is any, and of nothing that is not wanted', async () => {
  const { budgets } = await start();
  const both = budgets.opened([BURST, SEATS]);
  const spent = () => budgets.view([BURST, SEATS]).map((budget) => budget.spent);
  expect(budgets.holdMore(both, { calls: 4, seats: 0 })).toEqual({ calls: 4, seats: 0 });
  expect(spent()).toEqual([4, 0]);
  expect(budgets.holdMore(both, { calls: 0, seats: 100 })).toEqual({ calls: 0, seats: 2 });
  expect(spent()).toEqual([4, 2]);
  callsOf(budgets, SEATS);
  expect(budgets.holdMore(both, { calls: 100, seats: 100 })).toEqual({ calls: 9, seats: 0 });
  expect(spent()).toEqual([13, 8]);
});

it('a refusal of places that nobody sits on leaves no account behind', async () => {
  const { budgets } = await start();
  const found: BudgetKey = { key: 'p/found', name: 'found', limit: 400, windowMs: 0, startsAt: 40 };
  callsOf(budgets, found);
  for (let seat = 0; seat < 40; seat++) budgets.release(budgets.opened([found]));
  expect(budgets.view()).toEqual([]);
  budgets.block([found], 'found', null);
  expect(budgets.view()).toEqual([]);
  expect(callsOf(budgets, found)).toBe(20);
});

it('an operator sees which of the calls that are spent are held, and not made yet', async () => {
  const { budgets } = await start();
  const both = budgets.opened([BURST, SEATS]);
  const seen = () => budgets.view([BURST, SEATS]).map(({ spent, held }) => [spent, held]);
  budgets.tryTake(both, 'interactive', null);
  expect(seen()).toEqual([
    [1, 0],
    [1, 0],
  ]);
  budgets.tryTake(both, 'interactive', null, true);
  budgets.holdMore(both, { calls: 4, seats: 1 });
  expect(seen()).toEqual([
    [6, 5],
    [3, 2],
  ]);
  budgets.settle(both, { ...NOTHING, used: 2 });
  expect(seen()).toEqual([
    [6, 3],
    [3, 0],
  ]);
  budgets.settle(both, { ...NOTHING, ended: 1 });
  expect(seen()).toEqual([
    [6, 3],
    [3, 1],
  ]);
  budgets.settle(both, { used: 0, ended: 1, returned: 3, seats: 2 });
  expect(seen()).toEqual([
    [3, 0],
    [1, 0],
  ]);
});

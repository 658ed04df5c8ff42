import { describe, expect, it, vi } from 'vitest';
import { type BudgetKey, marksOf, type Turn } from '../../../actors/budgetState.ts';
import { Budgets } from '../../../actors/budgets.ts';
import { IntegrationError } from '../../../src/core/errors.ts';
import { CALLER_WAIT_MS_MAX, CALLERS_WAITING_MAX, PLACE_RETRY_MS } from '../../../src/core/limits.ts';
import { silentLog } from '../../../src/core/log.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import type { CallPriority } from '../../../src/limits/fairQueue.ts';
import type { Store } from '../../../src/store/store.ts';
import { type FakeClock, fakeClock, flush } from '../../support/clock.ts';
import { withStore } from '../../support/store.ts';

const BURST: BudgetKey = { key: 'p/burst', name: 'burst', limit: 10, windowMs: 10 * SECOND_MS };
const DAILY: BudgetKey = { key: 'p/daily', name: 'daily', limit: 1000, windowMs: DAY_MS };
const SEATS: BudgetKey = { key: 'p/seats', name: 'seats', limit: 2, windowMs: 0 };

async function start(clock: FakeClock = fakeClock(), store?: Store) {
  const used = store ?? (await withStore()).store;
  return { budgets: new Budgets(used, clock, silentLog()), clock, store: used };
}

async function startOnFullDisk() {
  const { store } = await withStore();
  const commit = () => Promise.reject(new IntegrationError('storage_unavailable', 'full'));
  const clock = fakeClock();
  return { budgets: new Budgets({ reads: store.reads, commit }, clock, silentLog()), clock };
}

/** Calls as a lease makes them: tried, and waited for where there is no room. Answers who got one, in order. */
function caller(budgets: Budgets, clock: FakeClock, keys: readonly BudgetKey[]) {
  const granted: string[] = [];
  const call = async (owner: string, priority: CallPriority, waitMs = CALLER_WAIT_MS_MAX): Promise<void> => {
    const deadlineMs = clock.nowMs() + waitMs;
    let turn: Turn | null = null;
    for (;;) {
      const full = budgets.tryTake(budgets.opened(keys), priority, turn);
      turn?.end();
      if (full === null) break;
      turn = await budgets.turn(full.budget, priority, owner, deadlineMs);
    }
    granted.push(owner);
  };
  return { granted, call };
}

describe('a call is refused', () => {
  it('when its window allows none before the caller gives up, and is told when', async () => {
    const { budgets, clock } = await start();
    const { call } = caller(budgets, clock, [BURST]);
    for (let turn = 0; turn < 10; turn++) await call('a', 'interactive');
    const refused = expect(call('a', 'interactive', SECOND_MS)).rejects.toMatchObject({
      code: 'budget_exhausted',
      retryAtMs: expect.any(Number),
    });
    await clock.advance(SECOND_MS);
    await refused;
    expect(budgets.view([BURST])[0]?.waiting.interactive).toBe(0);
  });

  it('at once when whoever waited for it has gone, and spends nothing', async () => {
    const { budgets, clock } = await start();
    const one: BudgetKey = { ...BURST, limit: 1 };
    budgets.tryTake(budgets.opened([one]), 'interactive', null);
    const gone = new AbortController();
    const waiting = budgets.turn(one, 'interactive', 'a', clock.nowMs() + CALLER_WAIT_MS_MAX, gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'timeout' });
    expect(budgets.view([one])[0]?.waiting.interactive).toBe(0);
    await clock.advance(11 * SECOND_MS);
    expect(budgets.view([one])[0]?.spent).toBe(0);
  });

  it('when no seat becomes free in time', async () => {
    const { budgets, clock } = await start();
    const { call } = caller(budgets, clock, [SEATS]);
    await Promise.all([call('a', 'interactive'), call('b', 'interactive')]);
    const retryAtMs = clock.nowMs() + CALLER_WAIT_MS_MAX + PLACE_RETRY_MS;
    const refused = expect(call('c', 'interactive')).rejects.toMatchObject({ code: 'budget_exhausted', retryAtMs });
    await clock.advance(CALLER_WAIT_MS_MAX);
    await refused;
  });

  it('when too many calls of its owner wait, and those of others are not', async () => {
    const { budgets, clock } = await start();
    const { call, granted } = caller(budgets, clock, [SEATS]);
    await Promise.all([call('x', 'interactive'), call('x', 'interactive')]);
    const waiting = Array.from({ length: CALLERS_WAITING_MAX }, () => call('a', 'interactive').catch(() => {}));
    await expect(call('a', 'interactive')).rejects.toMatchObject({ code: 'overloaded' });
    const other = call('b', 'interactive');
    budgets.release(budgets.opened([SEATS]));
    budgets.release(budgets.opened([SEATS]));
    await other;
    expect(granted.slice(2)).toEqual(['a', 'b']);
    await clock.advance(CALLER_WAIT_MS_MAX);
    await Promise.all(waiting);
  });

  it('when the disk does not take what it would spend', async () => {
    const { budgets, clock } = await startOnFullDisk();
    const { call } = caller(budgets, clock, [DAILY]);
    await expect(call('a', 'interactive')).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});

describe('a window in which people are not stopped by the count', () => {
  const SOFT: BudgetKey = { ...DAILY, limit: 10, isSoft: true, pause: { firstMs: SECOND_MS, longestMs: MINUTE_MS } };

  it('does not stop them where the disk does not take it either; others wait for it in vain', async () => {
    const { budgets, clock } = await startOnFullDisk();
    const { call, granted } = caller(budgets, clock, [SOFT]);
    for (let turn = 0; turn < 12; turn++) await call('a', 'interactive');
    expect(granted.length).toBe(12);
    await clock.advance(DAY_MS + HOUR_MS);
    await expect(call('a', 'read')).rejects.toMatchObject({ code: 'storage_unavailable' });
  });

  it('counts what they spent beyond what was reserved, also after a restart, and others get none of it', async () => {
    const { budgets, clock, store } = await start();
    const { call } = caller(budgets, clock, [SOFT]);
    for (let turn = 0; turn < 6; turn++) await call('a', 'interactive');
    await vi.waitFor(() => expect(new Budgets(store, clock, silentLog()).view([SOFT])[0]?.spent).toBeGreaterThan(5));
    expect(budgets.view([SOFT])[0]?.spent).toBe(6);
    for (let turn = 0; turn < 2; turn++) await call('b', 'read');
    const refused = expect(call('b', 'read', SECOND_MS)).rejects.toMatchObject({ code: 'budget_exhausted' });
    await clock.advance(SECOND_MS);
    await refused;
  });
});

describe('taking', () => {
  it('is all or nothing over several budgets', async () => {
    const { budgets } = await start();
    const one: BudgetKey = { ...BURST, key: 'p/one', limit: 1 };
    expect(budgets.tryTake(budgets.opened([BURST, one]), 'interactive', null)).toBeNull();
    expect(budgets.tryTake(budgets.opened([BURST, one]), 'interactive', null)).toMatchObject({ budget: one });
    expect(budgets.view([BURST, one]).map(({ spent }) => spent)).toEqual([1, 1]);
  });

  it('does not pass those who wait, unless it matters more', async () => {
    const { budgets, clock } = await start();
    const { call, granted } = caller(budgets, clock, [SEATS]);
    await Promise.all([call('a', 'read'), call('a', 'read')]);
    const waiting = call('b', 'read');
    await flush();
    budgets.release(budgets.opened([SEATS]));
    // The seat is free and promised.
    expect(budgets.tryTake(budgets.opened([SEATS]), 'backfill', null)).not.toBeNull();
    await waiting;
    expect(granted).toEqual(['a', 'a', 'b']);
  });
});

describe('those who wait', () => {
  it('are counted, in all and of one owner', async () => {
    const { budgets, clock } = await start();
    const { call } = caller(budgets, clock, [BURST]);
    for (let turn = 0; turn < 10; turn++) await call('a', 'interactive');
    for (const owner of ['a', 'b', 'b']) call(owner, 'read').catch(() => {});
    await flush();
    expect(budgets.view([BURST], 'b')[0]).toMatchObject({ waiting: { read: 3 }, ownWaiting: 2 });
    expect(budgets.view([BURST])[0]?.ownWaiting).toBe(0);
  });

  it('lose nothing by a turn that comes to nothing', async () => {
    const { budgets, clock } = await start();
    const one: BudgetKey = { ...BURST, limit: 1, windowMs: SECOND_MS };
    budgets.tryTake(budgets.opened([one]), 'interactive', null);
    const turnOf = (owner: string) => budgets.turn(one, 'interactive', owner, clock.nowMs() + MINUTE_MS);
    const order: string[] = [];
    const call = async (owner: string) => {
      const turn = await turnOf(owner);
      if (budgets.tryTake(budgets.opened([one]), 'interactive', turn) === null) order.push(owner);
      turn.end();
    };
    for (let turns = 0; turns < 3; turns++) {
      const unlucky = turnOf('unlucky');
      await clock.advance(2 * SECOND_MS);
      // Meanwhile the provider has refused another call.
      budgets.block([one], 'burst', clock.nowMs() + SECOND_MS);
      const turn = await unlucky;
      expect(budgets.tryTake(budgets.opened([one]), 'interactive', turn)).not.toBeNull();
      turn.end();
      const lucky = call('lucky');
      await clock.advance(3 * SECOND_MS);
      await lucky;
    }
    const calls = ['lucky', 'lucky', 'unlucky', 'unlucky'].map(call);
    await clock.advance(8 * SECOND_MS);
    await Promise.all(calls);
    // The first of them found room before anybody else waited.
    expect(order).toEqual(['lucky', 'lucky', 'lucky', 'lucky', 'unlucky', 'unlucky', 'lucky']);
  });

  it('go by priority, and share evenly whoever asks for more', async () => {
    const { budgets, clock } = await start();
    const one: BudgetKey = { ...BURST, limit: 1, windowMs: SECOND_MS };
    const { call, granted } = caller(budgets, clock, [one]);
    await call('first', 'interactive');
    const calls = [
      ...Array.from({ length: 6 }, () => call('greedy', 'read', MINUTE_MS)),
      ...Array.from({ length: 2 }, () => call('modest', 'read', MINUTE_MS)),
      call('person', 'interactive', MINUTE_MS),
    ];
    await clock.advance(20 * SECOND_MS);
    await Promise.all(calls);
    expect(granted).toEqual([
      'first',
      'person',
      'greedy',
      'modest',
      'greedy',
      'modest',
      'greedy',
      'greedy',
      'greedy',
      'greedy',
    ]);
  });

  it('leave a fifth to people, also when nobody uses it', async () => {
    const { budgets, clock } = await start();
    const { call, granted } = caller(budgets, clock, [BURST]);
    const reads = Array.from({ length: 10 }, () => call('reads', 'backfill', MINUTE_MS).catch(() => {}));
    await flush();
    expect(granted).toHaveLength(8);
    await call('person', 'interactive');
    await call('person', 'interactive');
    expect(granted.slice(8)).toEqual(['person', 'person']);
    await clock.advance(11 * SECOND_MS);
    await Promise.all(reads);
    expect(granted).toHaveLength(12);
  });

  it('get a fair share of a window for hours, at ten times what it allows', async () => {
    const { budgets, clock } = await start();
    const window: BudgetKey = { ...BURST, limit: 60, windowMs: 10 * SECOND_MS };
    const { call, granted } = caller(budgets, clock, [window]);
    const owners = Array.from({ length: 20 }, (_, index) => `o${index}`);
    for (let round = 0; round < 60; round++) {
      for (const [index, owner] of owners.entries()) {
        // Some ask for twenty times as much as others.
        const count = index % 4 === 0 ? 20 : 1;
        for (let asked = 0; asked < count; asked++) call(owner, 'read', 12 * SECOND_MS).catch(() => {});
      }
      await clock.advance(SECOND_MS);
    }
    const counts = owners.map((owner) => granted.filter((one) => one === owner).length);
    const modest = counts.filter((_, index) => index % 4 !== 0);
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(6);
    expect(Math.max(...modest) / Math.min(...modest)).toBeLessThanOrEqual(1.2);
    // 48 of 60 are for background work; 60 seconds are six windows.
    expect(granted.length).toBeGreaterThan(6 * 48 * 0.95);
    expect(granted.length).toBeLessThanOrEqual(7 * 48);
  });
});

describe('a window that outlives the process', () => {
  it('is on disk before it is spent, and a crash counts what was reserved', async () => {
    const { budgets, clock, store } = await start();
    const { call } = caller(budgets, clock, [DAILY]);
    await call('a', 'interactive');
    expect(budgets.view([DAILY])[0]?.spent).toBe(1);
    const again = await start(clock, store);
    const [after] = again.budgets.view([DAILY]);
    // A chunk is a twentieth; at most two of them are lost.
    expect(after?.spent).toBeGreaterThanOrEqual(50);
    expect(after?.spent).toBeLessThanOrEqual(101);
  });

  it('is never overspent over crashes', async () => {
    const { store } = await withStore();
    const clock = fakeClock();
    const small: BudgetKey = { ...DAILY, limit: 40 };
    let made = 0;
    for (let life = 0; life < 30; life++) {
      const { budgets } = await start(clock, store);
      const { call } = caller(budgets, clock, [small]);
      for (let turn = 0; turn < 3; turn++) {
        const outcome = call('a', 'interactive', 1).then(
          () => true,
          () => false,
        );
        await clock.advance(1);
        if (await outcome) made += 1;
      }
    }
    expect(made).toBeLessThanOrEqual(40);
    expect(made).toBeGreaterThan(10);
  });

  it('keeps a chunk that is on its way to the disk when something else is written meanwhile', async () => {
    const { budgets, clock, store } = await start();
    const waiting = budgets.turn(DAILY, 'interactive', 'a', clock.nowMs() + SECOND_MS);
    budgets.learn([DAILY], null, 'daily', { limit: 1001 });
    (await waiting).end();
    await flush();
    expect((await start(clock, store)).budgets.view([DAILY])[0]?.spent).toBeGreaterThanOrEqual(50);
  });

  it('costs one commit per chunk, and calls seldom wait for it', async () => {
    const { store } = await withStore();
    let commits = 0;
    const counted = {
      reads: store.reads,
      commit: (writes: Parameters<Store['commit']>[0]) => {
        commits += 1;
        return store.commit(writes);
      },
    };
    const clock = fakeClock();
    const budgets = new Budgets(counted, clock, silentLog());
    const { call } = caller(budgets, clock, [DAILY]);
    for (let turn = 0; turn < 500; turn++) await call('a', 'interactive');
    expect(commits).toBeLessThanOrEqual(22);
  });
});

describe('places that are found out', () => {
  it('outlive the process, and are no more than are declared now', async () => {
    const found: BudgetKey = { ...SEATS, limit: 20, startsAt: 8 };
    const { budgets, clock, store } = await start();
    budgets.block([found], found.name, null);
    await flush();
    const limitOf = async (key: BudgetKey) => (await start(clock, store)).budgets.view([key])[0]?.limit;
    await vi.waitFor(async () => expect(await limitOf(found)).toBe(4));
    expect(await limitOf({ ...found, limit: 3 })).toBe(3);
  });
});

describe('calls of several budgets', () => {
  it('do not pass their turns round in a circle when each has one place', async () => {
    const { budgets, clock } = await start();
    const tryTake = vi.spyOn(budgets, 'tryTake');
    const [a, b] = [
      { key: 'p/a', name: 'a', limit: 1, windowMs: SECOND_MS },
      { key: 'p/b', name: 'b', limit: 1, windowMs: SECOND_MS },
    ];
    const there = caller(budgets, clock, [a, b]);
    const back = caller(budgets, clock, [b, a]);
    await there.call('first', 'interactive');
    const calls = [
      there.call('v', 'interactive'),
      there.call('w', 'interactive'),
      back.call('x', 'interactive'),
      back.call('y', 'interactive'),
    ];
    await flush();
    budgets.release(budgets.opened([a, b]));
    // Both have room in the same moment: one caller gets the turn at one, another that at the other.
    budgets.learn([a], marksOf(budgets.opened([a])), 'a', { remaining: 1 });
    budgets.learn([b], marksOf(budgets.opened([b])), 'b', { remaining: 1 });
    for (let second = 0; second < 6; second++) {
      await clock.advance(1.1 * SECOND_MS);
      // Round in a circle nothing but this would end them.
      expect(tryTake.mock.calls.length).toBeLessThan(100);
    }
    await Promise.all(calls);
    expect(there.granted.length + back.granted.length).toBe(5);
  });
});

describe('what the provider says', () => {
  it('of less than a call gives nobody a turn', async () => {
    const { budgets, clock } = await start();
    const { call, granted } = caller(budgets, clock, [BURST]);
    budgets.learn([BURST], marksOf(budgets.opened([BURST])), 'burst', { limit: 10, remaining: 0.5 });
    const waiting = call('a', 'interactive');
    await clock.advance(9 * SECOND_MS);
    expect(granted).toEqual([]);
    await clock.advance(2 * SECOND_MS);
    await waiting;
  });

  it('corrects the budget of that name, also after a restart', async () => {
    const { budgets, clock, store } = await start();
    budgets.tryTake(budgets.opened([BURST]), 'interactive', null);
    budgets.learn([BURST, SEATS], marksOf(budgets.opened([BURST, SEATS])), 'burst', {
      limit: 190,
      remaining: 100,
    });
    budgets.learn([BURST], marksOf(budgets.opened([BURST])), 'other', { limit: 1 });
    expect(budgets.view([BURST])).toMatchObject([{ limit: 190, spent: 90, isLearned: true }]);
    await flush();
    const again = await start(clock, store);
    expect(again.budgets.view([BURST])).toMatchObject([{ limit: 190, isLearned: true }]);
  });

  it('in an answer that is late forgives none of the calls made since its call was sent', async () => {
    const { budgets, clock } = await start();
    const { call } = caller(budgets, clock, [BURST]);
    await call('late', 'interactive');
    const marks = marksOf(budgets.opened([BURST]));
    for (let turn = 0; turn < 6; turn++) {
      await call('a', 'interactive');
      budgets.release(budgets.opened([BURST]));
    }
    // As of the first call; all others have ended since.
    budgets.learn([BURST], marks, 'burst', { limit: 10, remaining: 9 });
    expect(budgets.view([BURST])[0]?.spent).toBe(7);
    budgets.learn([BURST], marksOf(budgets.opened([BURST])), 'burst', { limit: 10, remaining: 9 });
    expect(budgets.view([BURST])[0]?.spent).toBe(1);
  });

  it('of what others spent is on disk as soon as it is as much as a chunk, or the last', async () => {
    const { budgets, clock, store } = await start();
    const told = async (remaining: number) => {
      budgets.learn([DAILY], [0], 'daily', { remaining });
      await flush();
      return (await start(clock, store)).budgets.view([DAILY])[0]?.spent;
    };
    expect(await told(990)).toBe(0);
    expect(await told(900)).toBe(100);
    expect(await told(890)).toBe(100);
    expect(await told(0)).toBe(1000);
  });

  it('holds calls back until it wants them again', async () => {
    const { budgets, clock } = await start();
    const { call, granted } = caller(budgets, clock, [BURST, SEATS]);
    budgets.block([BURST, SEATS], 'burst', clock.nowMs() + 5 * SECOND_MS);
    const waiting = call('a', 'interactive');
    await clock.advance(4 * SECOND_MS);
    expect(granted).toEqual([]);
    expect(budgets.view([BURST])[0]?.blockedUntilMs).toBe(clock.nowMs() + SECOND_MS);
    await clock.advance(SECOND_MS);
    await waiting;
    expect(granted).toEqual(['a']);
  });

  it('holds calls back no longer when the clock is put back by hours, nor does a restart', async () => {
    const { budgets, clock, store } = await start();
    budgets.block([DAILY], 'daily', clock.nowMs() + MINUTE_MS);
    await clock.advance(20 * SECOND_MS);
    const fullUntilMs = () => budgets.tryTake(budgets.opened([DAILY]), 'interactive', null)?.atMs;
    expect(fullUntilMs()).toBe(clock.nowMs() + 40 * SECOND_MS);
    clock.jump(-5 * HOUR_MS);
    expect(fullUntilMs()).toBe(clock.nowMs() + 40 * SECOND_MS);
    await flush();
    // What passed since the row was written is not known.
    const { budgets: next } = await start(clock, store);
    expect(next.view([DAILY])[0]?.blockedUntilMs).toBe(clock.nowMs() + MINUTE_MS);
  });

  it('lets those who wait go when more is left than was thought', async () => {
    const { budgets, clock } = await start();
    const { call, granted } = caller(budgets, clock, [BURST]);
    for (let turn = 0; turn < 10; turn++) await call('a', 'interactive');
    for (let turn = 0; turn < 10; turn++) budgets.release(budgets.opened([BURST]));
    const waiting = call('b', 'interactive');
    await flush();
    budgets.learn([BURST], marksOf(budgets.opened([BURST])), 'burst', { remaining: 5 });
    await waiting;
    expect(granted.at(-1)).toBe('b');
  });
});

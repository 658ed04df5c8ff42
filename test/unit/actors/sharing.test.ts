// One provider app, whose calls of a minute or a day all customers share.

import { describe, expect, it, vi } from 'vitest';
import type { BudgetKey, Turn } from '../../../actors/budgetState.ts';
import { Budgets } from '../../../actors/budgets.ts';
import { leaseTarget } from '../../../actors/leaseTarget.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import type { ConnectionId, ProjectId } from '../../../src/core/ids.ts';
import { CALLER_WAIT_MS_MAX, METER_SLICES } from '../../../src/core/limits.ts';
import { silentLog } from '../../../src/core/log.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import type { CallPriority } from '../../../src/limits/fairQueue.ts';
import { fakeClock, flush } from '../../support/clock.ts';
import { withStore } from '../../support/store.ts';

const catalog = createCatalog();

const MINUTE: BudgetKey = {
  key: 'some/providerApp/app/perMinute',
  name: 'perMinute',
  limit: 120,
  windowMs: MINUTE_MS,
  isShared: true,
};
const DAY: BudgetKey = {
  ...MINUTE,
  key: 'some/providerApp/app/perDay',
  name: 'perDay',
  limit: 10_000,
  windowMs: DAY_MS,
};
const SLICE_MS = MINUTE_MS / METER_SLICES;

async function start(key: BudgetKey) {
  const clock = fakeClock();
  const { store } = await withStore();
  const budgets = new Budgets(store, clock, silentLog());
  const keys = [key];
  const tryOne = (owner: string, priority: CallPriority = 'interactive', held: Turn | null = null) => {
    const full = budgets.tryTake(budgets.opened(keys), priority, held, false, owner);
    if (full === null) budgets.release(budgets.opened(keys));
    return full;
  };
  const turn = (owner: string, priority: CallPriority = 'interactive') =>
    budgets.turn(key, priority, owner, clock.nowMs() + CALLER_WAIT_MS_MAX);
  return {
    clock,
    budgets,
    tryOne,
    turn,
    hold: (owner: string, want: number) => budgets.hold(budgets.opened(keys), want, owner),
    settle: (owner: string, used: number, returned: number) =>
      budgets.settle(budgets.opened(keys), { used, ended: used, returned, seats: 0 }, owner),
    spentBy: (owner: string) => budgets.view(keys, owner)[0]?.ownSpent,
    /** As many as there are at once; chunks come from the disk in between. */
    async all(owner: string, priority: CallPriority = 'interactive', most = Number.POSITIVE_INFINITY): Promise<number> {
      let calls = 0;
      for (; calls < most; calls++) {
        const full = tryOne(owner, priority);
        if (full === null) continue;
        if (full.isPart || full.atMs === null || full.atMs > clock.nowMs()) return calls;
        const held = await turn(owner, priority);
        const isFull = tryOne(owner, priority, held) !== null;
        held.end();
        if (isFull) return calls;
      }
      return calls;
    },
  };
}

describe('a window is of customers who know nothing of each other', () => {
  const isSharedOf = (provider: string, providerAppId: string | null, name: string) =>
    leaseTarget(catalog.get(provider), {
      connectionId: 'a' as ConnectionId,
      projectId: 'project' as ProjectId,
      workspaceRef: null,
      providerAppId,
    }).budgets.find((key) => key.name === name)?.isShared ?? false;

  it.each([
    ['the app is of the customer alone', 'surveyMonkey', null, 'perMinute'],
    ['it is short enough to queue for', 'constantContact', 'app', 'perSecond'],
    ['the account is of one customer', 'hubspot', 'app', 'daily'],
  ])('not where %s', (_, provider, app, name) => {
    expect(isSharedOf(provider, app, name)).toBe(false);
  });

  it.each([
    ['of an app', 'surveyMonkey', 'app', 'perMinute'],
    ['of an app, of a day', 'constantContact', 'app', 'perDay'],
    ['of the address that calls come from', 'paddleSandbox', null, 'perMinute'],
  ])('if it is %s', (_, provider, app, name) => {
    expect(isSharedOf(provider, app, name)).toBe(true);
  });
});

describe('one customer gets no more', () => {
  it('of a minute than leaves some to another, who is let through at once', async () => {
    const { all, tryOne, clock, spentBy } = await start(MINUTE);
    expect(await all('a')).toBe(114);
    const full = tryOne('a');
    expect(full).toMatchObject({ isPart: true });
    expect(full?.atMs).toBeGreaterThanOrEqual(clock.nowMs() + MINUTE_MS);
    expect(full?.atMs).toBeLessThanOrEqual(clock.nowMs() + MINUTE_MS + SLICE_MS);
    expect(await all('b', 'interactive', 1)).toBe(1);
    expect([spentBy('a'), spentBy('b'), spentBy('c')]).toEqual([114, 1, 0]);
  });

  it('of a day, in its backfill, than leaves some to the first read of another, and all to people', async () => {
    const { all, tryOne } = await start(DAY);
    expect(await all('a', 'backfill')).toBe(7600);
    expect(await all('b', 'backfill')).toBe(200);
    expect(tryOne('c', 'read')).toBeNull();
    expect(await all('b')).toBeGreaterThan(1500);
  });

  it('than the other, when both want more than there is', async () => {
    const { all, clock } = await start(MINUTE);
    const got = { a: 0, b: 0 };
    for (let minutes = 0; minutes < 6; minutes++) {
      for (const owner of ['a', 'b'] as const) {
        const calls = await all(owner);
        if (minutes > 1) got[owner] += calls;
      }
      await clock.advance(MINUTE_MS + 2 * SLICE_MS);
    }
    expect(got.a + got.b).toBe(4 * 114);
    expect(Math.abs(got.a - got.b)).toBeLessThanOrEqual(4);
  });

  it('through an edge thread, which holds calls for it', async () => {
    const { hold, settle, all, tryOne, spentBy } = await start(MINUTE);
    expect(await all('a')).toBe(114);
    await flush();
    expect(hold('a', 10)).toBeNull();
    expect(hold('b', 10)?.calls).toBe(1);
    expect(tryOne('a')).toMatchObject({ isPart: true });
    expect(spentBy('b')).toBe(1);
    settle('b', 1, 0);
    expect(spentBy('b')).toBe(1);
  });

  it('while threads hold calls that it was handed, which are wanted back', async () => {
    const { budgets, hold, all, tryOne } = await start(MINUTE);
    await all('a', 'interactive', 1);
    await flush();
    hold('a', 100);
    await all('a');
    const wanted = vi.fn<(key: string) => void>();
    budgets.onWanted(wanted);
    expect(tryOne('a')).toMatchObject({ isPart: true });
    expect(wanted).toHaveBeenCalledWith(MINUTE.key);
  });
});

describe('one customer gets all but a twentieth', () => {
  it('though more of its calls came at once than are on disk at a time', async () => {
    const { turn, tryOne } = await start(DAY);
    const calls = Array.from({ length: 700 }, async () => {
      for (let held = await turn('a'); ; held = await turn('a')) {
        const full = tryOne('a', 'interactive', held);
        held.end();
        if (full === null) return;
      }
    });
    await Promise.all(calls);
    expect(tryOne('b')).toBeNull();
  });

  it('though others waited for the disk', async () => {
    const { all, turn, tryOne } = await start(DAY);
    const others = Array.from({ length: 40 }, (_, owner) => `${owner}`);
    for (const owner of others) if (tryOne(owner, 'read') !== null) (await turn(owner, 'read')).end();
    expect(await all('a', 'backfill')).toBeGreaterThan(7500);
  });

  it('of what others gave back', async () => {
    const { hold, settle, all, clock } = await start(MINUTE);
    await all('b');
    await clock.advance(2 * MINUTE_MS);
    await all('a', 'interactive', 1);
    await flush();
    settle('b', 0, hold('b', 3)?.calls ?? 0);
    expect(await all('a')).toBe(113);
  });
});

describe('who has had its part', () => {
  /** Both have had all they may, in the first moment of the minute. */
  async function startEqual() {
    const world = await start(MINUTE);
    for (const owner of ['a', 'b']) await world.all(owner);
    await world.clock.advance(MINUTE_MS + 2 * SLICE_MS);
    for (const owner of ['a', 'b']) await world.all(owner);
    return world;
  }

  it('is passed over by one that has not, while it waits', async () => {
    const { turn, tryOne, clock } = await startEqual();
    const fullSinceMs = clock.nowMs();
    await clock.advance(50 * SECOND_MS);
    const full = tryOne('a');
    expect(full?.isPart).toBe(true);
    expect(full?.atMs).toBeLessThanOrEqual(clock.nowMs() + CALLER_WAIT_MS_MAX);
    const waiting = turn('a').then((given) => {
      given.end();
      return clock.nowMs();
    });
    await flush();
    const other = await turn('c');
    other.end();
    await clock.advance(CALLER_WAIT_MS_MAX - SECOND_MS);
    expect((await waiting) - fullSinceMs).toBeGreaterThanOrEqual(MINUTE_MS);
  });

  it('is told when the provider takes calls again, if that is later', async () => {
    const { budgets, all, tryOne, clock } = await start(MINUTE);
    await all('a');
    const untilMs = clock.nowMs() + 40 * MINUTE_MS;
    budgets.block([MINUTE], 'perMinute', untilMs);
    expect(tryOne('a')).toMatchObject({ isPart: true, atMs: untilMs });
    expect(tryOne('b')?.atMs).toBe(untilMs);
  });

  it('is told when it may have more, if it waited in vain', async () => {
    const { turn, clock } = await startEqual();
    const fullSinceMs = clock.nowMs();
    await clock.advance(20 * SECOND_MS);
    const waiting = turn('a').catch((error: unknown) => error);
    await clock.advance(CALLER_WAIT_MS_MAX);
    const { code, retryAtMs, message } = (await waiting) as { code: string; retryAtMs: number; message: string };
    expect({ code, message }).toEqual({
      code: 'budget_exhausted',
      message: "this connection's part of the calls that the provider allows is spent",
    });
    expect(retryAtMs - fullSinceMs).toBeGreaterThanOrEqual(MINUTE_MS);
  });
});

// One provider app, whose calls of a minute or a day all customers share.

import { describe, expect, it } from 'vitest';
import type { BudgetKey } from '../../../actors/budgetState.ts';
import { Budgets } from '../../../actors/budgets.ts';
import { leaseTarget } from '../../../actors/lease.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import type { ConnectionId, ProjectId } from '../../../src/core/ids.ts';
import { CALLER_WAIT_MS_MAX } from '../../../src/core/limits.ts';
import { silentLog } from '../../../src/core/log.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import type { CallPriority } from '../../../src/limits/fairQueue.ts';
import { fakeClock } from '../../support/clock.ts';
import { withStore } from '../../support/store.ts';

const catalog = createCatalog();

const DAY: BudgetKey = {
  key: 'some/providerApp/app/perDay',
  name: 'perDay',
  limit: 10_000,
  windowMs: DAY_MS,
  isShared: true,
};

async function start(provider: string | null, app: string | null = 'app') {
  const clock = fakeClock();
  const { store } = await withStore();
  const budgets = new Budgets(store, clock, silentLog());
  const keysOf = (owner: string) => {
    if (provider === null) return [DAY];
    const facts = { connectionId: owner as ConnectionId, projectId: 'project' as ProjectId, workspaceRef: owner };
    return leaseTarget(catalog.get(provider), { ...facts, providerAppId: app }).budgets;
  };
  const tryOne = (owner: string, priority: CallPriority) => {
    const opened = budgets.opened(keysOf(owner));
    const full = budgets.tryTake(opened, priority, null, false, owner);
    if (full === null) budgets.release(opened);
    return full;
  };
  return {
    clock,
    budgets,
    keysOf,
    tryOne,
    /** As many as there are; chunks come from the disk in between. */
    async all(owner: string, priority: CallPriority): Promise<number> {
      let calls = 0;
      for (let idle = 0; idle < 20; ) {
        const full = tryOne(owner, priority);
        if (full === null) calls += 1;
        else if (full.atMs !== null && full.atMs > clock.nowMs()) break;
        else {
          idle += 1;
          const turn = await budgets.turn(full.budget, priority, owner, clock.nowMs() + CALLER_WAIT_MS_MAX);
          if (budgets.tryTake(budgets.opened(keysOf(owner)), priority, turn, false, owner) === null) {
            budgets.release(budgets.opened(keysOf(owner)));
            calls += 1;
            idle = 0;
          }
          turn.end();
        }
      }
      return calls;
    },
  };
}

describe('one customer gets no more', () => {
  it('of a minute than leaves some to another, who is let through at once', async () => {
    const { all, tryOne, clock } = await start('surveyMonkey');
    expect(await all('a', 'interactive')).toBe(114);
    const full = tryOne('a', 'interactive');
    expect(full?.atMs).toBe(clock.nowMs() + CALLER_WAIT_MS_MAX + SECOND_MS);
    expect(tryOne('b', 'interactive')).toBeNull();
  });

  it('of a day, in its backfill, than leaves some to the first read of another', async () => {
    const { all, tryOne } = await start(null);
    expect(await all('a', 'backfill')).toBe(7500);
    expect(tryOne('b', 'read')).toBeNull();
  });

  it('than the other, when both want more than there is', async () => {
    const { all, clock } = await start('surveyMonkey');
    const got = { a: 0, b: 0 };
    for (let minutes = 0; minutes < 6; minutes++) {
      for (const owner of ['a', 'b'] as const) {
        const calls = await all(owner, 'interactive');
        if (minutes > 1) got[owner] += calls;
      }
      await clock.advance(MINUTE_MS + 2 * SECOND_MS);
    }
    expect(got.a + got.b).toBeGreaterThanOrEqual(4 * 0.95 * 120);
    expect(Math.abs(got.a - got.b)).toBeLessThanOrEqual(4);
  });

  it('through an edge thread, which holds calls for it', async () => {
    const { budgets, keysOf, all, tryOne } = await start('surveyMonkey');
    expect(await all('a', 'interactive')).toBe(114);
    expect(budgets.hold(budgets.opened(keysOf('a')), 10, 'a')).toBeNull();
    const held = budgets.hold(budgets.opened(keysOf('b')), 10, 'b');
    expect(held?.calls).toBeGreaterThan(0);
    expect(tryOne('a', 'interactive')).not.toBeNull();
  });
});

describe('a customer gets all', () => {
  it('of a limit that is of its own', async () => {
    const { all } = await start('surveyMonkey', null);
    expect(await all('a', 'interactive')).toBe(120);
  });

  it('that others have given back', async () => {
    const { budgets, keysOf, all, clock } = await start('surveyMonkey');
    await all('b', 'interactive');
    await clock.advance(HOUR_MS);
    const held = budgets.hold(budgets.opened(keysOf('a')), 10, 'a');
    budgets.settle(
      budgets.opened(keysOf('a')),
      { used: 0, ended: 0, returned: held?.calls ?? 0, seats: held?.seats ?? 0 },
      'a',
    );
    expect(await all('a', 'interactive')).toBe(114);
  });
});

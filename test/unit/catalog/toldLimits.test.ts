// What the answers of providers correct, by the mapping of their declarations.

import { describe, expect, it } from 'vitest';
import { Budgets } from '../../../actors/budgets.ts';
import { leaseTarget } from '../../../actors/lease.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { parseId } from '../../../src/core/ids.ts';
import { silentLog } from '../../../src/core/log.ts';
import { MINUTE_MS } from '../../../src/core/time.ts';
import { tellLimits } from '../../../src/flows/limitsTold.ts';
import { kindsOf, patternOf } from '../../../src/limits/callKinds.ts';
import type { Answer } from '../../../src/limits/headers/said.ts';
import { fakeClock } from '../../support/clock.ts';
import { withStore } from '../../support/store.ts';

const catalog = createCatalog();

/** The budgets of one connection, and what they are after an answer to a call. */
async function start(provider: string) {
  const clock = fakeClock();
  const { store } = await withStore();
  const budgets = new Budgets(store, clock, silentLog());
  const declaration = catalog.get(provider);
  const targetOf = (method: string, path: string) => {
    const kind = kindsOf(declaration.quotas).find((one) => one.method === method && patternOf(one).test(path));
    const facts = { connectionId: parseId('c1', 'id'), projectId: parseId('p1', 'id'), providerAppId: 'app' } as const;
    return { declaration, lease: leaseTarget(declaration, { ...facts, workspaceRef: 'acme' }, kind ?? null) };
  };
  return {
    clock,
    tell: (answer: Answer, method = 'GET', path = '/') =>
      tellLimits(budgets, targetOf(method, path), [], answer, clock.nowMs()),
    view: (method = 'GET', path = '/') => {
      const keys = targetOf(method, path).lease.budgets;
      return Object.fromEntries(budgets.view(keys).map((budget, index) => [keys[index]?.name ?? '', budget]));
    },
  };
}

describe('fields without a name', () => {
  it('raise the limit of a larger plan, and tell what others have spent of it', async () => {
    const { tell, view, clock } = await start('clickup');
    const reset = String(Math.floor(clock.nowMs() / 1000) + 30);
    const headers = { 'x-ratelimit-limit': '1000', 'x-ratelimit-remaining': '900', 'x-ratelimit-reset': reset };
    tell({ status: 200, headers });
    expect(view()['perMinute']).toMatchObject({ limit: 1000, isLearned: true, spent: 100 });
  });
});

describe('what GitHub says', () => {
  it('of a secondary limit holds back what is counted by the minute, and not the hour', async () => {
    const { tell, view, clock } = await start('github');
    const bodyText = '{"message":"You have exceeded a secondary rate limit."}';
    tell({ status: 403, headers: {}, bodyText });
    expect(view()['pointsPerMinute']?.blockedUntilMs).toBe(clock.nowMs() + MINUTE_MS);
    expect(view()['perHour']?.blockedUntilMs).toBeNull();
  });
});

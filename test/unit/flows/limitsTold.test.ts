import { describe, expect, it } from 'vitest';
import { Budgets } from '../../../actors/budgets.ts';
import { leaseTarget } from '../../../actors/leaseTarget.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import type { ConnectionId, ProjectId } from '../../../src/core/ids.ts';
import { silentLog } from '../../../src/core/log.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { tellLimits } from '../../../src/flows/limitsTold.ts';
import type { Answer } from '../../../src/limits/headers/said.ts';
import { fakeClock } from '../../support/clock.ts';
import { withStore } from '../../support/store.ts';

const catalog = createCatalog();

const told = (usage: string) => ({ 'sforce-limit-info': usage });
const refusedFor = (words: string) =>
  JSON.stringify([{ message: `${words} Limit exceeded.`, errorCode: 'REQUEST_LIMIT_EXCEEDED' }]);
const DAY_SPENT = { status: 403, headers: told('api-usage=100400/100000'), bodyText: refusedFor('TotalRequests') };

async function start(provider: string) {
  const clock = fakeClock();
  const { store } = await withStore();
  const budgets = new Budgets(store, clock, silentLog());
  const declaration = catalog.get(provider);
  const facts = (id: string) => ({
    connectionId: id as ConnectionId,
    projectId: 'project' as ProjectId,
    providerAppId: 'app',
    workspaceRef: id,
  });
  const targetOf = (connectionId: string, project = 'project') => ({
    declaration,
    lease: leaseTarget(declaration, { ...facts(connectionId), projectId: project as ProjectId }),
  });
  return {
    clock,
    tell: (answer: Answer) => tellLimits(budgets, targetOf('one'), [], answer, clock.nowMs()),
    view: (connectionId = 'one', project = 'project') =>
      Object.fromEntries(
        budgets
          .view(targetOf(connectionId, project).lease.budgets)
          .map((budget): [string, typeof budget] => [budget.key.split('/').at(-1) ?? '', budget]),
      ),
  };
}

const HUBSPOT = {
  'x-hubspot-ratelimit-max': '190',
  'x-hubspot-ratelimit-remaining': '150',
  'x-hubspot-ratelimit-interval-milliseconds': '10000',
};
const linearHas = (what: string, limit: string, remaining: string) => ({
  [`x-ratelimit-${what}-limit`]: limit,
  [`x-ratelimit-${what}-remaining`]: remaining,
  [`x-ratelimit-${what}-reset`]: '3600',
});
const ANONYMOUS_SPENT = { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '0' };
const BURST_SPENT = '{"policyName":"TEN_SECONDLY_ROLLING"}';

describe('what an answer says of limits changes nothing', () => {
  it('where it says nothing', async () => {
    const { tell, view } = await start('hubspot');
    tell({ status: 200, headers: {} });
    expect(view()['burst']).toMatchObject({ spent: 0, isLearned: false, blockedUntilMs: null });
  });

  it('where its window is another than the declared one of that name', async () => {
    const { tell, view } = await start('hubspot');
    tell({ status: 200, headers: { ...HUBSPOT, 'x-hubspot-ratelimit-interval-milliseconds': '1000' } });
    expect(view()['burst']).toMatchObject({ spent: 0, isLearned: false });
  });

  it('for other accounts', async () => {
    const { tell, view } = await start('hubspot');
    tell({ status: 429, headers: { 'retry-after': '5' }, bodyText: BURST_SPENT });
    expect(view()['burst']?.blockedUntilMs).not.toBeNull();
    expect(view('other')['burst']).toMatchObject({ spent: 0, blockedUntilMs: null });
  });

  it('for another project whose user names the same account', async () => {
    const { tell, view } = await start('hubspot');
    tell({ status: 429, headers: { ...HUBSPOT, 'retry-after': '5' }, bodyText: BURST_SPENT });
    expect(view()['burst']).toMatchObject({ spent: 190, blockedUntilMs: expect.any(Number) });
    expect(view('one', 'another')['burst']).toMatchObject({ spent: 0, blockedUntilMs: null });
  });

  it('where a refusal names no declared limit', async () => {
    const { tell, view } = await start('hubspot');
    const bodyText = '{"policyName":"SECONDLY"}';
    tell({ status: 429, headers: { 'retry-after': '5' }, bodyText });
    tell({ status: 429, headers: { 'retry-after': '5' } });
    expect(Object.values(view()).filter(({ blockedUntilMs }) => blockedUntilMs !== null)).toEqual([]);
  });

  it('where another resource of GitHub has a window alike', async () => {
    const { tell, view } = await start('github');
    const spent = { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1800' };
    for (const resource of ['graphql', 'code_search', 'search']) {
      tell({ status: 200, headers: { ...spent, 'x-ratelimit-resource': resource } });
    }
    const { perHour, pointsPerMinute } = view();
    expect([perHour, pointsPerMinute]).toMatchObject([
      { limit: 5000, spent: 0, isLearned: false },
      { limit: 900, spent: 0, isLearned: false },
    ]);
  });

  it('where it is of complexity and the declared limit of calls', async () => {
    const { tell, view } = await start('linear');
    tell({ status: 200, headers: linearHas('complexity', '250000', '249990') });
    expect(view()['perHour']).toMatchObject({ spent: 0, isLearned: false });
    tell({ status: 200, headers: { ...linearHas('requests', '1200', '0'), ...linearHas('complexity', '9', '9') } });
    expect(view()['perHour']).toMatchObject({ limit: 1200, spent: 1200 });
  });

  it('where it counts bytes, or calls at the same time', async () => {
    const { tell, view } = await start('copper');
    for (const unit of ['content-bytes', 'concurrent-requests']) {
      tell({ status: 200, headers: { 'ratelimit-policy': `"a";q=5;w=60;qu="${unit}"`, ratelimit: '"a";r=0;t=30' } });
    }
    expect(view()['perMinute']).toMatchObject({ spent: 0, isLearned: false });
    tell({ status: 200, headers: { 'ratelimit-policy': '"a";q=5;w=60;qu="requests"', ratelimit: '"a";r=0;t=30' } });
    expect(view()['perMinute']).toMatchObject({ limit: 5, spent: 5 });
  });

  it('where an error that is no refusal asks to come back later', async () => {
    const { tell, view } = await start('hubspot');
    tell({ status: 503, headers: { 'retry-after': '30' } });
    expect(view()['burst']?.blockedUntilMs).toBeNull();
  });
});

describe('what an answer says of limits', () => {
  it('holds calls back for an hour at most, whatever was said', async () => {
    const { tell, view, clock } = await start('hubspot');
    tell({ status: 429, headers: { 'retry-after': '2000000' }, bodyText: BURST_SPENT });
    expect(view()['burst']?.blockedUntilMs).toBe(clock.nowMs() + HOUR_MS);
  });

  it('is the limit from then on, and what others have spent of it', async () => {
    const { tell, view } = await start('hubspot');
    tell({ status: 200, headers: HUBSPOT });
    expect(view()['burst']).toMatchObject({ limit: 190, isLearned: true, spent: 40, blockedUntilMs: null });
  });

  it('holds back the limit that is named as the one that refused, until then', async () => {
    const { tell, view, clock } = await start('github');
    tell({
      status: 403,
      headers: { 'retry-after': '60', 'x-ratelimit-resource': 'core', 'x-ratelimit-remaining': '0' },
      bodyText: '{"message":"API rate limit exceeded"}',
    });
    expect(view()['perHour']?.blockedUntilMs).toBe(clock.nowMs() + 60 * SECOND_MS);
  });
});

describe('a refusal that says when, and of what is left no more than that it is nothing', () => {
  it.each([
    ['xero', { 'x-rate-limit-problem': 'day', 'x-daylimit-remaining': '0', 'retry-after': '600' }, 'perDay', 600],
    ['zendeskSupport', { 'x-rate-limit': '700', 'x-rate-limit-remaining': '0', 'retry-after': '12' }, 'perMinute', 12],
  ])('holds calls of %s as long as it says', async (provider, headers, name, seconds) => {
    const { tell, view, clock } = await start(provider);
    tell({ status: 429, headers });
    expect(view()[name]?.blockedUntilMs).toBe(clock.nowMs() + seconds * SECOND_MS);
    await clock.advance(seconds * SECOND_MS);
    expect(view()[name]).toMatchObject({ spent: 0, blockedUntilMs: null });
  });

  it('says nothing of what others use: the next one holds as long as it says, too', async () => {
    const { tell, view, clock } = await start('github');
    for (let time = 0; time < 3; time++) {
      tell({ status: 429, headers: { 'retry-after': '3' } });
      expect(view()['pointsPerMinute']?.blockedUntilMs).toBe(clock.nowMs() + 3 * SECOND_MS);
      await clock.advance(3 * SECOND_MS);
      expect(view()['pointsPerMinute']).toMatchObject({ spent: 0, blockedUntilMs: null });
    }
    expect(view()['pointsPerMinute']?.limit).toBeGreaterThan(850);
  });

  it('holds no less than one that says only when', async () => {
    const silent = await start('copper');
    silent.tell({ status: 429, headers: { 'retry-after': '40' } });
    const telling = await start('copper');
    telling.tell({ status: 429, headers: { 'retry-after': '40', ...ANONYMOUS_SPENT } });
    const [{ blockedUntilMs: untilMs } = {}, { blockedUntilMs } = {}] = [silent, telling].map(
      ({ view }) => view()['perMinute'],
    );
    expect(untilMs).toBe(silent.clock.nowMs() + 40 * SECOND_MS);
    expect(blockedUntilMs).toBe(untilMs);
  });
});

describe('what Salesforce says', () => {
  it('of a locked row is no limit', async () => {
    const { tell, view } = await start('salesforce');
    const bodyText = JSON.stringify([
      { message: 'unable to obtain exclusive access', errorCode: 'UNABLE_TO_LOCK_ROW' },
    ]);
    expect(tell({ status: 400, headers: {}, bodyText })).toMatchObject({ isLimited: false });
    expect(view()).toMatchObject({ daily: { blockedUntilMs: null }, longRunning: { limit: 5 } });
  });

  it('is the day of the org and of the app, whatever was declared', async () => {
    const { tell, view } = await start('salesforce');
    tell({ status: 200, headers: told('api-usage=10018/100000; per-app-api-usage=17/250(appName=x)') });
    expect(view()).toMatchObject({
      daily: { limit: 100_000, spent: 10_018, reservedForPeople: 20_000 },
      perApp: { limit: 250, spent: 17 },
    });
  });

  it('ends all calls of the org for a quarter of an hour when its day is spent, longer when it still is', async () => {
    const { tell, view, clock } = await start('salesforce');
    tell(DAY_SPENT);
    expect(view()['daily']).toMatchObject({ limit: 100_000, blockedUntilMs: clock.nowMs() + 15 * MINUTE_MS });
    expect(view('other')['daily']?.blockedUntilMs).toBeNull();
    await clock.advance(15 * MINUTE_MS);
    tell(DAY_SPENT);
    expect(view()['daily']?.blockedUntilMs).toBe(clock.nowMs() + 30 * MINUTE_MS);
    await clock.advance(30 * MINUTE_MS);
    tell({ status: 200, headers: told('api-usage=99000/100000') });
    tell(DAY_SPENT);
    expect(view()['daily']?.blockedUntilMs).toBe(clock.nowMs() + 15 * MINUTE_MS);
  });

  it('of too many calls at once halves them, and spends nothing of the day', async () => {
    const { tell, view } = await start('salesforce');
    const headers = told('api-usage=10/100000');
    tell({ status: 403, headers, bodyText: refusedFor('ConcurrentRequests (Concurrent API Requests)') });
    expect(view()).toMatchObject({ longRunning: { limit: 2 }, daily: { spent: 10, blockedUntilMs: null } });
  });
});

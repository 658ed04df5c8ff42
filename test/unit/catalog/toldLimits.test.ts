// What the answers of providers correct, by the mapping of their declarations.

import { describe, expect, it } from 'vitest';
import { Budgets } from '../../../actors/budgets.ts';
import { leaseTarget } from '../../../actors/leaseTarget.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { type ConnectionId, type ProjectId, parseId } from '../../../src/core/ids.ts';
import { silentLog } from '../../../src/core/log.ts';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { partToLookAt, tellLimits } from '../../../src/flows/limitsTold.ts';
import { type ProviderTarget, targetOfCall } from '../../../src/flows/targets.ts';
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
  const facts = {
    connectionId: parseId<ConnectionId>('c1', 'connection'),
    projectId: parseId<ProjectId>('p1', 'project'),
    providerAppId: 'app',
    workspaceRef: 'acme',
  };
  const whole = { declaration, facts, baseUrl: '', hasKinds: true, accountKey: '', customer: '' };
  const target: ProviderTarget = { ...whole, lease: leaseTarget(declaration, facts) };
  const targetOf = (method: string, path: string) => targetOfCall(target, method, path);
  return {
    clock,
    tell: (answer: Answer, method = 'GET', path = '/') =>
      tellLimits(budgets, targetOf(method, path), [], answer, clock.nowMs()),
    part: (status: number, method: string, path: string) => partToLookAt(targetOf(method, path), status),
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

  it('of a secondary limit to a search holds back other calls too, and to GraphQL those of GraphQL', async () => {
    const { tell, view, clock } = await start('github');
    const answer = { status: 403, headers: {}, bodyText: '{"message":"You have exceeded a secondary rate limit."}' };
    const untilMs = clock.nowMs() + MINUTE_MS;
    tell(answer, 'POST', '/graphql');
    expect(view('POST', '/graphql')['graphqlPointsPerMinute']?.blockedUntilMs).toBe(untilMs);
    expect(view()['pointsPerMinute']?.blockedUntilMs).toBeNull();
    tell(answer, 'GET', '/search/issues?q=a');
    for (const path of ['/search/issues', '/search/code', '/repos/o/r']) {
      expect(view('GET', path)['pointsPerMinute']?.blockedUntilMs).toBe(untilMs);
    }
    expect(view('GET', '/search/issues')['search']?.blockedUntilMs).toBeNull();
  });

  it('of a resource corrects the limit of that resource alone', async () => {
    const { tell, view } = await start('github');
    const left = (resource: string, limit: string, remaining: string) => ({
      'x-ratelimit-resource': resource,
      'x-ratelimit-limit': limit,
      'x-ratelimit-remaining': remaining,
    });
    tell({ status: 200, headers: left('search', '30', '18') }, 'GET', '/search/issues?q=a');
    tell({ status: 200, headers: left('code_search', '10', '4') }, 'GET', '/search/code?q=a');
    tell({ status: 200, headers: left('graphql', '10000', '9000') }, 'POST', '/graphql');
    expect(view('GET', '/search/issues')).toMatchObject({ search: { limit: 30, spent: 12 } });
    expect(view('GET', '/search/code')).toMatchObject({ codeSearch: { limit: 10, spent: 6 } });
    expect(view('POST', '/graphql')).toMatchObject({ graphqlPerHour: { limit: 10_000, spent: 1000 } });
    expect(view()).toMatchObject({ pointsPerMinute: { spent: 0 }, perHour: { limit: 5000, spent: 0 } });
  });
});

describe('what Shopify says', () => {
  it('of its REST bucket is that of a larger plan, and what others have spent of it', async () => {
    const { tell, view } = await start('shopify');
    tell({ status: 200, headers: { 'x-shopify-shop-api-call-limit': '72/80' } });
    expect(view()['rest']).toMatchObject({ limit: 80, isLearned: true, spent: 72 });
    expect(view('POST', '/admin/api/2026-10/graphql.json')['cost']).toMatchObject({ limit: 2000, spent: 0 });
  });

  it.each([
    [{ 'retry-after': '1.0' }, SECOND_MS],
    [{}, 2 * SECOND_MS],
  ])('of a spent bucket (%o) holds back calls of its kind until one fits, %i ms', async (said, waitMs) => {
    const { tell, view, clock } = await start('shopify');
    tell({ status: 429, headers: { 'x-shopify-shop-api-call-limit': '40/40', ...said } });
    expect(view()['rest']?.blockedUntilMs).toBe(clock.nowMs() + waitMs);
    expect(view('POST', '/admin/api/2026-10/graphql.json')['cost']?.blockedUntilMs).toBeNull();
  });

  it('of the cost of queries is told within an answer with status 200', async () => {
    const { tell, view, clock } = await start('shopify');
    const path = '/admin/api/2026-10/graphql.json';
    const throttleStatus = { maximumAvailable: 4000, currentlyAvailable: 3000, restoreRate: 200 };
    tell(
      { status: 200, headers: {}, bodyText: JSON.stringify({ data: {}, extensions: { cost: { throttleStatus } } }) },
      'POST',
      path,
    );
    expect(view('POST', path)['cost']).toMatchObject({ limit: 4000, spent: 1000, blockedUntilMs: null });
    const spent = { ...throttleStatus, currentlyAvailable: 0 };
    const bodyText = JSON.stringify({
      errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
      extensions: { cost: { requestedQueryCost: 400, throttleStatus: spent } },
    });
    tell({ status: 200, headers: {}, bodyText }, 'POST', path);
    expect(view('POST', path)['cost']?.blockedUntilMs).toBe(clock.nowMs() + 2 * SECOND_MS);
  });
});

describe('a body is looked at', () => {
  it.each([
    ['shopify', 'POST', '/admin/api/2026-10/graphql.json', 200, 'end'],
    ['shopify', 'POST', '/admin/api/2026-10/graphql.json', 201, null],
    ['shopify', 'GET', '/admin/api/2026-10/orders/1.json', 200, null],
    ['slack', 'GET', '/users.list', 200, 'short'],
    ['monday', 'POST', '/v2', 200, 'short'],
    ['github', 'POST', '/graphql', 200, 'short'],
    ['github', 'GET', '/repos/acme/widgets/contents/a.json', 200, null],
    ['github', 'GET', '/repos/acme/widgets', 403, 'short'],
    ['linear', 'POST', '/graphql', 200, null],
    ['linear', 'POST', '/graphql', 400, 'short'],
    ['hubspot', 'POST', '/crm/v3/objects/contacts/search', 429, 'short'],
    ['hubspot', 'GET', '/crm/v3/objects/contacts', 200, null],
    ['salesforce', 'GET', '/services/data/v60.0/query', 403, 'short'],
    ['stripe', 'GET', '/v1/customers', 200, null],
  ])('of %s: %s %s answered %i: %s', async (provider, method, path, status, part) => {
    const { part: partOf } = await start(provider);
    expect(partOf(status, method, path)).toBe(part);
  });
});

describe('what Klaviyo says', () => {
  const profile = ['GET', '/api/profiles/01GDDKASAP8TKDDA2GRZDSVP4H/?fields[profile]=email'] as const;

  it('of an endpoint counts for that endpoint, whichever object is asked for', async () => {
    const { tell, view } = await start('klaviyo');
    const headers = { 'ratelimit-limit': '750', 'ratelimit-remaining': '700', 'ratelimit-reset': '30' };
    tell({ status: 200, headers }, ...profile);
    expect(view('GET', '/api/profiles/another')['lSteady']).toMatchObject({ limit: 750, spent: 50 });
    expect(view('GET', '/api/profiles')['lSteady']).toMatchObject({ spent: 0 });
    expect(view('PATCH', '/api/profiles/another')['lSteady']).toMatchObject({ spent: 0 });
  });

  it.each([
    ['1', 'lBurst', 'lSteady', SECOND_MS],
    ['17', 'lSteady', 'lBurst', 17 * SECOND_MS],
  ])('of a refusal that ends after %s s holds %s and not %s', async (seconds, held, other, waitMs) => {
    const { tell, view, clock } = await start('klaviyo');
    tell({ status: 429, headers: { 'retry-after': seconds } }, ...profile);
    expect(view(...profile)[held]?.blockedUntilMs).toBe(clock.nowMs() + waitMs);
    expect(view(...profile)[other]?.blockedUntilMs).toBeNull();
    expect(view('GET', '/api/events')['xlBurst']?.blockedUntilMs).toBeNull();
  });
});

describe('what Zoom says', () => {
  it('of a refusal of a second holds the label, and not the day', async () => {
    const { tell, view, clock } = await start('zoom');
    const path = '/v2/report/daily';
    tell({ status: 429, headers: { 'x-ratelimit-type': 'QPS', 'x-ratelimit-remaining': '5' } }, 'GET', path);
    expect(view('GET', path)['heavy']?.blockedUntilMs).toBe(clock.nowMs() + SECOND_MS);
    expect(view('GET', path)['heavyPerDay']?.blockedUntilMs).toBeNull();
    expect(view('GET', '/v2/users')['medium']?.blockedUntilMs).toBeNull();
  });

  it.each([
    [
      'of one user, whose words come later',
      undefined,
      { 'x-ratelimit-category': 'Light', 'x-ratelimit-limit': '6000' },
    ],
    [
      'of one user',
      'You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this user.',
      { 'x-ratelimit-category': 'Light', 'x-ratelimit-limit': '6000', 'x-ratelimit-remaining': '5893' },
    ],
    ['of a few calls a day', undefined, { 'x-ratelimit-type': 'Daily-limit', 'x-ratelimit-limit': '3' }],
  ])('of a refusal %s holds nobody else', async (_what, message, headers) => {
    const { tell, view } = await start('zoom');
    for (const [method, path] of [
      ['POST', '/v2/users/u1/meetings'],
      ['POST', '/v2/meetings/1/batch_registrants'],
    ] as const) {
      tell(
        { status: 429, headers, ...(message && { bodyText: JSON.stringify({ code: 429, message }) }) },
        method,
        path,
      );
      const views = Object.values(view(method, path));
      expect(views.map(({ blockedUntilMs }) => blockedUntilMs)).toEqual(views.map(() => null));
    }
  });

  it('of a second is told by words too', async () => {
    const { tell, view, clock } = await start('zoom');
    const bodyText = JSON.stringify({ code: 429, message: 'You have reached the maximum per-second rate limit.' });
    tell({ status: 429, headers: {}, bodyText }, 'GET', '/v2/users');
    expect(view('GET', '/v2/users')['medium']?.blockedUntilMs).toBe(clock.nowMs() + SECOND_MS);
  });

  it('of a refusal of the day holds until it ends', async () => {
    const { tell, view, clock } = await start('zoom');
    const path = '/v2/metrics/meetings';
    const endsAtMs = clock.nowMs() + 3 * 60 * MINUTE_MS;
    const headers = { 'x-ratelimit-type': 'Daily-limit', 'retry-after': new Date(endsAtMs).toISOString() };
    tell({ status: 429, headers }, 'GET', path);
    expect(view('GET', path)['heavyPerDay']?.blockedUntilMs).toBe(endsAtMs);
    expect(view('GET', path)['intensive']?.blockedUntilMs).toBeNull();
  });
});

describe('what monday says', () => {
  it('of a minute is that of a larger plan; its complexity is no number of calls', async () => {
    const { tell, view } = await start('monday');
    const headers = {
      'ratelimit-policy': '"minuteRate";q=5000;w=60, "complexityMinute";q=1000000;w=60;qu="content-bytes"',
      ratelimit: '"minuteRate";r=4999;t=60, "complexityMinute";r=999000;t=60',
    };
    tell({ status: 200, headers }, 'POST', '/v2');
    expect(view('POST', '/v2')['minuteRate']).toMatchObject({ limit: 5000, isLearned: true, spent: 1 });
  });

  it('of calls at once is learned from the body of a refusal', async () => {
    const { tell, part } = await start('monday');
    expect(part(429, 'POST', '/v2')).toBe('short');
    const bodyText = JSON.stringify({ errors: [{ extensions: { code: 'maxConcurrencyExceeded' } }] });
    const { readings } = tell({ status: 429, headers: {}, bodyText }, 'POST', '/v2');
    expect(readings).toEqual([{ name: 'concurrent', remaining: 0 }]);
  });

  it('of a field that was asked for too often holds nothing else', async () => {
    const { tell, view } = await start('monday');
    const extensions = { code: 'FIELD_MINUTE_RATE_LIMIT_EXCEEDED', status_code: 429, retry_in_seconds: 20 };
    const said = tell(
      { status: 200, headers: {}, bodyText: JSON.stringify({ errors: [{ extensions }] }) },
      'POST',
      '/v2',
    );
    expect(said.isLimited).toBe(true);
    expect(view('POST', '/v2')['minuteRate']?.blockedUntilMs).toBeNull();
  });
});

describe('what Slack says', () => {
  it('of a tier holds back the method that was called, however it is called, and no other', async () => {
    const { tell, view, clock } = await start('slack');
    tell({ status: 429, headers: { 'retry-after': '30' } }, 'GET', '/users.list?cursor=x');
    const untilMs = clock.nowMs() + 30 * SECOND_MS;
    expect(view('POST', '/users.list')['tier2']).toMatchObject({ path: '/users.list', blockedUntilMs: untilMs });
    expect(view('GET', '/conversations.list')['tier2']).toMatchObject({ spent: 0, blockedUntilMs: null });
    expect(view('GET', '/users.info')['tier4']).toMatchObject({ spent: 0, blockedUntilMs: null });
  });

  it('of a method that has no declared limit changes nothing', async () => {
    const { tell, view } = await start('slack');
    expect(tell({ status: 429, headers: { 'retry-after': '30' } }, 'GET', '/admin.users.list').isLimited).toBe(true);
    expect(view('GET', '/users.list')['tier2']?.blockedUntilMs).toBeNull();
  });
});

describe('calls that a provider counts apart', () => {
  it.each([
    ['attio', 'GET', '/v2/objects/people/records/r1', ['perSecond']],
    ['attio', 'POST', '/v2/objects/people/records/query', ['perSecond']],
    ['attio', 'POST', '/v2/objects/people/records', ['writesPerSecond']],
    ['attio', 'PATCH', '/v2/objects/people/records/r1', ['writesPerSecond']],
    ['attio', 'DELETE', '/v2/webhooks/w1', ['writesPerSecond']],
    ['github', 'GET', '/search/repositories?q=a', ['search', 'pointsPerMinute', 'requests']],
    ['github', 'POST', '/graphql', ['graphqlPerHour', 'graphqlPointsPerMinute', 'requests']],
    ['github', 'GET', '/repos/o/r/issues', ['pointsPerMinute', 'perHour', 'requests']],
    ['ironcladEU', 'GET', '/public/api/v1/workflows/w1/approvals', ['workflowReads']],
    ['ironcladEU', 'POST', '/public/api/v1/workflows', ['workflowWrites']],
    ['ironclad', 'PATCH', '/public/api/v1/records/r1', ['recordWrites']],
    ['ironclad', 'GET', '/public/api/v1/workflow-schemas', ['others']],
    [
      'quickbooks',
      'POST',
      '/v3/company/1/batch?minorversion=75',
      ['perSecond', 'perMinute', 'batchPerMinute', 'requests'],
    ],
    ['quickbooksSandbox', 'POST', '/v3/company/1/invoice', ['perSecond', 'perMinute', 'requests']],
    ['zendeskSupport', 'GET', '/api/v2/incremental/tickets/cursor?start_time=1', ['perMinute', 'incrementalExports']],
    ['zendeskSupport', 'GET', '/api/v2/incremental/users.json', ['perMinute', 'incrementalExports']],
    ['zendeskSupport', 'GET', '/api/v2/tickets', ['perMinute']],
    ['shopify', 'GET', '/admin/api/2026-10/orders/1.json', ['rest']],
    ['shopify', 'POST', '/admin/api/2026-10/graphql.json', ['cost']],
    ['klaviyo', 'GET', '/api/events/?page[size]=100', ['xlBurst', 'xlSteady']],
    ['klaviyo', 'GET', '/api/lists/XyZ123/tags/', ['sBurst', 'sSteady']],
    ['klaviyo', 'POST', '/api/profiles', ['lBurst', 'lSteady']],
    ['klaviyo', 'POST', '/api/flow-series-reports', ['reportsBurst', 'reportsSteady']],
    ['klaviyo', 'PUT', '/api/profiles', []],
    ['iterable', 'GET', '/api/campaigns/metrics?campaignId=1', ['metrics']],
    ['iterable', 'GET', '/api/campaigns/17', ['usual']],
    ['iterable', 'GET', '/api/users/getFields', ['seldom']],
    ['iterable', 'GET', '/api/users/ada%40example.com', ['usual']],
    ['iterable', 'GET', '/api/journeys', ['undeclared']],
    ['sendGrid', 'GET', '/v3/messages/abc', ['messages']],
    ['sendGrid', 'GET', '/v3/marketing/lists', ['undeclared']],
    ['monday', 'POST', '/v2', ['minuteRate', 'concurrency']],
    ['zoom', 'GET', '/v2/users/me', ['light']],
    ['zoom', 'GET', '/v2/meetings/meeting_summaries', ['medium']],
    ['zoom', 'GET', '/v2/report/daily?year=2026', ['heavy', 'heavyPerDay']],
    ['zoom', 'GET', '/v2/metrics/meetings', ['intensive', 'heavyPerDay']],
    ['zoom', 'GET', '/v2/phone/users', []],
    ['slack', 'GET', '/users.list?limit=200', ['tier2']],
    ['slack', 'POST', '/users.list', ['tier2']],
    ['slack', 'POST', '/chat.postMessage', ['special']],
    ['slack', 'POST', '/users.listing', []],
    ['slack', 'POST', '/admin.users.list', []],
  ])('of %s: %s %s spends its own limits', async (provider, method, path, names) => {
    const { view } = await start(provider);
    expect(Object.keys(view(method, path))).toEqual(names);
  });

  it('are counted together where one limit is that of several methods', async () => {
    const { view } = await start('attio');
    const keyOf = (method: string) => view(method, '/v2/objects/people/records')['writesPerSecond']?.key;
    expect(keyOf('POST')).toBeDefined();
    expect(new Set(['POST', 'PUT', 'PATCH', 'DELETE'].map(keyOf)).size).toBe(1);
  });
});

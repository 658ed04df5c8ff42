// Answers in the form that the vendors' pages give; the page is named in the file of each family. First what must not
// be taken for a limit, then refusals, then what ordinary answers tell.

import { describe, expect, it } from 'vitest';
import type { RateHeaderFamily } from '../../../../src/catalog/schema.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, type Ms, SECOND_MS } from '../../../../src/core/time.ts';
import { limitsSaid, NOTHING_SAID } from '../../../../src/limits/headers/limitsSaid.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 9);
const epoch = (aheadMs: Ms) => String((NOW_MS + aheadMs) / SECOND_MS);

type Headers = Record<string, string>;
type Body = string | object;

function said(family: RateHeaderFamily, status: number, headers: Headers, body?: Body) {
  const bodyText = typeof body === 'object' ? JSON.stringify(body) : body;
  return limitsSaid(family, { status, headers, ...(bodyText !== undefined && { bodyText }) }, NOW_MS);
}

const salesforceError = (errorCode: string, message: string) => [{ errorCode, message }];
const graphqlError = (code: string, extensions = {}) => ({
  errors: [{ message: 'x', extensions: { code, ...extensions } }],
});
const throttleStatus = { maximumAvailable: 2000, currentlyAvailable: 50, restoreRate: 100 };

describe('no limit', () => {
  it.each<[string, RateHeaderFamily, number, Headers, Body?]>([
    ['a locked row', 'salesforce', 400, {}, salesforceError('UNABLE_TO_LOCK_ROW', 'unable to obtain exclusive access')],
    ['a permission', 'salesforce', 403, {}, salesforceError('INSUFFICIENT_ACCESS_OR_READONLY', 'no')],
    ['a quoted code', 'salesforce', 400, {}, salesforceError('MALFORMED_QUERY', 'REQUEST_LIMIT_EXCEEDED is no field')],
    ['a page about it', 'salesforce', 503, {}, 'REQUEST_LIMIT_EXCEEDED'],
    ['a locked object', 'stripe', 429, {}, { error: { code: 'lock_timeout' } }],
    [
      'a missing permission',
      'github',
      403,
      { 'x-ratelimit-remaining': '4999' },
      { message: 'Resource not accessible' },
    ],
    ['another GraphQL error', 'github', 200, {}, { errors: [{ type: 'NOT_FOUND', message: '"RATE_LIMITED"' }] }],
    ['a message about limits', 'slack', 200, {}, { ok: true, error: 'ratelimited', text: '"ratelimited"' }],
    ['a record about limits', 'shopify', 200, {}, { data: { note: '"THROTTLED" "throttleStatus":{}' } }],
    ['a query that never fits', 'monday', 200, {}, graphqlError('ComplexityException')],
    ['another error in 200', 'monday', 200, {}, graphqlError('UserUnauthorizedException')],
    ['a list that is too long', 'zoho', 400, {}, { code: 'LIMIT_EXCEEDED' }],
    ['a permission of theirs', 'pipedrive', 403, { 'content-type': 'application/json' }, { success: false }],
    ['another bad request', 'linear', 400, {}, graphqlError('INPUT_ERROR')],
    ['a long page of data', 'linear', 200, {}, JSON.stringify([graphqlError('RATELIMITED'), 'x'.repeat(20_000)])],
  ])('is %s (%s, %d)', (_what, family, status, headers, body) => {
    expect(said(family, status, headers, body)).toMatchObject({
      isLimited: false,
      retryAtMs: null,
      isLockedOut: false,
    });
  });
});

describe('a refusal', () => {
  it.each<[string, RateHeaderFamily, number, Headers, Body | undefined, string | null, Ms | null]>([
    [
      'the day of the org',
      'salesforce',
      403,
      {},
      salesforceError('REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'),
      'daily',
      null,
    ],
    [
      'calls at once',
      'salesforce',
      403,
      {},
      salesforceError('REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests (Concurrent API) Limit exceeded.'),
      'concurrent',
      null,
    ],
    [
      'a fault in XML',
      'salesforce',
      500,
      {},
      '<e><exceptionCode>REQUEST_LIMIT_EXCEEDED</exceptionCode>ConcurrentRequests</e>',
      'concurrent',
      null,
    ],
    ['ten seconds', 'hubspot', 429, {}, { policyName: 'TEN_SECONDLY_ROLLING' }, 'burst', null],
    ['searches', 'hubspot', 429, {}, { policyName: 'SECONDLY' }, 'search', null],
    ['the day of the account', 'hubspot', 429, {}, { policyName: 'DAILY' }, 'daily', null],
    ['no name', 'hubspot', 429, { 'retry-after': '4' }, '<html>', null, 4 * SECOND_MS],
    [
      'the primary limit',
      'github',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': epoch(HOUR_MS) },
      undefined,
      'core',
      HOUR_MS,
    ],
    [
      'a secondary limit by its words',
      'github',
      403,
      { 'x-ratelimit-remaining': '4000' },
      { message: 'You have exceeded a secondary rate limit.' },
      'secondary',
      MINUTE_MS,
    ],
    ['a secondary limit by its header', 'github', 403, { 'retry-after': '90' }, undefined, 'secondary', 90 * SECOND_MS],
    [
      'points of GraphQL',
      'github',
      200,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-resource': 'graphql', 'x-ratelimit-reset': epoch(MINUTE_MS) },
      { errors: [{ type: 'RATE_LIMITED' }] },
      'graphql',
      MINUTE_MS,
    ],
    ['a method', 'slack', 429, { 'retry-after': '30' }, undefined, 'method', 30 * SECOND_MS],
    [
      'a method with 200',
      'slack',
      200,
      { 'retry-after': '5' },
      { ok: false, error: 'ratelimited' },
      'method',
      5 * SECOND_MS,
    ],
    [
      'the bucket of REST',
      'shopify',
      429,
      { 'retry-after': '2.0', 'x-shopify-shop-api-call-limit': '40/40' },
      undefined,
      'rest',
      2 * SECOND_MS,
    ],
    [
      'the cost of a query',
      'shopify',
      200,
      {},
      { ...graphqlError('THROTTLED'), extensions: { cost: { requestedQueryCost: 350, throttleStatus } } },
      'cost',
      3 * SECOND_MS,
    ],
    [
      'the hourly points',
      'atlassian',
      429,
      { 'retry-after': '600', 'ratelimit-reason': 'jira-quota-global-based' },
      undefined,
      'jira-quota-global-based',
      600 * SECOND_MS,
    ],
    [
      'a burst with an ISO reset',
      'atlassian',
      429,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2026-01-05T09:01Z' },
      undefined,
      '',
      MINUTE_MS,
    ],
    ['all calls', 'stripe', 429, { 'stripe-rate-limited-reason': 'global-rate' }, undefined, 'global-rate', null],
    [
      'calls of an endpoint at once',
      'stripe',
      429,
      { 'stripe-rate-limited-reason': 'endpoint-concurrency' },
      undefined,
      'endpoint-concurrency',
      null,
    ],
    ['no reason', 'stripe', 429, {}, undefined, null, null],
    [
      'the minute',
      'xero',
      429,
      { 'x-rate-limit-problem': 'minute', 'retry-after': '27' },
      undefined,
      'minute',
      27 * SECOND_MS,
    ],
    ['the day', 'xero', 429, { 'x-rate-limit-problem': 'Day', 'retry-after': '3600' }, undefined, 'day', HOUR_MS],
    ["the app's minute", 'xero', 429, { 'x-rate-limit-problem': 'AppMinute' }, undefined, 'appMinute', null],
    ['calls at once of a tenant', 'xero', 429, { 'x-rate-limit-problem': 'concurrent' }, undefined, 'concurrent', null],
    ['calls at once of an org', 'zoho', 429, {}, { code: 'TOO_MANY_REQUESTS' }, 'concurrent', null],
    [
      'complexity',
      'monday',
      200,
      {},
      graphqlError('COMPLEXITY_BUDGET_EXHAUSTED', { retry_in_seconds: 15 }),
      'complexity',
      15 * SECOND_MS,
    ],
    [
      'complexity by its old code',
      'monday',
      200,
      {},
      graphqlError('ComplexityException', { retry_in_seconds: 47 }),
      'complexity',
      47 * SECOND_MS,
    ],
    [
      'the day of calls',
      'monday',
      429,
      { 'retry-after': '60' },
      graphqlError('DAILY_LIMIT_EXCEEDED'),
      'daily',
      MINUTE_MS,
    ],
    ['the old form', 'monday', 429, {}, { error_code: 'ComplexityException' }, 'complexity', null],
    [
      'requests of the hour',
      'linear',
      400,
      { 'x-ratelimit-requests-remaining': '0', 'x-ratelimit-requests-reset': String(NOW_MS + 5000) },
      graphqlError('RATELIMITED'),
      'requests',
      5 * SECOND_MS,
    ],
    [
      'the minute, with a field of its own for the wait',
      'helpScout',
      429,
      { 'x-ratelimit-remaining-minute': '0', 'x-ratelimit-retry-after': '11' },
      undefined,
      'minute',
      11 * SECOND_MS,
    ],
    ['the silence that no field tells of', 'airtable', 429, {}, undefined, null, 30 * SECOND_MS],
    [
      'the minute of the company',
      'front',
      429,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': epoch(9000), 'x-front-tier': '2' },
      undefined,
      '',
      9000,
    ],
    [
      'a burst on one resource',
      'front',
      429,
      { 'x-ratelimit-remaining': '40', 'x-front-tier': '2', 'retry-after': '1' },
      undefined,
      'tier',
      SECOND_MS,
    ],
    [
      'one route',
      'discord',
      429,
      { 'retry-after': '65', 'x-ratelimit-scope': 'user', 'content-type': 'application/json' },
      { retry_after: 64.57 },
      'route',
      65 * SECOND_MS,
    ],
    [
      'all routes',
      'discord',
      429,
      { 'retry-after': '1', 'x-ratelimit-scope': 'global' },
      undefined,
      'global',
      SECOND_MS,
    ],
    [
      'two seconds',
      'pipedrive',
      429,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2' },
      undefined,
      'burst',
      2 * SECOND_MS,
    ],
    [
      'a full bucket',
      'gorgias',
      429,
      { 'x-gorgias-account-api-call-limit': '40/40', 'retry-after': '5' },
      undefined,
      '',
      5 * SECOND_MS,
    ],
    ['the minute', 'klaviyo', 429, { 'retry-after': '3' }, undefined, 'steady', 3 * SECOND_MS],
    ['the second', 'klaviyo', 429, { 'retry-after': '1' }, undefined, 'burst', SECOND_MS],
  ])('of %s (%s, %d)', (_what, family, status, headers, body, name, waitMs) => {
    const { readings, ...rest } = said(family, status, headers, body);
    expect(rest).toEqual({ isLimited: true, isLockedOut: false, retryAtMs: waitMs === null ? null : NOW_MS + waitMs });
    expect(readings.filter(({ remaining }) => remaining === 0).map((reading) => reading.name)).toEqual(
      name === null ? [] : [name],
    );
  });

  it.each<[string, RateHeaderFamily, number, Headers, Body?]>([
    ['a shop that was asked too often', 'shopify', 423, {}],
    ['an app that looks like an attack', 'shopify', 430, {}],
    ['the network in front', 'pipedrive', 403, { 'content-type': 'text/html; charset=UTF-8', server: 'cloudflare' }],
    ['the network in front of another', 'discord', 429, { 'content-type': 'text/plain' }, 'error code: 1015'],
    [
      'too many failed sign-ins',
      'github',
      403,
      {},
      { message: 'Maximum number of login attempts exceeded. Please try again later.' },
    ],
    ['a CAPTCHA', 'atlassian', 403, { 'x-authentication-denied-reason': 'CAPTCHA_CHALLENGE; login-url=https://x' }],
  ])('for good is %s (%s, %d)', (_what, family, status, headers, body) => {
    expect(said(family, status, headers, body).isLockedOut).toBe(true);
  });
});

describe('an ordinary answer', () => {
  it.each<[RateHeaderFamily, Headers, object[], Body?]>([
    [
      'salesforce',
      { 'sforce-limit-info': 'api-usage=10018/100000; per-app-api-usage=17/250(appName=sample-connected-app)' },
      [
        { name: 'daily', limit: 100_000, remaining: 89_982, windowMs: DAY_MS },
        { name: 'perApp', limit: 250, remaining: 233, windowMs: DAY_MS },
      ],
    ],
    [
      'salesforce',
      { 'sforce-limit-info': 'api-usage=110018/100000; api-bursts=1/750' },
      [{ name: 'daily', limit: 100_000, remaining: 0, windowMs: DAY_MS }],
    ],
    [
      'salesforce',
      { 'sforce-limit-info': 'per-app-api-usage=1/2(appName=; api-usage=x)' },
      [{ name: 'perApp', limit: 2, remaining: 1, windowMs: DAY_MS }],
    ],
    [
      'hubspot',
      {
        'x-hubspot-ratelimit-daily': '250000',
        'x-hubspot-ratelimit-daily-remaining': '249900',
        'x-hubspot-ratelimit-interval-milliseconds': '10000',
        'x-hubspot-ratelimit-max': '110',
        'x-hubspot-ratelimit-remaining': '109',
        'x-hubspot-ratelimit-secondly': '19',
        'x-hubspot-ratelimit-secondly-remaining': '18',
      },
      [
        { name: 'burst', limit: 110, remaining: 109, windowMs: 10 * SECOND_MS },
        { name: 'daily', limit: 250_000, remaining: 249_900, windowMs: DAY_MS },
      ],
    ],
    [
      'shopify',
      { 'x-shopify-shop-api-call-limit': '32/40' },
      [{ name: 'rest', limit: 40, remaining: 8, windowMs: 20 * SECOND_MS, resetAtMs: NOW_MS + 16 * SECOND_MS }],
    ],
    [
      'shopify',
      {},
      [{ name: 'cost', limit: 2000, remaining: 50, windowMs: 20 * SECOND_MS, resetAtMs: NOW_MS + 19_500 }],
      { data: {}, extensions: { cost: { actualQueryCost: 3, throttleStatus } } },
    ],
    [
      'zendesk',
      {
        'x-rate-limit': '700',
        'ratelimit-limit': '700',
        'x-rate-limit-remaining': '699',
        'ratelimit-remaining': '699',
        'ratelimit-reset': '41',
        'zendesk-ratelimit-tickets-index': 'total=100; remaining=99; resets=41',
      },
      [
        { name: 'account', limit: 700, remaining: 699, windowMs: MINUTE_MS, resetAtMs: NOW_MS + 41 * SECOND_MS },
        { name: 'tickets-index', limit: 100, remaining: 99, resetAtMs: NOW_MS + 41 * SECOND_MS },
      ],
    ],
    [
      'zendesk',
      { 'x-rate-limit': '200', 'x-rate-limit-remaining': '199' },
      [{ name: 'account', limit: 200, remaining: 199, windowMs: MINUTE_MS }],
    ],
    [
      'github',
      {
        'x-ratelimit-limit': '5000',
        'x-ratelimit-remaining': '4999',
        'x-ratelimit-used': '1',
        'x-ratelimit-reset': epoch(HOUR_MS),
        'x-ratelimit-resource': 'core',
      },
      [{ name: 'core', limit: 5000, remaining: 4999, windowMs: HOUR_MS, resetAtMs: NOW_MS + HOUR_MS }],
    ],
    [
      'github',
      { 'x-ratelimit-limit': '15', 'x-ratelimit-remaining': '14', 'x-ratelimit-resource': 'dependency_snapshots' },
      [{ name: 'dependency_snapshots', limit: 15, remaining: 14 }],
    ],
    [
      'klaviyo',
      { 'ratelimit-limit': '150, 150;w=60', 'ratelimit-remaining': '149', 'ratelimit-reset': '26' },
      [{ name: 'steady', limit: 150, remaining: 149, windowMs: MINUTE_MS, resetAtMs: NOW_MS + 26 * SECOND_MS }],
    ],
    [
      'atlassian',
      {
        'x-ratelimit-limit': '100',
        'x-ratelimit-remaining': '15',
        'x-ratelimit-reset': '2026-01-05T09:00:01Z',
        'x-ratelimit-nearlimit': 'true',
        'beta-ratelimit-policy': '"global-app-quota";q=65000;w=3600',
        'beta-ratelimit': '"global-app-quota";r=11000;t=600',
      },
      [
        { name: '', limit: 100, remaining: 15, resetAtMs: NOW_MS + SECOND_MS },
        {
          name: 'global-app-quota',
          limit: 65_000,
          remaining: 11_000,
          windowMs: HOUR_MS,
          resetAtMs: NOW_MS + 600 * SECOND_MS,
        },
      ],
    ],
    ['gorgias', { 'x-gorgias-account-api-call-limit': '10/80' }, [{ name: '', limit: 80, remaining: 70 }]],
    [
      'helpScout',
      { 'x-ratelimit-limit-minute': '400', 'x-ratelimit-remaining-minute': '398' },
      [{ name: 'minute', limit: 400, remaining: 398, windowMs: MINUTE_MS }],
    ],
    [
      'salesloft',
      { 'x-ratelimit-limit-minute': '600', 'x-ratelimit-remaining-minute': '570', 'x-ratelimit-endpoint-cost': '30' },
      [{ name: 'cost', limit: 600, remaining: 570, windowMs: MINUTE_MS }],
    ],
    [
      'xero',
      { 'x-daylimit-remaining': '4991', 'x-minlimit-remaining': '59', 'x-appminlimit-remaining': '9999' },
      [
        { name: 'minute', remaining: 59, windowMs: MINUTE_MS },
        { name: 'day', remaining: 4991, windowMs: DAY_MS },
        { name: 'appMinute', remaining: 9999, windowMs: MINUTE_MS },
      ],
    ],
    ['zoho', { 'x-api-credits-remaining': '24000' }, [{ name: 'credits', remaining: 24_000, windowMs: DAY_MS }]],
    [
      'monday',
      { 'ratelimit-policy': '"minute";q=1000;w=60', ratelimit: '"minute";r=999;t=12' },
      [{ name: 'minute', limit: 1000, remaining: 999, windowMs: MINUTE_MS, resetAtMs: NOW_MS + 12 * SECOND_MS }],
    ],
    [
      'linear',
      {
        'x-complexity': '12',
        'x-ratelimit-requests-limit': '1200',
        'x-ratelimit-requests-remaining': '1199',
        'x-ratelimit-requests-reset': String(NOW_MS + HOUR_MS),
        'x-ratelimit-complexity-limit': '250000',
        'x-ratelimit-complexity-remaining': '249988',
      },
      [
        { name: 'requests', limit: 1200, remaining: 1199, windowMs: HOUR_MS, resetAtMs: NOW_MS + HOUR_MS },
        { name: 'complexity', limit: 250_000, remaining: 249_988, windowMs: HOUR_MS },
      ],
    ],
    [
      'pipedrive',
      {
        'x-ratelimit-limit': '20',
        'x-ratelimit-remaining': '19',
        'x-ratelimit-reset': '2',
        'x-daily-requests-left': '9000',
      },
      [
        { name: 'burst', limit: 20, remaining: 19, windowMs: 2 * SECOND_MS, resetAtMs: NOW_MS + 2 * SECOND_MS },
        { name: 'daily', remaining: 9000, windowMs: DAY_MS },
      ],
    ],
    [
      'discord',
      {
        'x-ratelimit-limit': '5',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': '1470173023',
        'x-ratelimit-reset-after': '0.250',
        'x-ratelimit-bucket': 'abcd1234',
      },
      [{ name: 'route', limit: 5, remaining: 0, resetAtMs: NOW_MS + 250 }],
    ],
    [
      'freshdesk',
      { 'x-ratelimit-total': '200', 'x-ratelimit-remaining': '197', 'x-ratelimit-used-currentrequest': '3' },
      [{ name: '', limit: 200, remaining: 197, windowMs: MINUTE_MS }],
    ],
    [
      'brevo',
      { 'x-sib-ratelimit-limit': '1000', 'x-sib-ratelimit-remaining': '999', 'x-sib-ratelimit-reset': '60' },
      [{ name: '', limit: 1000, remaining: 999, resetAtMs: NOW_MS + MINUTE_MS }],
    ],
    [
      'apollo',
      { 'x-rate-limit-minute': '50', 'x-minute-usage': '10', 'x-rate-limit-24-hour': '600' },
      [
        { name: 'minute', limit: 50, remaining: 40, windowMs: MINUTE_MS },
        { name: 'day', limit: 600, windowMs: DAY_MS },
      ],
    ],
    [
      'aircall',
      { 'x-aircallapi-limit': '60', 'x-aircallapi-remaining': '59', 'x-aircallapi-reset': epoch(MINUTE_MS) },
      [{ name: '', limit: 60, remaining: 59, windowMs: MINUTE_MS, resetAtMs: NOW_MS + MINUTE_MS }],
    ],
    [
      'front',
      { 'x-ratelimit-limit': '50', 'x-ratelimit-remaining': '49', 'x-ratelimit-reset': epoch(9000) },
      [{ name: '', limit: 50, remaining: 49, resetAtMs: NOW_MS + 9000 }],
    ],
  ])('of %s tells %j', (family, headers, readings, body) => {
    expect(said(family, 200, headers, body)).toEqual({ ...NOTHING_SAID, readings });
  });
});

import { describe, expect, it } from 'vitest';
import { hubspotFailure } from '../../../../src/connectors/hubspot/errors.ts';
import type { JsonValue } from '../../../../src/core/json.ts';
import { answer } from '../provider.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 9);
const DAY_SPENT = { 'x-hubspot-ratelimit-daily': '250000', 'x-hubspot-ratelimit-daily-remaining': '0' };
const CURSOR = 'Cannot deserialize value of type `java.lang.Long` from String "x"';

describe("HubSpot's errors", () => {
  it.each<[string, number, JsonValue | string, Record<string, string>, object]>([
    ['an account that moves between data centres', 477, { message: 'migrating' }, {}, { code: 'provider_5xx' }],
    ['how long it moves', 477, {}, { 'retry-after': '60' }, { code: 'provider_5xx', retryAtMs: NOW_MS + 60_000 }],
    ['the ten-second limit', 429, { policyName: 'TEN_SECONDLY_ROLLING' }, {}, { retryAtMs: NOW_MS + 10_000 }],
    ['the search limit', 429, { policyName: 'SECONDLY' }, {}, { retryAtMs: NOW_MS + 1000 }],
    ['a limit without a name', 429, '', {}, { code: 'rate_limited', retryAtMs: NOW_MS + 10_000 }],
    ['a limit with Retry-After', 429, {}, { 'retry-after': '3' }, { retryAtMs: NOW_MS + 3000 }],
    ['the daily limit, which no short wait helps', 429, { policyName: 'DAILY' }, {}, { retryAtMs: NOW_MS + 3_600_000 }],
    ['a daily limit that only its headers tell', 429, '', DAY_SPENT, { retryAtMs: NOW_MS + 3_600_000 }],
    ['a cursor that is not one', 400, { message: CURSOR }, {}, { code: 'cursor_gone' }],
    ['another bad request', 400, { message: 'Property x does not exist' }, {}, { code: 'bad_request' }],
    ['an expired token', 401, { category: 'EXPIRED_AUTHENTICATION' }, {}, { code: 'auth_invalidated' }],
    ['a missing scope', 403, { category: 'MISSING_SCOPES', message: 'scopes' }, {}, { code: 'forbidden' }],
    ['an object that is gone', 404, { message: 'gone' }, {}, { code: 'not_found' }],
    ['an HTML page', 502, '<h1>Bad gateway</h1>', {}, { code: 'provider_5xx', message: 'HubSpot answered 502' }],
    ['JSON that is no object', 500, 'null', {}, { code: 'provider_5xx', message: 'HubSpot answered 500' }],
  ])('map %s', (_what, status, body, headers, expected) => {
    expect(hubspotFailure(answer(status, body, headers), NOW_MS)).toMatchObject({
      ...expected,
      upstreamStatus: status,
    });
  });

  it("repeat no more than 300 characters of the provider's words", () => {
    const { message } = hubspotFailure(answer(400, { message: 'x'.repeat(10_000) }), NOW_MS);
    expect(message.length).toBeLessThan(350);
  });
});

import { describe, expect, it } from 'vitest';
import { salesforceFailure } from '../../../../src/connectors/salesforce/errors.ts';
import type { JsonValue } from '../../../../src/core/json.ts';
import { MINUTE_MS, SECOND_MS } from '../../../../src/core/time.ts';
import { answer } from '../provider.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 9);
const error = (errorCode: string, message = ''): JsonValue => [{ errorCode, message }];

describe("Salesforce's errors", () => {
  it.each<[string, number, JsonValue | string, object]>([
    ['an expired session', 401, error('INVALID_SESSION_ID'), { code: 'auth_invalidated' }],
    ['a missing permission', 403, error('INSUFFICIENT_ACCESS_OR_READONLY'), { code: 'forbidden' }],
    ['an org without the API', 403, error('API_DISABLED_FOR_ORG'), { code: 'api_disabled' }],
    ['a locator that expired', 400, error('INVALID_QUERY_LOCATOR'), { code: 'cursor_gone' }],
    ['an object that is gone', 400, error('INVALID_TYPE'), { code: 'schema_drift_missing_object' }],
    ['a query that is wrong', 400, error('MALFORMED_QUERY', 'unexpected token'), { code: 'bad_request' }],
    ['the daily quota', 403, error('REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'), waits(15 * MINUTE_MS)],
    ['a locked row', 400, error('UNABLE_TO_LOCK_ROW'), { code: 'conflict_upstream', isRetryable: true }],
    ['a busy server', 503, error('SERVER_UNAVAILABLE'), { code: 'provider_5xx' }],
    ['an HTML page', 503, '<h1>Maintenance</h1>', { code: 'provider_5xx', message: 'Salesforce answered 503' }],
    ['an empty list', 404, [], { code: 'not_found', message: 'Salesforce answered 404' }],
    ['an object instead of a list', 400, { errorCode: 'INVALID_TYPE' }, { code: 'schema_drift_missing_object' }],
    ['a list of null', 400, [null], { code: 'bad_request' }],
  ])('map %s', (_what, status, body, expected) => {
    const failure = salesforceFailure(answer(status, body), 'Account', NOW_MS);
    expect(failure).toMatchObject({ ...expected, upstreamStatus: status });
  });

  it('spread the calls that were refused because too many ran', () => {
    const body = error('REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.');
    const waitsMs = Array.from({ length: 50 }, () => {
      const { code, retryAtMs = 0 } = salesforceFailure(answer(403, body), 'Account', NOW_MS);
      expect(code).toBe('rate_limited');
      return retryAtMs - NOW_MS;
    });
    expect(Math.min(...waitsMs)).toBeGreaterThan(SECOND_MS);
    expect(Math.max(...waitsMs)).toBeLessThanOrEqual(30 * SECOND_MS);
    expect(new Set(waitsMs).size).toBeGreaterThan(10);
  });

  it.each([
    ['INVALID_FIELD', "\nSELECT Id,Old__c FROM Account\nERROR\nNo such column 'Old__c' on entity 'Account'", 'Old__c'],
    ['SOMETHING', "No such column 'A' on entity 'B'", 'A'],
  ])('name the field that %s means', (code, message, field) => {
    const failure = salesforceFailure(answer(400, error(code, message)), 'Account', NOW_MS);
    expect(failure).toMatchObject({
      code: 'schema_drift_missing_field',
      publicDetail: `Account has no field ${field}`,
    });
  });
});

function waits(ms: number): object {
  return { code: 'rate_limited', retryAtMs: NOW_MS + ms };
}

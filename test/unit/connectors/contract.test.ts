import { describe, expect, it } from 'vitest';
import { jsonBody, providerFailure, selectFields } from '../../../src/connectors/contract.ts';
import { answer } from './provider.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 9);

describe('the body of an answer', () => {
  it.each([
    ['an HTML page with status 200', '<!doctype html><h1>Log in</h1>'],
    ['half a document', '{"results":[{"id":"1",'],
    ['nothing', ''],
    ['two documents', '{}{}'],
  ])('is malformed when it is %s, and the error quotes none of it', (_what, text) => {
    const read = () => jsonBody(answer(200, text), 'HubSpot');
    expect(read).toThrowError(expect.objectContaining({ code: 'provider_malformed', upstreamStatus: 200 }));
    expect(read).toThrowError('HubSpot answered 200 without valid JSON');
  });

  it('is parsed when it is JSON', () => {
    expect(jsonBody(answer(200, { a: [1] }), 'HubSpot')).toEqual({ a: [1] });
  });
});

describe('the failure of an answer', () => {
  it.each([
    [400, 'bad_request'],
    [401, 'auth_invalidated'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [405, 'bad_request'],
    [408, 'network'],
    [409, 'conflict_upstream'],
    [425, 'network'],
    [429, 'rate_limited'],
    [500, 'provider_5xx'],
    [502, 'provider_5xx'],
    [503, 'provider_5xx'],
    [599, 'provider_5xx'],
    [302, 'bad_request'],
  ] as const)('with status %i is %s', (status, code) => {
    const failure = providerFailure('Acme', answer(status, ''), NOW_MS, 'its words');
    expect(failure).toMatchObject({ code, upstreamStatus: status, message: `Acme answered ${status}: its words` });
    expect(failure.retryAtMs).toBeUndefined();
  });

  it.each([
    ['seconds', '120', NOW_MS + 120_000],
    ['zero seconds', '0', NOW_MS],
    ['a fraction of seconds', '2.0', NOW_MS + 2000],
    ['a date that has passed', 'Mon, 05 Jan 2026 08:00:00 GMT', NOW_MS],
    ['an HTTP date', 'Mon, 05 Jan 2026 09:05:00 GMT', NOW_MS + 300_000],
    ['nonsense', 'soon', undefined],
    ['a number that no clock reaches', '9'.repeat(12), undefined],
  ])('takes Retry-After as %s', (_what, value, retryAtMs) => {
    const failure = providerFailure('Acme', answer(429, '', { 'retry-after': value }), NOW_MS);
    expect(failure.retryAtMs).toBe(retryAtMs);
  });

  it('waits for the reset of a spent limit without Retry-After', () => {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' };
    expect(providerFailure('Acme', answer(429, '', headers), NOW_MS).retryAtMs).toBe(NOW_MS + 30_000);
  });
});

describe('the selected fields of a record', () => {
  it('are found without regard to case and come out in lower case', () => {
    expect({ ...selectFields(['Email', 'NAME'], { eMail: 'a@b', Name: 'Ada', Other: 1 }) }).toEqual({
      email: 'a@b',
      name: 'Ada',
    });
  });

  it('come from the first source that has them, null included; what none has is absent', () => {
    const selected = selectFields(['id', 'email', 'phone'], { id: 'of the properties', email: null }, { id: '1' });
    expect({ ...selected }).toEqual({ id: 'of the properties', email: null });
  });

  it('reach no prototype, whatever the provider or the builder call a field', () => {
    const hostile = JSON.parse('{"__proto__": {"polluted": true}, "constructor": "c"}') as Record<string, string>;
    const selected = selectFields(['__proto__', 'constructor', 'toString'], hostile);
    expect(Object.keys(selected).sort()).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(selected)).toBeNull();
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import type { OAuth2Credential } from '../../../src/auth/credential.ts';
import { mergeRenewed, processTokenResponse, type TokenOutcome } from '../../../src/auth/tokenResponse.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import type { ProviderDeclaration } from '../../../src/catalog/schema.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';

const RECEIVED_AT_MS = Date.parse('2026-03-01T00:00:00Z');
const catalog = createCatalog();
const hubspot = catalog.get('hubspot');
const HTML = '<!doctype html><html><body>token=canary-token-123456</body></html>';

function process(
  status: number,
  body: unknown,
  headers: readonly string[] = [],
  declaration: ProviderDeclaration = hubspot,
): TokenOutcome {
  const bodyText = typeof body === 'string' ? body : JSON.stringify(body);
  return processTokenResponse(declaration, { status, headers, bodyText }, RECEIVED_AT_MS);
}

describe('processTokenResponse, transient', () => {
  it.each<[string, number, unknown, string]>([
    ['429', 429, { error: 'invalid_grant' }, 'rate_limited'],
    ['500 with JSON', 500, { error: 'server_error' }, 'provider_5xx'],
    ['502 with HTML', 502, HTML, 'provider_5xx'],
    ['503 without body', 503, '', 'provider_5xx'],
    ['503 that says invalid_grant', 503, { error: 'invalid_grant' }, 'provider_5xx'],
    ['408', 408, '', 'provider_5xx'],
    ['425', 425, '', 'provider_5xx'],
    ['200 with HTML', 200, HTML, 'provider_malformed'],
    ['200 without body', 200, '', 'provider_malformed'],
    ['200 with cut JSON', 200, '{"access_token":"canary-token-1', 'provider_malformed'],
    ['200 with a list', 200, ['canary-token-123456'], 'provider_malformed'],
    ['200 with null', 200, 'null', 'provider_malformed'],
    ['200 without access token', 200, { status: 'active', refresh_token: 'r' }, 'provider_malformed'],
    ['200 with an empty access token', 200, { access_token: '' }, 'provider_malformed'],
    ['200 with a number as access token', 200, { access_token: 7 }, 'provider_malformed'],
    ['204', 204, '', 'provider_malformed'],
    ['400 temporarily_unavailable', 400, { error: 'temporarily_unavailable' }, 'provider_5xx'],
    ['400 slow_down', 400, { error: 'slow_down' }, 'rate_limited'],
    ['200 with ok false and ratelimited', 200, { ok: false, error: 'ratelimited' }, 'rate_limited'],
  ])('%s', (_, status, body, reason) => {
    expect(process(status, body)).toEqual({ kind: 'transient', reason });
  });

  it.each<[string, number | undefined]>([
    ['30', 30 * SECOND_MS],
    ['0', 0],
    ['Sun, 01 Mar 2026 00:01:00 GMT', MINUTE_MS],
    ['Sun, 01 Mar 2020 00:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    ['99999999999999999999', undefined],
  ])('reads Retry-After %j', (value, retryAfterMs) => {
    const expected = retryAfterMs === undefined ? {} : { retryAfterMs };
    expect(process(429, '', ['retry-AFTER', value])).toEqual({
      kind: 'transient',
      reason: 'rate_limited',
      ...expected,
    });
  });
});

describe('processTokenResponse, refused', () => {
  it.each<[string, number, unknown, string, string]>([
    ['invalid_grant', 400, { error: 'invalid_grant' }, 'grantRevoked', 'invalid_grant'],
    ['invalid_grant with 401', 401, { error: 'invalid_grant' }, 'grantRevoked', 'invalid_grant'],
    ['GitHub, 200', 200, { error: 'bad_refresh_token' }, 'grantRevoked', 'bad_refresh_token'],
    ['GitHub, 200 as a form', 200, 'error=bad_verification_code&x=1', 'grantRevoked', 'bad_verification_code'],
    ['HubSpot', 400, { status: 'BAD_REFRESH_TOKEN', message: 'm' }, 'grantRevoked', 'BAD_REFRESH_TOKEN'],
    ['Slack', 200, { ok: false, error: 'invalid_refresh_token' }, 'grantRevoked', 'invalid_refresh_token'],
    ['Salesforce', 400, { error: 'inactive_user', error_description: 'd' }, 'grantRevoked', 'inactive_user'],
    ['invalid_client', 401, { error: 'invalid_client' }, 'appFault', 'invalid_client'],
    ['invalid_client with 400', 400, { error: 'invalid_client' }, 'appFault', 'invalid_client'],
    ['unauthorized_client', 403, { error: 'unauthorized_client' }, 'appFault', 'unauthorized_client'],
    ['a form with 200', 200, 'error=incorrect_client_credentials', 'appFault', 'incorrect_client_credentials'],
    ['401 without a word', 401, '', 'appFault', 'http_401'],
    ['401 with HTML', 401, HTML, 'appFault', 'http_401'],
    ['invalid_request', 400, { error: 'invalid_request' }, 'invalidRequest', 'invalid_request'],
    ['invalid_scope', 400, { error: 'invalid_scope' }, 'invalidRequest', 'invalid_scope'],
    ['an error as object', 400, { error: { code: 190, message: 'm' } }, 'invalidRequest', '190'],
    ['an error object with a known type', 400, { error: { type: 'invalid_grant' } }, 'grantRevoked', 'invalid_grant'],
    ['ok false and nothing else', 200, { ok: false }, 'invalidRequest', 'error'],
    ['an error beside a token', 200, { error: 'invalid_grant', access_token: 'x' }, 'grantRevoked', 'invalid_grant'],
    ['403 with HTML', 403, HTML, 'invalidRequest', 'http_403'],
    ['404', 404, '', 'invalidRequest', 'http_404'],
    ['302', 302, '', 'invalidRequest', 'http_302'],
  ])('%s', (_, status, body, reason, providerError) => {
    expect(process(status, body)).toMatchObject({ kind: 'refused', reason, providerError });
  });

  it.each([
    'refresh token canary-token-123456 is unknown',
    'refresh_token=canary is unknown',
    "no such code 'canary-token'",
    'no such code "canary-token"',
    `unknown: ${'canary'.repeat(10)}`,
    `${'long words here '.repeat(60)}canary-token-123456`,
    `${'x'.repeat(795)} canary-token-123456`,
    '00Dxx0000000001!canary.AQ4AQFakeTokenValue1234567890',
    'eyJhbGciOiJIUzI1NiJ9.canary.c2lnbmF0dXJl0',
  ])('leaves token text out of the description of %j', (words) => {
    const bodies = [
      { error: 'invalid_grant', error_description: words },
      { error: words },
      { error: { message: words } },
    ];
    for (const body of bodies) {
      const outcome = process(400, body);
      expect(JSON.stringify(outcome)).not.toContain('canary');
      expect(outcome.kind === 'refused' && outcome.description.length).toBeLessThanOrEqual(200);
    }
  });

  it('keeps the words of a description and drops its control characters', () => {
    const error_description = 'expired access/refresh token\r\nlevel=error';
    const outcome = process(400, { error: 'invalid_grant', error_description });
    expect(outcome).toMatchObject({ description: 'expired access/refresh token level=error' });
  });

  it('reads a hostile body in bounded time', () => {
    const words = 'a'.repeat(250_000);
    expect(process(400, { error: words, error_description: words })).toMatchObject({ kind: 'refused' });
    expect(process(200, `${words}=${words}`)).toMatchObject({ kind: 'transient' });
  });
});

describe('processTokenResponse, granted', () => {
  const inOneHour = RECEIVED_AT_MS + HOUR_MS;
  const plain: OAuth2Credential = { scheme: 'oauth2', accessToken: 'at', tokenType: 'Bearer' };
  const withRefresh: OAuth2Credential = { ...plain, refreshToken: 'rt' };

  it.each<[string, number, unknown, OAuth2Credential, number | null]>([
    [
      'as RFC 6749 says',
      200,
      { access_token: 'at', token_type: 'Bearer', expires_in: 3600, refresh_token: 'rt' },
      withRefresh,
      inOneHour,
    ],
    ['201', 201, { access_token: 'at', token_type: 'Bearer', expires_in: 3600 }, plain, inOneHour],
    ['a lifetime as text', 200, { access_token: 'at', expires_in: '3600' }, plain, inOneHour],
    ['a fraction', 200, { access_token: 'at', expires_in: 3599.9999 }, plain, inOneHour - 1],
    ['no lifetime', 200, { access_token: 'at' }, plain, null],
    ['null as lifetime', 200, { access_token: 'at', expires_in: null }, plain, null],
    ['nothing as lifetime', 200, { access_token: 'at', expires_in: '' }, plain, null],
    ['zero as lifetime', 200, { access_token: 'at', expires_in: 0 }, plain, null],
    ['a negative lifetime', 200, { access_token: 'at', expires_in: -1 }, plain, null],
    ['words as lifetime', 200, { access_token: 'at', expires_in: 'never' }, plain, null],
    ['an endless lifetime', 200, { access_token: 'at', expires_in: 1e300 }, plain, null],
    ['null as refresh token', 200, { access_token: 'at', refresh_token: null }, plain, null],
    ['an empty refresh token', 200, { access_token: 'at', refresh_token: '' }, plain, null],
    ['no token type', 200, { access_token: 'at', refresh_token: 'rt' }, withRefresh, null],
    ['Slack', 200, { ok: true, access_token: 'at', token_type: 'bot' }, { ...plain, tokenType: 'bot' }, null],
    ['a form', 200, 'access_token=at&expires_in=3600&refresh_token=rt&token_type=Bearer', withRefresh, inOneHour],
    ['a null error', 200, { access_token: 'at', error: null }, plain, null],
    ['an empty error', 200, { access_token: 'at', error: '' }, plain, null],
    ['a status beside the token', 200, { access_token: 'at', status: 'active', code: '0' }, plain, null],
    ['scopes with spaces', 200, { access_token: 'at', scope: 'a b' }, { ...plain, scopes: ['a', 'b'] }, null],
    ['scopes with commas', 200, { access_token: 'at', scope: 'a,b, c' }, { ...plain, scopes: ['a', 'b', 'c'] }, null],
    ['scopes as a list', 200, { access_token: 'at', scope: ['a', 1] }, { ...plain, scopes: ['a'] }, null],
    ['an own __proto__', 200, '{"access_token":"at","__proto__":{"refresh_token":"x"}}', plain, null],
  ])('%s', (_, status, body, credential, expiresAtMs) => {
    expect(process(status, body)).toMatchObject({ kind: 'granted', credential, expiresAtMs });
    const outcome = process(status, body);
    expect(outcome.kind === 'granted' && outcome.credential).toEqual(credential);
  });

  it('takes the references of Salesforce where the catalog says they are', () => {
    const body = {
      access_token: 'at',
      id: 'https://login.salesforce.com/id/00D/005',
      instance_url: 'https://acme.my.salesforce.com',
      scope: 'api refresh_token',
    };
    expect(process(200, body, [], catalog.get('salesforce'))).toMatchObject({
      metadata: {
        consumerRef: 'https://login.salesforce.com/id/00D/005',
        workspaceRef: 'https://acme.my.salesforce.com',
        scopes: ['api', 'refresh_token'],
        other: {},
      },
    });
  });

  it('takes nested, numeric and captured fields, and leaves out what is not there', () => {
    const otherFields = [
      { name: 'server', displayName: 'S', path: 'api.base', capture: 'https:\\/\\/(?<result>[^.]+)\\.docusign\\.net' },
      { name: 'missing', displayName: 'M', path: 'api.none' },
      { name: 'unmatched', displayName: 'U', path: 'api.base', capture: '(?<result>zzz)' },
      { name: '__proto__', displayName: 'P', path: 'api.base' },
    ];
    const tokenMetadata = { workspaceRefField: 'team.id', consumerRefField: 'user', otherFields };
    const declaration = { ...hubspot, auth: { ...hubspot.auth, tokenMetadata } } as ProviderDeclaration;
    const body = { access_token: 'at', team: { id: 42 }, api: { base: 'https://eu.docusign.net' } };
    const outcome = process(200, body, [], declaration);
    if (outcome.kind !== 'granted') throw new Error(outcome.kind);
    expect(outcome.metadata.workspaceRef).toBe('42');
    expect(outcome.metadata.consumerRef).toBeUndefined();
    expect(Object.entries(outcome.metadata.other)).toEqual([
      ['server', 'eu'],
      ['__proto__', 'https://eu.docusign.net'],
    ]);
  });
});

describe('mergeRenewed', () => {
  const previous: OAuth2Credential = {
    scheme: 'oauth2',
    accessToken: 'a1',
    refreshToken: 'r1',
    tokenType: 'Bearer',
    scopes: ['x'],
    source: { grant: 'clientCredentials', client: { clientId: 'i', clientSecret: 's' }, scopes: [] },
  };

  it('keeps what the answer left out', () => {
    const refreshed: OAuth2Credential = { scheme: 'oauth2', accessToken: 'a2', tokenType: 'Bearer' };
    expect(mergeRenewed(previous, refreshed, false)).toEqual({ ...previous, accessToken: 'a2' });
  });

  it('takes a rotated refresh token', () => {
    const refreshed: OAuth2Credential = {
      scheme: 'oauth2',
      accessToken: 'a2',
      refreshToken: 'r2',
      tokenType: 'Bearer',
    };
    expect(mergeRenewed(previous, refreshed, false)).toMatchObject({ refreshToken: 'r2', scopes: ['x'] });
  });

  it('drops a refresh token that was refused: the answer came from the source', () => {
    const renewed: OAuth2Credential = { scheme: 'oauth2', accessToken: 'a2', tokenType: 'Bearer' };
    const { refreshToken: _refused, ...kept } = previous;
    expect(mergeRenewed(previous, renewed, true)).toEqual({ ...kept, accessToken: 'a2' });
    expect(mergeRenewed(previous, { ...renewed, refreshToken: 'r2' }, true)).toMatchObject({ refreshToken: 'r2' });
  });
});

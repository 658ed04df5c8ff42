import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import {
  ask,
  authorizeQuery,
  connectHubspot,
  connectSalesforce,
  hubspotToken,
  locationOf,
  PKCE,
  REDIRECT_URI,
  salesforceToken,
  TestClock,
  textAt,
} from './client.ts';

let clock: TestClock;
let sandbox: Sandbox;

beforeEach(async () => {
  clock = new TestClock();
  sandbox = await startSandbox({ clock, autoConsent: true });
});
afterEach(() => sandbox.close());

const hubspotMe = (token: string) => ask(sandbox, '/integrations/v1/me', { token });
const userInfo = (token: string, account = 'acme') => ask(sandbox, '/services/oauth2/userinfo', { token, account });

describe('an authorization request is refused with a page, not a redirect,', () => {
  test.each([
    ['without a client id', { client_id: '' }],
    ['without a redirect URI', { redirect_uri: '' }],
    ['with a relative redirect URI', { redirect_uri: '/callback' }],
    ['with a script as redirect URI', { redirect_uri: 'javascript:alert(1)' }],
    ['with a fragment in the redirect URI', { redirect_uri: `${REDIRECT_URI}#x` }],
    ['without a scope', { scope: '' }],
  ])('%s', async (_case, more) => {
    const answer = await ask(sandbox, `/oauth/authorize?${authorizeQuery(more)}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.location).toBeUndefined();
    expect(answer.headers['content-type']).toContain('text/html');
  });
});

describe('an authorization request is sent back with an error', () => {
  test.each([
    ['for another response type', '/oauth/authorize', { response_type: 'token' }, 'unsupported_response_type'],
    ['without PKCE at Salesforce', '/services/oauth2/authorize', {}, 'invalid_request'],
    [
      'with a plain challenge',
      '/services/oauth2/authorize',
      { ...PKCE, code_challenge_method: 'plain' },
      'invalid_request',
    ],
  ])('%s', async (_case, path, more, error) => {
    const location = locationOf(await ask(sandbox, `${path}?${authorizeQuery(more)}`));
    expect(location.searchParams.get('error')).toBe(error);
    expect(location.searchParams.get('state')).toBe('st');
    expect(location.searchParams.get('code')).toBeNull();
  });

  test('when the person denies', async () => {
    const path = `/oauth/authorize?${authorizeQuery()}`;
    const location = locationOf(
      await ask(sandbox, path, { method: 'POST', body: new URLSearchParams({ decision: 'deny' }) }),
    );
    expect(location.searchParams.get('error')).toBe('access_denied');
  });
});

test('a person sees who asks for what, escaped, and allowing sends a code back', async () => {
  const manual = await startSandbox({ clock });
  try {
    const path = `/oauth/authorize?${authorizeQuery({ client_id: '<b>app', scope: 'read write' })}`;
    const page = await ask(manual, path, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(200);
    expect(page.text).toContain('&lt;b&gt;app');
    expect(page.text).not.toContain('<b>app');
    expect(page.text).toContain('portal-1');
    const form = new URLSearchParams({ decision: 'allow', account: 'portal-1' });
    const location = locationOf(await ask(manual, path, { method: 'POST', body: form }));
    expect(location.searchParams.get('code')).toMatch(/.{20,}/);
    expect(location.searchParams.get('state')).toBe('st');
  } finally {
    await manual.close();
  }
});

describe('a token request is refused', () => {
  async function code(): Promise<string> {
    const answer = await ask(sandbox, `/oauth/authorize?${authorizeQuery({ account: 'acme' })}`);
    return locationOf(answer).searchParams.get('code') ?? '';
  }
  const grant = { grant_type: 'authorization_code', redirect_uri: REDIRECT_URI };

  test.each([
    ['for a wrong secret', { client_secret: 'wrong' }, 'invalid_client'],
    ['for no secret', { client_secret: '' }, 'invalid_client'],
    ['for another client', { client_id: 'b', client_secret: 'secret-for-b' }, 'invalid_grant'],
    ['for another redirect URI', { redirect_uri: 'http://localhost:9/other' }, 'invalid_grant'],
    ['for a code that was never issued', { code: 'nothing' }, 'invalid_grant'],
    ['for a grant type it does not know', { grant_type: 'password' }, 'unsupported_grant_type'],
  ])('%s', async (_case, form, error) => {
    const answer = await hubspotToken(sandbox, { ...grant, code: await code(), ...form });
    expect(answer.status).toBe(400);
    expect(textAt(answer, 'error')).toBe(error);
    expect(answer.text).not.toContain('access_token');
  });

  test('for a code older than a minute', async () => {
    const old = await code();
    clock.ms += MINUTE_MS;
    expect(textAt(await hubspotToken(sandbox, { ...grant, code: old }), 'status')).toBe('BAD_AUTH_CODE');
  });

  test('for a code used before, which also ends what the code had given', async () => {
    const used = await code();
    const first = await hubspotToken(sandbox, { ...grant, code: used });
    expect((await hubspotMe(textAt(first, 'access_token'))).status).toBe(200);
    expect((await hubspotToken(sandbox, { ...grant, code: used })).status).toBe(400);
    expect((await hubspotMe(textAt(first, 'access_token'))).status).toBe(401);
  });

  test.each(['', 'another-verifier'])('at Salesforce for the verifier %o', async (verifier) => {
    const consent = await ask(sandbox, `/services/oauth2/authorize?${authorizeQuery(PKCE)}`, { account: 'acme' });
    const form = { ...grant, code: locationOf(consent).searchParams.get('code') ?? '', code_verifier: verifier };
    expect(textAt(await salesforceToken(sandbox, 'acme', form), 'error')).toBe('invalid_grant');
  });
});

test('only registered clients are known where clients are registered', async () => {
  const closed = await startSandbox({ clock, autoConsent: true, clients: { app: 'hush' } });
  try {
    expect((await ask(closed, `/oauth/authorize?${authorizeQuery({ client_id: 'other' })}`)).status).toBe(400);
    const consent = await ask(closed, `/oauth/authorize?${authorizeQuery()}`);
    const code = locationOf(consent).searchParams.get('code') ?? '';
    const form = { grant_type: 'authorization_code', redirect_uri: REDIRECT_URI, code };
    expect((await hubspotToken(closed, form)).status).toBe(400);
    expect((await hubspotToken(closed, { ...form, client_secret: 'hush' })).status).toBe(200);
  } finally {
    await closed.close();
  }
});

test('HubSpot: the dance, an expiry by the clock, and a refresh that keeps the refresh token', async () => {
  const tokens = await connectHubspot(sandbox);
  expect(tokens.json).toMatchObject({ token_type: 'bearer', expires_in: 1800 });
  expect(tokens.headers['cache-control']).toBe('no-store');
  const access = textAt(tokens, 'access_token');
  expect((await hubspotMe(access)).status).toBe(200);

  clock.ms += 30 * MINUTE_MS + 12 * SECOND_MS;
  const expired = await hubspotMe(access);
  expect(expired.status).toBe(401);
  expect(expired.json).toMatchObject({ status: 'error', category: 'EXPIRED_AUTHENTICATION' });
  expect(textAt(expired, 'message')).toContain('expired 12 second(s) ago');

  const refreshToken = textAt(tokens, 'refresh_token');
  for (const _again of [1, 2]) {
    const refreshed = await hubspotToken(sandbox, { grant_type: 'refresh_token', refresh_token: refreshToken });
    expect(textAt(refreshed, 'refresh_token')).toBe(refreshToken);
    expect((await hubspotMe(textAt(refreshed, 'access_token'))).status).toBe(200);
  }
  expect(sandbox.stats().refreshes).toBe(2);
});

test('HubSpot: a portal has one id, and the token in a path tells its owner', async () => {
  const acme = textAt(await connectHubspot(sandbox), 'access_token');
  const again = textAt(await connectHubspot(sandbox), 'access_token');
  const other = textAt(await connectHubspot(sandbox, 'globex'), 'access_token');
  const portals = await Promise.all(
    [acme, again, other].map(async (token) =>
      textAt(await ask(sandbox, '/account-info/2026-03/details', { token }), 'portalId'),
    ),
  );
  expect(portals[0]).toBe(portals[1]);
  expect(portals[0]).not.toBe(portals[2]);
  const details = await ask(sandbox, `/oauth/v1/access-tokens/${acme}`);
  expect(details.json).toMatchObject({ hub_id: Number(portals[0]), expires_in: 1800, token_type: 'access' });
  expect((await ask(sandbox, '/oauth/v1/access-tokens/unknown')).status).toBe(404);
});

test('Salesforce: the token answer names org and user, states no lifetime, and is signed', async () => {
  const tokens = await connectSalesforce(sandbox);
  const origin = `http://acme.localhost:${sandbox.port}`;
  expect(tokens.json).toMatchObject({ token_type: 'Bearer', instance_url: origin, issued_at: String(clock.ms) });
  expect(textAt(tokens, 'id')).toMatch(new RegExp(`^${origin}/id/00D.{15}/005.{15}$`));
  expect(textAt(tokens, 'signature')).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  expect(tokens.json).not.toHaveProperty('expires_in');
});

test('Salesforce: a token works for its own org only and expires by the clock although nothing said so', async () => {
  const access = textAt(await connectSalesforce(sandbox), 'access_token');
  expect((await userInfo(access)).status).toBe(200);
  const elsewhere = await userInfo(access, 'globex');
  expect(elsewhere.status).toBe(401);
  expect(elsewhere.json).toEqual([{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }]);
  clock.ms += 120 * MINUTE_MS;
  expect((await userInfo(access)).status).toBe(401);
});

test('Salesforce: refreshing rotates, and a used refresh token that comes back ends everything', async () => {
  const tokens = await connectSalesforce(sandbox);
  const refresh = (refreshToken: string) =>
    salesforceToken(sandbox, 'acme', { grant_type: 'refresh_token', refresh_token: refreshToken });
  const first = textAt(tokens, 'refresh_token');
  const rotated = await refresh(first);
  const second = textAt(rotated, 'refresh_token');
  expect(second).not.toBe(first);
  expect((await userInfo(textAt(tokens, 'access_token'))).status).toBe(200);

  expect(textAt(await refresh(first), 'error')).toBe('invalid_grant');
  expect(sandbox.stats().refreshTokensReused).toBe(1);
  expect(textAt(await refresh(second), 'error')).toBe('invalid_grant');
  expect((await userInfo(textAt(tokens, 'access_token'))).status).toBe(401);
  expect((await userInfo(textAt(rotated, 'access_token'))).status).toBe(401);
});

test('Salesforce: within a grace the rotated token is taken again and answers with the current one', async () => {
  const lenient = await startSandbox({ clock, autoConsent: true, refreshGraceMs: MINUTE_MS });
  try {
    const first = textAt(await connectSalesforce(lenient), 'refresh_token');
    const refresh = () => salesforceToken(lenient, 'acme', { grant_type: 'refresh_token', refresh_token: first });
    const second = textAt(await refresh(), 'refresh_token');
    expect(textAt(await refresh(), 'refresh_token')).toBe(second);
    clock.ms += MINUTE_MS;
    expect(textAt(await refresh(), 'error')).toBe('invalid_grant');
  } finally {
    await lenient.close();
  }
});

test('tokens can be revoked by their holder and by the admin, and expired on demand', async () => {
  const tokens = await connectSalesforce(sandbox);
  const access = textAt(tokens, 'access_token');
  const revoke = (token: string) =>
    ask(sandbox, '/services/oauth2/revoke', { method: 'POST', account: 'acme', body: new URLSearchParams({ token }) });
  expect((await revoke('unknown')).status).toBe(400);
  expect((await revoke(access)).status).toBe(200);
  expect((await userInfo(access)).status).toBe(401);

  const hubspot = await connectHubspot(sandbox);
  expect(sandbox.expireAccessTokens()).toBe(1);
  expect((await hubspotMe(textAt(hubspot, 'access_token'))).status).toBe(401);
  const form = { grant_type: 'refresh_token', refresh_token: textAt(hubspot, 'refresh_token') };
  expect((await hubspotToken(sandbox, form)).status).toBe(200);
  expect(sandbox.revokeGrants('hubspot', 'acme')).toBe(1);
  expect(textAt(await hubspotToken(sandbox, form), 'error')).toBe('invalid_grant');
});

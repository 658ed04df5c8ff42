// Connecting a customer, from the request for a consent page to the page the popup ends on, and with a typed
// credential: first everything that must not connect anybody, then what does.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject } from '../../src/core/json.ts';
import { OAUTH_STATE_TTL_MS } from '../../src/core/limits.ts';
import { fakeClock } from '../support/clock.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';

let tenon: Tenon;

beforeAll(async () => {
  tenon = await startTenon();
  await tenon.addProviderApp('hubspot');
  await tenon.addProviderApp('salesforce');
});

afterAll(() => tenon.stop());

const connections = (of = tenon) => of.ok<JsonObject[]>('GET', of.inProject('/connections'));
const openStates = (of = tenon) =>
  of.running.services.store.reads.get<{ n: number }>('SELECT count(*) AS n FROM oauthStates')?.n;

/** Asks for a page of the callback, as the browser that the provider sent back. */
async function callback(query: Record<string, string>, of = tenon) {
  const response = await fetch(`${of.origin}/callbacks/v1/oauth?${new URLSearchParams(query)}`);
  const html = await response.text();
  const message: unknown = JSON.parse(/const message = (.*);\n/.exec(html)?.[1] ?? 'null');
  return { status: response.status, headers: response.headers, html, message };
}

/** A failed page in both dialects that the published library listens for. */
function failureOf(message: unknown): string {
  if (!isJsonObject(message)) throw new Error('the page has no message');
  const { eventType, message: text, data } = message;
  expect(eventType).toBe('AUTHORIZATION_FAILED');
  expect(data).toEqual({ error: text });
  return String(text);
}

/** Walks through the consent page and stops before the callback: its query is the answer. */
async function consented(provider: string, customer = {}, of = tenon): Promise<Record<string, string>> {
  const { location } = await of.visit(await of.authorizeUrl(provider, customer));
  return Object.fromEntries(new URL(location ?? '').searchParams);
}

interface Refusal {
  readonly path: 'oauth-connect' | 'generate';
  readonly body: JsonObject;
  readonly status: number;
  readonly says: string;
}

const who = { groupRef: 'acme', consumerRef: 'ada' };
const hs = { ...who, provider: 'hubspot' };
const REFUSALS: Readonly<Record<string, Refusal>> = {
  'an unknown provider': {
    path: 'oauth-connect',
    body: { ...who, provider: 'hubspt' },
    status: 404,
    says: 'did you mean hubspot?',
  },
  'a provider named like a part of every object': {
    path: 'oauth-connect',
    body: { ...who, provider: '__proto__' },
    status: 404,
    says: 'not in the catalog',
  },
  'a provider without a consent page': {
    path: 'oauth-connect',
    body: { ...who, provider: 'stripe' },
    status: 400,
    says: 'not connected through a consent page',
  },
  'a body without a group': { path: 'oauth-connect', body: { ...hs, groupRef: '' }, status: 400, says: 'not valid' },
  'a body without a customer': {
    path: 'oauth-connect',
    body: { provider: 'hubspot', groupRef: 'acme' },
    status: 400,
    says: 'not valid',
  },
  'a project that is not there': {
    path: 'oauth-connect',
    body: { ...hs, projectIdOrName: 'other' },
    status: 404,
    says: 'no such project',
  },
  'a provider app that is not there': {
    path: 'oauth-connect',
    body: { ...hs, providerAppId: 'none' },
    status: 400,
    says: 'no provider app for hubspot',
  },
  'no workspace where one is needed': {
    path: 'oauth-connect',
    body: { ...who, provider: 'shopify' },
    status: 400,
    says: 'needs "workspace"',
  },
  'a typed credential for a provider with a consent page': {
    path: 'generate',
    body: { ...hs, apiKey: 'key' },
    status: 400,
    says: 'not connected with a typed credential',
  },
  'a key of another scheme': {
    path: 'generate',
    body: { ...who, provider: 'stripe', basicAuth: { username: 'u', password: 'p' } },
    status: 400,
    says: 'connected with apiKey',
  },
  'an empty key': { path: 'generate', body: { ...who, provider: 'stripe', apiKey: '' }, status: 400, says: 'apiKey' },
  'a key that would end its header line': {
    path: 'generate',
    body: { ...who, provider: 'stripe', apiKey: 'sk_1\r\nx-evil: 1' },
    status: 400,
    says: 'cannot be sent',
  },
  'a key that no header can carry': {
    path: 'generate',
    body: { ...who, provider: 'stripe', apiKey: 'sk_\u{1f511}' },
    status: 400,
    says: 'cannot be sent',
  },
  'a user name with a line break': {
    path: 'generate',
    body: {
      ...who,
      provider: 'freshdesk',
      providerWorkspaceRef: 'acme',
      basicAuth: { username: 'a\nb', password: '' },
    },
    status: 400,
    says: 'cannot be sent',
  },
  'a user name with a colon': {
    path: 'generate',
    body: {
      ...who,
      provider: 'freshdesk',
      providerWorkspaceRef: 'acme',
      basicAuth: { username: 'a:b', password: 'c' },
    },
    status: 400,
    says: 'colon',
  },
  'no workspace for a typed credential': {
    path: 'generate',
    body: { ...who, provider: 'freshdesk', basicAuth: { username: 'key', password: '' } },
    status: 400,
    says: 'needs "workspace"',
  },
};

describe('nobody is connected by', () => {
  it.each(Object.entries(REFUSALS))('%s', async (_what, { path, body, status, says }) => {
    const before = openStates();
    const answer =
      path === 'generate'
        ? await tenon.api('POST', tenon.inProject('/connections:generate'), body)
        : await tenon.api('POST', '/oauth-connect', { projectIdOrName: tenon.projectId, ...body });
    expect(answer.json).toMatchObject({ status, detail: expect.stringContaining(says) });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(openStates()).toBe(before);
    expect(await connections()).toEqual([]);
  });

  it('a provider that has no provider app yet', async () => {
    await using other = await startTenon();
    const answer = await other.api('POST', '/oauth-connect', { projectIdOrName: other.projectId, ...hs });
    expect(answer.json).toMatchObject({ status: 400, remedy: expect.stringContaining('provider-apps') });
    expect(openStates(other)).toBe(0);
  });

  it.each([
    'evil.example/',
    'evil.example#',
    'evil.example?',
    'ada@evil.example',
    'evil.example:443',
    'acme\\evil',
    '../acme',
    'acme/..',
    'a..b',
    '.acme',
    '-acme',
    'acme ',
    '%61cme',
    'acme\r\nhost: evil',
    'acme\0',
    'ａｃｍｅ',
    '{{.workspace}}',
    'https://evil.example/acme',
    'https://acme.localhost.evil.example',
    'x'.repeat(64),
    'x.'.repeat(200),
  ])('a workspace that would send the customer elsewhere: %j', async (workspace) => {
    const before = openStates();
    const body = { projectIdOrName: tenon.projectId, ...who, provider: 'salesforce' };
    for (const given of [
      { providerWorkspaceRef: workspace },
      { providerMetadata: { workspace: { value: workspace, source: 'input' } } },
    ]) {
      const answer = await tenon.api('POST', '/oauth-connect', { ...body, ...given });
      // Blanks around a pasted value are the customer's, and go.
      if (workspace === 'acme ') expect(new URL(answer.text).hostname).toBe('acme.localhost');
      else expect(answer.json).toMatchObject({ status: 400, detail: expect.stringMatching(/\S/) });
      if (answer.status === 400) expect(answer.text).not.toContain('evil');
    }
    if (workspace !== 'acme ') expect(openStates()).toBe(before);
  });
});

describe('the callback connects nobody when', () => {
  it.each([
    ['there is no state', { code: 'abc' }],
    ['the state is forged', { state: 'A'.repeat(43), code: 'abc' }],
    ['the state is empty', { state: '', code: 'abc' }],
    ['an error comes with a forged state', { state: 'forged', error: 'access_denied' }],
  ])('%s', async (_what, query: Record<string, string>) => {
    const { status, message } = await callback(query);
    expect(status).toBe(400);
    expect(failureOf(message)).toContain('unknown, was already used or has expired');
    expect(await connections()).toEqual([]);
  });

  it('the customer says no, until they think better of it', async () => {
    const url = new URL(await tenon.authorizeUrl('hubspot'));
    const state = url.searchParams.get('state') ?? '';
    const denied = { state, error: 'access_denied', error_description: 'end-user denied <script>alert(1)</script>' };
    const { status, message, html } = await callback(denied);
    expect(status).toBe(400);
    expect(failureOf(message)).toContain('end-user denied');
    expect(html).not.toContain('<script>alert');
    expect(await connections()).toEqual([]);
    const { location } = await tenon.visit(url.href);
    expect((await tenon.visit(location ?? '')).status).toBe(200);
    expect(failureOf((await callback(denied)).message)).toContain('already used');
    const [made] = await connections();
    await tenon.ok('DELETE', tenon.inProject(`/connections/${made?.['id']}`));
  });

  it('the provider sends neither code nor error', async () => {
    const state = new URL(await tenon.authorizeUrl('hubspot')).searchParams.get('state') ?? '';
    const { status, message } = await callback({ state });
    expect(status).toBe(400);
    expect(failureOf(message)).toContain('neither a code nor an error');
  });

  it('the code is one the provider never gave', async () => {
    const { state = '' } = await consented('hubspot');
    const { status, message } = await callback({ state, code: 'made-up' });
    expect(status).toBe(400);
    expect(failureOf(message)).toContain('HubSpot refused the connection');
    expect(await connections()).toEqual([]);
  });

  it('the code belongs to another verifier', async () => {
    const mine = await consented('salesforce', { workspace: 'acme' });
    const theirs = await consented('salesforce', { workspace: 'acme' });
    const { status, message } = await callback({ state: mine['state'] ?? '', code: theirs['code'] ?? '' });
    expect(status).toBe(400);
    expect(failureOf(message)).toContain('invalid code verifier');
    expect(await connections()).toEqual([]);
  });

  it.each([
    ['answers with a login page', { kind: 'html200' }, 502],
    ['answers with half a document', { kind: 'malformedJson' }, 502],
    ['is down', { kind: 'status', status: 503 }, 502],
    ['drops the connection', { kind: 'reset' }, 504],
    ['breaks its answer off', { kind: 'truncated' }, 504],
  ] as const)('the token endpoint %s', async (_what, fault, expected) => {
    const query = await consented('hubspot');
    tenon.sandbox.faults.next({ pathPrefix: '/oauth/v1/token' }, fault);
    const { status, message } = await callback(query);
    expect(status).toBe(expected);
    expect(failureOf(message)).toMatch(/\S/);
    expect(failureOf(message)).not.toMatch(/Error:|HTML|<|localhost/);
    expect(await connections()).toEqual([]);
    // The code may have been taken by the provider, so the same state must not send it again.
    expect((await callback(query)).message).toMatchObject({ message: expect.stringContaining('already used') });
  });

  it('the provider app has a wrong secret, which is nothing the customer can help', async () => {
    await using other = await startTenon();
    await other.addProviderApp('hubspot', 'app-hubspot', 'wrong');
    const query = await consented('hubspot', {}, other);
    const { status, message } = await callback(query, other);
    expect(status).toBe(424);
    expect(failureOf(message)).toMatch(/HubSpot refused the connection: invalid_client/);
    expect(await connections(other)).toEqual([]);
  });

  it('the state has expired', async () => {
    const clock = fakeClock();
    await using other = await startTenon({ clock });
    await other.addProviderApp('hubspot');
    const query = await consented('hubspot', {}, other);
    await clock.advance(OAUTH_STATE_TTL_MS);
    const { status, message } = await callback(query, other);
    expect(status).toBe(400);
    expect(failureOf(message)).toContain('expired');
    expect(await connections(other)).toEqual([]);
    // Expired ones go when the next one is made.
    await other.authorizeUrl('hubspot');
    expect(openStates(other)).toBe(1);
  });
});

describe('connecting', () => {
  it('works for one of many callbacks with the same state and for none after that', async () => {
    await using other = await startTenon();
    await other.addProviderApp('hubspot');
    const query = await consented('hubspot', {}, other);
    const pages = await Promise.all(Array.from({ length: 8 }, () => callback(query, other)));
    const good = pages.filter(({ status }) => status === 200);
    expect(good).toHaveLength(1);
    for (const page of pages) if (page.status !== 200) expect(failureOf(page.message)).toContain('already used');
    const [connection] = await connections(other);
    expect(good[0]?.message).toEqual({
      eventType: 'AUTHORIZATION_SUCCEEDED',
      data: { connection: connection?.['id'] },
    });
    expect((await callback(query, other)).status).toBe(400);
    expect(other.sandbox.stats()).toMatchObject({ codesExchanged: 1 });
  });

  it('ends on a page that only runs its own script, is not kept and may speak to its opener', async () => {
    await using other = await startTenon();
    await other.addProviderApp('hubspot');
    const { status, headers, html } = await callback(await consented('hubspot', {}, other), other);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'sha256-/);
    expect(headers.get('cross-origin-opener-policy')).toBeNull();
    expect(html).toContain('HubSpot is connected');
  });

  it('again gives the customer the same connection, with the new account', async () => {
    await using other = await startTenon();
    const first = await other.connect('salesforce', { workspace: 'acme' });
    const { port } = other.sandbox;
    const second = await other.connect('salesforce', { workspace: `https://Beta.localhost:${port}/home` });
    expect(second.id).toBe(first.id);
    expect(second['providerMetadata']).toMatchObject({ workspace: { value: 'beta' } });
    expect(await connections(other)).toHaveLength(1);
    const third = await other.connect('salesforce', { workspace: 'acme', groupRef: 'other' });
    expect(third.id).not.toBe(first.id);
  });

  it('keeps the client secret, the code and the tokens out of every answer', async () => {
    await using other = await startTenon();
    const { id } = await other.connect('hubspot');
    const credential = other.credentialOf(id);
    if (credential.scheme !== 'oauth2') throw new Error('HubSpot gives tokens');
    const secrets = [credential.accessToken, credential.refreshToken, 'secret-for-app-hubspot'];
    for (const path of ['/connections', '/connections?includeCreds=true', `/connections/${id}`, '/provider-apps']) {
      const { text } = await other.api('GET', other.inProject(path));
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
  });

  it('shows the tokens of a connection to a builder who asks, and the refresh token only by name', async () => {
    await using other = await startTenon();
    const { id } = await other.connect('hubspot');
    const credential = other.credentialOf(id);
    if (credential.scheme !== 'oauth2') throw new Error('HubSpot gives tokens');
    const asked = async (query: string) =>
      (await other.api('GET', other.inProject(`/connections/${id}?${query}`))).json;
    expect(await asked('includeCreds=true')).toMatchObject({
      oauth2AuthorizationCode: { accessToken: { token: credential.accessToken } },
    });
    expect(JSON.stringify(await asked('includeCreds=true'))).not.toContain(credential.refreshToken);
    expect(await asked('includeRefreshToken=true')).toMatchObject({
      oauth2AuthorizationCode: {
        accessToken: { token: credential.accessToken },
        refreshToken: { token: credential.refreshToken },
      },
    });
  });

  it.each([
    ['an API key', { ...who, provider: 'stripe', apiKey: 'sk_test_1' }, 'apiKey'],
    [
      'a user name with an empty password',
      { ...who, provider: 'freshdesk', providerWorkspaceRef: 'acme', basicAuth: { username: 'key', password: '' } },
      'basic',
    ],
  ])('with %s answers 201 and the connection', async (_what, body, authScheme) => {
    await using other = await startTenon();
    const answer = await other.api('POST', other.inProject('/connections:generate'), body);
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({
      authScheme,
      status: 'created',
      group: { groupRef: 'acme', groupName: 'acme' },
    });
    expect(await connections(other)).toEqual([answer.json]);
  });
});

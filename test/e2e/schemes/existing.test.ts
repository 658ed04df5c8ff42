// Tokens that exist already, brought from elsewhere: with an access token they are used as they are; with a refresh
// token alone the connection is there before the one renewal that the token allows, and the answer comes after it.

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { HOUR_MS, MINUTE_MS, toRfc3339 } from '../../../src/core/time.ts';
import { until } from '../../support/drive.ts';
import type { SchemeServer } from '../../support/schemeServer.ts';
import {
  called,
  connected,
  generate,
  generated,
  installed,
  publishedConnection,
  shown,
  storedCounts,
  tokensOf,
  type World,
  worldOfTest,
} from '../../support/schemes.ts';

const NOTHING = { connections: 0, credentials: 0, oauthStates: 0 };

function behind({ origin, port }: SchemeServer): JsonObject {
  const oauth2Opts = { authURL: `${origin}/authorize`, tokenURL: `${origin}/token` };
  const named = (param: string) => `http://{{.${param}}}.localhost:${port}`;
  return {
    typeform: { baseURL: `${origin}/api`, oauth2Opts },
    calendly: { baseURL: `${origin}/api`, oauth2Opts, authHealthCheck: { url: `${origin}/api/me` } },
    atlassian: {
      baseURL: `${origin}/api/{{.cloudId}}`,
      oauth2Opts,
      tenon: { accountLookup: { url: `${origin}/sites` } },
    },
    zoho: {
      baseURL: `${named('zoho_api_domain')}/api`,
      oauth2Opts: { authURL: `${origin}/authorize`, tokenURL: `${named('zoho_token_domain')}/token` },
      modules: { crm: { baseURL: `${named('zoho_api_domain')}/api` } },
      tenon: { accountLookup: { url: `${named('zoho_mail_domain')}/api/accounts` } },
    },
  };
}

async function startWorld(...providers: readonly string[]): Promise<World> {
  const world = await worldOfTest(behind);
  for (const provider of providers) await world.tenon.addProviderApp(provider, `app-${provider}`, 'secret', ['one']);
  return world;
}

const both = { accessToken: { token: 'old-access' }, refreshToken: { token: 'old-refresh' } };
const refreshOnly = { refreshToken: { token: 'old-refresh' } };

describe('tokens from elsewhere are refused', () => {
  it.each<[string, JsonObject, string]>([
    ['without any', {}, 'connected with a typed credential'],
    ['with an empty access token', { accessToken: { token: '' } }, 'not valid'],
    ['with a time that is none', { accessToken: { token: 'a', expiresAt: 'tomorrow' } }, 'not valid'],
    ['with a line break', { accessToken: { token: 'a\r\nx: y' } }, 'cannot be sent'],
  ])('%s, and nothing is sent', async (_what, oauth2AuthorizationCode, says) => {
    const world = await startWorld('typeform');
    const answer = await generate(world, 'typeform', { oauth2AuthorizationCode });
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining(says) });
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
  });

  it('with a refresh token that no provider app could use', async () => {
    const world = await startWorld();
    const answer = await generate(world, 'typeform', { oauth2AuthorizationCode: both });
    expect(answer.json).toMatchObject({ status: 400, remedy: expect.stringContaining('provider-apps') });
    expect(storedCounts(world)).toEqual(NOTHING);
  });

  it('with an access token that the provider’s check refuses', async () => {
    const world = await startWorld('calendly');
    const answer = await generate(world, 'calendly', { oauth2AuthorizationCode: both });
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining('refuses the credential (401)') });
    expect(answer.text).not.toContain('old-');
    expect(storedCounts(world)).toEqual(NOTHING);
  });

  it.each([
    ['zoho', both, {}, 'zoho_token_domain'],
    ['zoho', refreshOnly, { zoho_token_domain: 'accounts.zoho.eu' }, 'zoho_api_domain'],
    ['atlassian', refreshOnly, { workspace: 'acme' }, 'cloudId'],
  ])('for %s without what nobody else will say', async (provider, oauth2AuthorizationCode, given, name) => {
    const world = await startWorld(provider);
    const items = Object.entries(given).map(([key, value]) => [key, { value }]);
    const providerMetadata = Object.fromEntries(items) as JsonObject;
    const answer = await generate(world, provider, { oauth2AuthorizationCode, providerMetadata });
    expect(answer.json).toMatchObject({ status: 400, issues: [{ in: 'body', name: `providerMetadata.${name}` }] });
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
  });
});

describe('an access token from elsewhere', () => {
  it('is used as it is, with the times that were given, and renewed with the provider app', async () => {
    const world = await startWorld('typeform');
    const { server, clock } = world;
    server.grant({ access_token: 'old-access' });
    const issuedAt = toRfc3339(clock.nowMs() - 30 * MINUTE_MS);
    const expiresAt = toRfc3339(clock.nowMs() + 30 * MINUTE_MS);
    const accessToken = { token: 'old-access', issuedAt, expiresAt };
    const { id } = await generated(world, 'typeform', {
      oauth2AuthorizationCode: { ...both, accessToken, scopes: ['a', 'b'] },
    });
    expect(server.calls).toEqual([]);
    expect(await shown(world, id, '?includeRefreshToken=true')).toMatchObject({
      authScheme: 'oauth2/authorizationCode',
      providerApp: { clientId: 'app-typeform' },
      oauth2AuthorizationCode: { accessToken, refreshToken: { token: 'old-refresh' }, scopes: ['a', 'b'] },
    });
    const installation = await installed(world, 'typeform');
    expect(await called(world, installation)).toBe(200);
    await clock.advance(30 * MINUTE_MS);
    expect(await called(world, installation)).toBe(200);
    expect(server.callsTo('/token').map(({ form }) => form)).toMatchObject([
      { grant_type: 'refresh_token', refresh_token: 'old-refresh', client_id: 'app-typeform' },
    ]);
    expect(tokensOf(world, id).scopes).toEqual(['a', 'b']);
  });

  it('alone is used until it ends, and needs no provider app', async () => {
    const world = await startWorld();
    const { server, clock } = world;
    server.grant({ access_token: 'old-access' });
    const accessToken = { token: 'old-access', expiresAt: toRfc3339(clock.nowMs() + HOUR_MS) };
    await generated(world, 'typeform', { oauth2AuthorizationCode: { accessToken } });
    const installation = await installed(world, 'typeform');
    expect(await called(world, installation)).toBe(200);
    await clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(424);
    expect(server.callsTo('/token')).toEqual([]);
  });

  it('is asked who it belongs to, as after a consent page', async () => {
    const world = await startWorld('atlassian');
    const { server } = world;
    server.once('/sites', { body: [{ id: 'cloud-1', url: 'https://acme.atlassian.net' }] });
    const typed = { providerWorkspaceRef: 'acme', oauth2AuthorizationCode: both };
    expect(await generated(world, 'atlassian', typed)).toMatchObject({ providerWorkspaceRef: 'cloud-1' });
    expect(server.callsTo('/sites')[0]?.headers['authorization']).toBe('Bearer old-access');
  });
});

describe('a refresh token from elsewhere', () => {
  it('is used once, and the answer comes with the token that it gave', async () => {
    const world = await startWorld('typeform');
    const { server } = world;
    const { id, ...rest } = await generated(world, 'typeform', { oauth2AuthorizationCode: refreshOnly });
    expect(rest).toMatchObject({ status: 'created' });
    expect(server.callsTo('/token').map(({ form }) => form)).toMatchObject([{ refresh_token: 'old-refresh' }]);
    expect(tokensOf(world, id)).toMatchObject({ accessToken: 'access-1', refreshToken: 'refresh-1' });
    expect(await called(world, await installed(world, 'typeform'))).toBe(200);
    expect(server.callsTo('/token')).toHaveLength(1);
  });

  it('goes to the data centre that was named', async () => {
    const world = await startWorld('zoho');
    const names = { zoho_token_domain: 'accounts.zoho.eu', zoho_api_domain: 'www.zohoapis.eu' };
    const items = Object.entries({ ...names, zohoMailAccountId: '7' }).map(([name, value]) => [name, { value }]);
    const providerMetadata = Object.fromEntries(items) as JsonObject;
    await generated(world, 'zoho', { oauth2AuthorizationCode: refreshOnly, providerMetadata });
    expect(world.server.calls.map(({ host }) => host)).toEqual(['accounts.zoho.eu.localhost']);
    expect(await called(world, await installed(world, 'zoho'))).toBe(200);
  });

  it.each([
    ['the grant', { error: 'invalid_grant' }, 'auth_invalidated'],
    ['the provider app', { error: 'invalid_client' }, 'app_fault'],
  ])('of which %s is refused leaves no connection behind, and can be brought again', async (_what, body, code) => {
    const world = await startWorld('typeform');
    world.server.once('/token', { status: 400, body });
    const answer = await driven(world, generate(world, 'typeform', { oauth2AuthorizationCode: refreshOnly }));
    expect(answer.json).toMatchObject({ status: 424, code });
    expect(answer.text).not.toContain('old-');
    expect(storedCounts(world)).toEqual(NOTHING);
    if (code === 'app_fault') return;
    const { id } = await generated(world, 'typeform', { oauth2AuthorizationCode: refreshOnly });
    expect(await shown(world, id)).toMatchObject({ status: 'created' });
  });

  it('ends no connection that works, and replaces one that does not', async () => {
    const world = await startWorld('typeform');
    const { server, clock } = world;
    const before = await connected(world, 'typeform');
    const installation = await installed(world, 'typeform');
    const refused = await generate(world, 'typeform', { oauth2AuthorizationCode: refreshOnly });
    expect(refused.json).toMatchObject({ status: 409, detail: expect.stringContaining('is connected already') });
    expect(server.callsTo('/token')).toHaveLength(1);
    expect(await called(world, installation)).toBe(200);

    server.on('/token', () => ({ status: 400, body: { error: 'invalid_grant' } }));
    await clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(424);
    expect((await generate(world, 'typeform', { oauth2AuthorizationCode: refreshOnly })).status).toBe(424);
    // An installation uses it, so it stays.
    expect(await shown(world, before.id)).toMatchObject({ status: 'bad_credentials' });
    server.on('/token', () => ({ body: server.grant() }));
    expect((await generated(world, 'typeform', { oauth2AuthorizationCode: refreshOnly })).id).toBe(before.id);
    expect(await called(world, installation)).toBe(200);
  });

  it('whose answer is lost is sent once more, since nothing else is left of the grant', async () => {
    const world = await startWorld('typeform');
    const { server } = world;
    server.once('/token', { status: 502, body: 'bad gateway' });
    const answer = generate(world, 'typeform', { oauth2AuthorizationCode: refreshOnly });
    await until(world, 'another try', () => server.callsTo('/token').length === 2, MINUTE_MS);
    expect((await answer).status).toBe(201);
  });

  it('that cannot be used for longer than a caller waits is kept, and used as soon as it can be', async () => {
    const world = await startWorld('typeform');
    const { server, clock } = world;
    server.on('/token', () => ({ status: 503 }));
    const answer = await driven(world, generate(world, 'typeform', { oauth2AuthorizationCode: refreshOnly }));
    expect(answer.json).toMatchObject({ status: 504, retryable: true });
    expect(storedCounts(world)).toMatchObject({ connections: 1 });
    server.on('/token', () => ({ body: server.grant() }));
    await until(world, 'tokens', () => server.callsTo('/token').length > 0 && isRenewed(world), HOUR_MS);
    const installation = await installed(world, 'typeform');
    await clock.advance(MINUTE_MS);
    expect(await called(world, installation)).toBe(200);
  });
});

/** An answer for which alarms have to come first. */
async function driven<T>(world: World, answer: Promise<T>): Promise<T> {
  let isAnswered = false;
  answer.finally(() => {
    isAnswered = true;
  });
  await until(world, 'an answer', () => isAnswered, MINUTE_MS);
  return answer;
}

/** Whether the only connection has a token. */
async function isRenewed(world: World): Promise<boolean> {
  const [connection = null] = await world.tenon.ok<JsonObject[]>('GET', world.tenon.inProject('/connections'));
  return tokensOf(world, publishedConnection(connection).id).accessToken.startsWith('access-');
}

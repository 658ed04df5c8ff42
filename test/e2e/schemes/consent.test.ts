// Microsoft's administrator consent, in two steps: the page on which it is given, what the callback page hands to its
// opener, and the second call with it. Session and state belong together, are used once, and to one project.

import { describe, expect, it } from 'vitest';
import { newId, type ProjectId } from '../../../src/core/ids.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/core/json.ts';
import { OAUTH_STATE_TTL_MS } from '../../../src/core/limits.ts';
import { HOUR_MS } from '../../../src/core/time.ts';
import { hashApiKey, insertApiKey, insertProject } from '../../../src/store/tables/accounts.ts';
import type { SchemeServer } from '../../support/schemeServer.ts';
import {
  called,
  installed,
  publishedConnection,
  shown,
  storedCounts,
  tokensOf,
  type World,
  worldOfTest,
} from '../../support/schemes.ts';

const NOTHING = { connections: 0, credentials: 0, oauthStates: 0 };
const PROVIDER = 'microsoftAdminConsent';
const TENANT = '6c5ab0a3-0d4a-4c8b-9d5e-1f2a3b4c5d6e';
const SECRET = 'the-secret-of-the-builder';

function behind({ origin }: SchemeServer): JsonObject {
  return {
    [PROVIDER]: {
      baseURL: `${origin}/api`,
      authHealthCheck: { url: `${origin}/api/organization` },
      tenon: { exchange: { consentUrl: `${origin}/adminconsent`, tokenUrl: `${origin}/{{.tenant}}/token` } },
    },
  };
}

async function startWorld(): Promise<World> {
  const world = await worldOfTest(behind);
  const { server, tenon } = world;
  server.on(`/${TENANT}/token`, () => ({ body: server.grant({ refresh_token: null }) }));
  await tenon.addProviderApp(PROVIDER, 'app-1', SECRET);
  return world;
}

function connect({ tenon }: World, body: JsonObject) {
  return tenon.api('POST', '/custom-auth/connect', { projectIdOrName: tenon.projectId, ...body });
}

const first = { provider: PROVIDER, groupRef: 'acme', consumerRef: 'ada', customAuth: {} };

interface Begun {
  readonly url: URL;
  readonly sessionId: string;
  readonly state: string;
}

async function begun(world: World, groupRef = 'acme'): Promise<Begun> {
  const { status, json } = await connect(world, { ...first, groupRef });
  const redirect = isJsonObject(json) && isJsonObject(json['redirect']) ? json['redirect'] : {};
  expect([status, Object.keys(redirect).toSorted()]).toEqual([200, ['sessionId', 'url']]);
  const url = new URL(String(redirect['url']));
  return { url, sessionId: String(redirect['sessionId']), state: url.searchParams.get('state') ?? '' };
}

/** What the callback page tells its opener. */
async function toldBy({ tenon }: World, query: Readonly<Record<string, string>>, isPosted = false): Promise<JsonValue> {
  const params = new URLSearchParams(query);
  const address = `${tenon.origin}/callbacks/v1/custom-auth/default`;
  const init = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: params };
  const response = await (isPosted ? fetch(address, init) : fetch(`${address}?${params}`));
  expect(response.status).toBe(200);
  return JSON.parse(/const message = (.*);\n/.exec(await response.text())?.[1] ?? 'null') as JsonValue;
}

describe('the first step', () => {
  it('is refused without a provider app, or with one of another provider', async () => {
    const world = await worldOfTest(behind);
    expect((await connect(world, first)).json).toMatchObject({
      status: 400,
      detail: expect.stringContaining('no provider app'),
      remedy: expect.stringContaining('provider-apps'),
    });
    const { id } = await world.tenon.addProviderApp('hubspot');
    expect((await connect(world, { ...first, providerAppId: id })).status).toBe(400);
    expect(storedCounts(world)).toEqual(NOTHING);
  });

  it('cannot be left out', async () => {
    const world = await startWorld();
    const { tenon } = world;
    const answer = await tenon.api('POST', tenon.inProject('/connections:generate'), first);
    expect(answer.json).toMatchObject({ status: 400, remedy: expect.stringContaining('custom-auth/connect') });
  });

  it('answers the page for the administrator and a session, which are not the same', async () => {
    const world = await startWorld();
    const { url, sessionId, state } = await begun(world);
    expect(url.origin + url.pathname).toBe(`${world.server.origin}/adminconsent`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'app-1',
      redirect_uri: `${world.tenon.running.services.publicUrl}/callbacks/v1/custom-auth/default`,
      state: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(sessionId).not.toBe(state);
    expect(url.href).not.toContain(sessionId);
  });
});

describe('the callback page', () => {
  it.each([false, true])(
    'hands all that the provider says to its opener and does nothing (posted: %s)',
    async (isPosted) => {
      const world = await startWorld();
      const { state } = await begun(world);
      const before = storedCounts(world);
      const said = { state, tenant: TENANT, admin_consent: 'True', odd: '</script><script>alert(1)' };
      expect(await toldBy(world, said, isPosted)).toEqual({ source: 'ampersand-custom-auth', params: said });
      expect([storedCounts(world), world.server.calls]).toEqual([before, []]);
    },
  );
});

describe('the second step connects nobody', () => {
  it.each([
    ['with a state that is another', { state: 'another' }, 'another authorization than was begun'],
    ['without a state', { state: undefined }, 'another authorization than was begun'],
    [
      'when the administrator says no',
      { error: 'access_denied', error_description: 'denied' },
      'did not connect: denied',
    ],
    ['without a tenant', { tenant: undefined }, 'named no tenant'],
    ['with a tenant that leaves its place', { tenant: 'x/../../evil' }, 'tenant'],
    ['with a tenant of dots', { tenant: '..' }, 'tenant'],
    ['with a tenant in percent signs', { tenant: '%2e%2e' }, 'tenant'],
    ['with a tenant that is an address', { tenant: 'https://evil.example' }, 'tenant'],
    ['with a tenant that ends the path', { tenant: 'x?y=' }, 'tenant'],
  ])('%s, and the session is used up', async (_what, differences, says) => {
    const world = await startWorld();
    const { sessionId, state } = await begun(world);
    const callbackParams = { state, tenant: TENANT, ...differences } as JsonObject;
    const answer = await connect(world, { sessionId, callbackParams });
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining(says) });
    expect(answer.text).not.toContain('evil');
    const again = await connect(world, { sessionId, callbackParams: { state, tenant: TENANT } });
    expect(again.json).toMatchObject({ status: 400, detail: expect.stringContaining('already used') });
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
  });

  it('with the state of another session', async () => {
    const world = await startWorld();
    const mine = await begun(world);
    const theirs = await begun(world, 'other');
    const callbackParams = { state: theirs.state, tenant: TENANT };
    expect((await connect(world, { sessionId: mine.sessionId, callbackParams })).status).toBe(400);
    expect(world.server.calls).toEqual([]);
  });

  it('with a session that is unknown, of another kind of flow, or expired', async () => {
    const world = await startWorld();
    const { tenon, clock } = world;
    await tenon.addProviderApp('hubspot');
    const ofOauth = new URL(await tenon.authorizeUrl('hubspot')).searchParams.get('state') ?? '';
    const { sessionId, state } = await begun(world);
    await clock.advance(OAUTH_STATE_TTL_MS);
    for (const session of ['none', state, ofOauth, sessionId]) {
      const answer = await connect(world, { sessionId: session, callbackParams: { state, tenant: TENANT } });
      expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining('unknown') });
    }
    expect([storedCounts(world)['connections'], world.server.calls]).toEqual([0, []]);
  });

  it('with the session of another project, which can still go on', async () => {
    const world = await startWorld();
    const { tenon, clock } = world;
    const projectId = newId<ProjectId>();
    const createdAtMs = clock.nowMs();
    const key = 'tnn_the-key-of-another-project';
    await tenon.running.services.store.commit([
      insertProject({ projectId, name: 'other', appName: 'Other', orgId: 'org', createdAtMs }),
      insertApiKey({ projectId, label: 'test', createdAtMs, keyHash: hashApiKey(key), scopes: '["full"]' }),
    ]);
    const { sessionId, state } = await begun(world);
    const second = { sessionId, callbackParams: { state, tenant: TENANT } };
    for (const projectIdOrName of ['other', tenon.projectId]) {
      const body = { projectIdOrName, ...second };
      const answer = await tenon.api('POST', '/custom-auth/connect', body, { 'x-api-key': key });
      expect(answer.status).toBe(projectIdOrName === 'other' ? 400 : 404);
    }
    expect(storedCounts(world)['connections']).toBe(0);
    expect((await connect(world, second)).status).toBe(200);
  });

  it.each([
    [401, { error: 'invalid_client' }, 424, 'invalid_client'],
    [400, { error: 'unauthorized_client', error_description: 'AADSTS700016' }, 424, 'unauthorized_client'],
    [400, { error: 'invalid_request', error_description: 'AADSTS90002: tenant not found' }, 400, 'invalid_request'],
    [503, {}, 502, 'could not complete'],
  ])('when the token endpoint answers %d %j', async (status, body, expected, says) => {
    const world = await startWorld();
    const { sessionId, state } = await begun(world);
    world.server.once(`/${TENANT}/token`, { status, body });
    const answer = await connect(world, { sessionId, callbackParams: { state, tenant: TENANT } });
    expect(answer.json).toMatchObject({ status: expected, detail: expect.stringContaining(says) });
    expect(answer.text).not.toContain(SECRET);
    expect(storedCounts(world)).toEqual(NOTHING);
  });
});

describe('a tenant whose administrator consented', () => {
  async function consented(): Promise<{ world: World; id: string }> {
    const world = await startWorld();
    const { sessionId, state } = await begun(world);
    const told = await toldBy(world, { state, tenant: TENANT, admin_consent: 'True' });
    const callbackParams = isJsonObject(told) ? told['params'] : undefined;
    const { status, json } = await connect(world, { ...first, sessionId, callbackParams });
    expect(status).toBe(200);
    const { id } = publishedConnection(isJsonObject(json) ? (json['connection'] ?? null) : null);
    return { world, id };
  }

  it('is connected with the builder’s client, and its token works and is renewed', async () => {
    const { world, id } = await consented();
    const { server, clock } = world;
    expect(server.callsTo(`/${TENANT}`)[0]?.form).toEqual({
      grant_type: 'client_credentials',
      scope: 'https://graph.microsoft.com/.default',
      client_id: 'app-1',
      client_secret: SECRET,
    });
    expect(await shown(world, id)).toMatchObject({ providerWorkspaceRef: TENANT, authScheme: 'none' });
    // The builder's secret is kept once, with the provider app.
    expect(JSON.stringify(tokensOf(world, id))).not.toContain(SECRET);
    const installation = await installed(world, PROVIDER);
    expect(await called(world, installation)).toBe(200);
    await clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(200);
    expect(server.callsTo(`/${TENANT}`)).toHaveLength(2);
  });

  it('that takes its consent back is not taken for a fault of the provider app', async () => {
    const { world, id } = await consented();
    const installation = await installed(world, PROVIDER);
    world.server.on(`/${TENANT}/token`, () => ({ status: 400, body: { error: 'unauthorized_client' } }));
    await world.clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(424);
    expect((await shown(world, id))['status']).toBe('bad_credentials');
  });
});

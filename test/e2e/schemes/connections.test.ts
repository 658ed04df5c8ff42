// The life of a connection over the API: what may be changed of it and of its provider app, tokens on request, renewal
// on request, and its end, with the grant given back to the provider.

import { describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject } from '../../../src/core/json.ts';
import { FLEET_SPREAD_MS } from '../../../src/core/limits.ts';
import { HOUR_MS, MINUTE_MS } from '../../../src/core/time.ts';
import { eraseConnection } from '../../../src/flows/connect/removeConnection.ts';
import { readConnection } from '../../../src/store/tables/connections.ts';
import { settled, until } from '../../support/drive.ts';
import { basicOf, type SchemeServer } from '../../support/schemeServer.ts';
import {
  called,
  connected,
  generated,
  installed,
  patched,
  shown,
  storedCounts,
  tokensOf,
  type World,
  worldOfTest,
} from '../../support/schemes.ts';

const SECRET = 'the-first-secret';

function behind({ origin, port }: SchemeServer): JsonObject {
  const oauth2Opts = { authURL: `${origin}/authorize`, tokenURL: `${origin}/token` };
  const workspace = `http://{{.workspace}}.localhost:${port}`;
  const plain = { baseURL: `${origin}/api`, oauth2Opts };
  return {
    typeform: { ...plain, tenon: { tokens: { rotation: 'stable' } } },
    xero: {
      ...plain,
      tenon: { tokens: { revocationUrl: `${origin}/revoke` }, accountLookup: { url: `${origin}/connections` } },
    },
    salesforce: {
      baseURL: `${workspace}/api`,
      oauth2Opts: { authURL: `${workspace}/authorize`, tokenURL: `${workspace}/token` },
      authHealthCheck: { url: `${workspace}/api/me` },
      tenon: { tokens: { revocationUrl: `${workspace}/revoke` } },
    },
    freshdesk: { baseURL: `${workspace}/api` },
    avoma: { baseURL: `${origin}/api` },
    helpScoutMailbox: {
      ...plain,
      authHealthCheck: { url: `${origin}/api/me` },
      oauth2Opts: { tokenURL: `${origin}/token` },
    },
    sugarCRM: { baseURL: `${workspace}/api`, oauth2Opts: { tokenURL: `${workspace}/token` } },
  };
}

async function startWorld(...providers: readonly string[]): Promise<World> {
  const world = await worldOfTest(behind);
  for (const provider of providers) await world.tenon.addProviderApp(provider, `app-${provider}`, SECRET, ['one']);
  return world;
}

const get = ({ tenon }: World, id: string, query = '') =>
  tenon.api('GET', tenon.inProject(`/connections/${id}${query}`));
const remove = ({ tenon }: World, id: string) => tenon.api('DELETE', tenon.inProject(`/connections/${id}`));
const client = { clientId: 'id', clientSecret: 'secret' };
const oauth2PasswordCredentials = { ...client, username: 'ada', password: 'pw' };

describe('a change', () => {
  const CREDENTIALS: JsonObject = {
    apiKey: 'key',
    basicAuth: { username: 'u', password: 'p' },
    oauth2ClientCredentials: client,
    oauth2PasswordCredentials,
  };
  const MADE: Readonly<Record<string, readonly [string, JsonObject]>> = {
    apiKey: ['avoma', { apiKey: 'key-1' }],
    basicAuth: ['freshdesk', { providerWorkspaceRef: 'acme', basicAuth: { username: 'key-1', password: '' } }],
    oauth2PasswordCredentials: ['sugarCRM', { providerWorkspaceRef: 'acme', oauth2PasswordCredentials }],
  };

  it.each(Object.entries(MADE))(
    'to another scheme than %s is refused, with what is allowed',
    async (own, [provider, typed]) => {
      const world = await startWorld();
      const { id } = await generated(world, provider, typed);
      const before = world.tenon.credentialOf(id);
      world.server.forget();
      const others = Object.keys(CREDENTIALS).filter((name) => name !== own);
      for (const mask of [
        ...others.map((name) => [name]),
        [own, others[0] ?? ''],
        ['providerMetadata', others[0] ?? ''],
      ]) {
        const answer = await patched(world, id, mask, { ...CREDENTIALS, providerMetadata: {} });
        const allowed = `Allowed are providerWorkspaceRef, providerMetadata, ${own}.`;
        expect([mask, answer.json]).toMatchObject([mask, { status: 400, remedy: allowed }]);
      }
      expect((await patched(world, id, ['authScheme'], {})).status).toBe(400);
      expect((await patched(world, id, [own], {})).json).toMatchObject({ status: 400, issues: [{ name: own }] });
      expect([world.tenon.credentialOf(id), world.server.calls]).toEqual([before, []]);
    },
  );

  it('of a grant through a consent page names the way to another grant', async () => {
    const world = await startWorld('typeform');
    const { id } = await connected(world, 'typeform');
    for (const mask of Object.keys(CREDENTIALS)) {
      const answer = await patched(world, id, [mask], CREDENTIALS);
      expect(answer.json).toMatchObject({ status: 400, remedy: expect.stringContaining(':oauth-update') });
    }
  });

  it('of another connection, of none, or without a mask changes nothing', async () => {
    const world = await startWorld();
    const { id, ...before } = await generated(world, 'avoma', { apiKey: 'key-1' });
    expect((await patched(world, 'none', ['apiKey'], { apiKey: 'key-2' })).status).toBe(404);
    expect((await patched(world, id, [], { apiKey: 'key-2', providerWorkspaceRef: 'other' })).json).toEqual({
      id,
      ...before,
    });
    expect(world.tenon.credentialOf(id)).toMatchObject({ apiKey: 'key-1' });
  });

  it('of the password is tried first', async () => {
    const world = await startWorld();
    const { server } = world;
    const { id } = await generated(world, 'sugarCRM', { providerWorkspaceRef: 'acme', oauth2PasswordCredentials });
    const change = (password: string) =>
      patched(world, id, ['oauth2PasswordCredentials'], {
        oauth2PasswordCredentials: { ...oauth2PasswordCredentials, password },
      });
    server.once('/token', { status: 400, body: { error: 'need_login' } });
    expect((await change('wrong')).status).toBe(400);
    expect(tokensOf(world, id)).toMatchObject({ accessToken: 'access-1', source: { password: 'pw' } });
    expect((await change('new')).json).toMatchObject({ id, status: 'created' });
    expect(tokensOf(world, id)).toMatchObject({ accessToken: 'access-2', source: { password: 'new' } });
  });

  it('of the workspace decides where the next call goes, and what breaks it is refused', async () => {
    const world = await startWorld();
    const { server } = world;
    server.on('/api/x', () => ({}));
    const typed = { providerWorkspaceRef: 'acme', basicAuth: { username: 'key-1', password: '' } };
    const { id } = await generated(world, 'freshdesk', typed);
    const installation = await installed(world, 'freshdesk');
    expect(await called(world, installation)).toBe(200);
    const item = (value: string) => ({ providerMetadata: { workspace: { value, source: 'input' } } });
    for (const [mask, change, says] of [
      ['providerMetadata', item('https://evil.example'), 'of another form'],
      ['providerMetadata', item(''), 'needs "workspace"'],
      ['providerWorkspaceRef', { providerWorkspaceRef: 'a/b' }, 'characters'],
    ] as const) {
      const answer = await patched(world, id, [mask], change);
      expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining(says) });
    }
    expect((await patched(world, id, ['providerMetadata'], item('Beta'))).status).toBe(200);
    expect(await called(world, installation)).toBe(200);
    const both = await patched(world, id, ['providerWorkspaceRef', 'basicAuth'], {
      providerWorkspaceRef: 'gamma',
      basicAuth: { username: 'key-2', password: '' },
    });
    expect(both.json).toMatchObject({
      providerWorkspaceRef: 'gamma',
      providerMetadata: { workspace: { value: 'gamma' } },
    });
    expect(await called(world, installation)).toBe(200);
    const seen = server.callsTo('/api/x').map((call) => [call.host, basicOf(call)]);
    expect(seen).toEqual([
      ['acme.localhost', 'key-1:X'],
      ['beta.localhost', 'key-1:X'],
      ['gamma.localhost', 'key-2:X'],
    ]);
    await shown(world, id);
  });

  it.each([['acme-inc'], [undefined]])(
    'of the workspace to %s together with the key is a change of both, where no address names it',
    async (providerWorkspaceRef) => {
      const world = await startWorld();
      const { id } = await generated(world, 'avoma', { apiKey: 'key-1' });
      await patched(world, id, ['providerWorkspaceRef'], { providerWorkspaceRef: 'before' });
      const both = await patched(world, id, ['providerWorkspaceRef', 'apiKey'], {
        apiKey: 'key-2',
        ...(providerWorkspaceRef === undefined ? {} : { providerWorkspaceRef }),
      });
      expect(both.status).toBe(200);
      expect((both.json as JsonObject)['providerWorkspaceRef']).toBe(providerWorkspaceRef);
      expect((await shown(world, id))['providerWorkspaceRef']).toBe(providerWorkspaceRef);
      expect(world.tenon.credentialOf(id)).toMatchObject({ apiKey: 'key-2' });
    },
  );

  it('of metadata keeps what is not named in it', async () => {
    const world = await startWorld();
    const { id } = await generated(world, 'avoma', {
      apiKey: 'key-1',
      providerMetadata: { a: { value: '1' }, b: { value: '2', displayName: 'B' } },
    });
    const answer = await patched(world, id, ['providerMetadata'], { providerMetadata: { a: { value: '3' } } });
    expect(answer.json).toMatchObject({
      providerMetadata: { a: { value: '3', source: 'input' }, b: { value: '2', source: 'input', displayName: 'B' } },
      updateTime: expect.any(String),
    });
    await shown(world, id);
  });
});

describe('another client secret', () => {
  it('releases the connections that were held while the old one was refused', async () => {
    const world = await startWorld('typeform');
    const { server, clock, tenon } = world;
    const groups = ['g1', 'g2', 'g3'];
    const customers: { readonly id: string; readonly installation: string }[] = [];
    for (const groupRef of groups) {
      const { id } = await connected(world, 'typeform', { groupRef });
      customers.push({ id, installation: await installed(world, 'typeform', groupRef) });
    }
    const secret = 'the-second-secret';
    server.on('/token', ({ form }) =>
      form['client_secret'] === secret ? { body: server.grant() } : { status: 401, body: { error: 'invalid_client' } },
    );
    await clock.advance(HOUR_MS);
    const waiting = customers.map(({ installation }) => called(world, installation));
    await until(world, 'held', () => server.callsTo('/token').length > 3, MINUTE_MS);
    await settled(world);
    await clock.advance(MINUTE_MS);
    for (const status of await Promise.all(waiting)) expect([424, 504]).toContain(status);
    for (const { id } of customers) expect((await shown(world, id))['status']).not.toBe('bad_credentials');

    const [app] = await tenon.ok<JsonObject[]>('GET', tenon.inProject('/provider-apps'));
    const change = (updateMask: readonly string[], providerApp: JsonObject) =>
      tenon.api('PATCH', tenon.inProject(`/provider-apps/${app?.['id']}`), { updateMask, providerApp });
    for (const [mask, body, status] of [
      [['clientSecret'], {}, 400],
      [['provider'], { provider: 'xero' }, 400],
      [['nothing'], {}, 400],
      [['clientId'], { clientId: '' }, 400],
    ] as const) {
      expect((await change(mask, body)).status).toBe(status);
    }
    const answer = await change(['clientSecret', 'scopes', 'externalRef'], {
      ...{ clientSecret: secret, scopes: ['two'], externalRef: 'mine', clientId: 'not-in-the-mask' },
    });
    expect(answer.json).toMatchObject({ clientId: 'app-typeform', scopes: ['two'], externalRef: 'mine' });
    expect(answer.text).not.toContain(secret);
    const isRenewed = () => customers.every(({ id }) => tokensOf(world, id).accessToken > 'access-3');
    await until(world, 'all were renewed', isRenewed, 2 * FLEET_SPREAD_MS);
    for (const { installation } of customers) expect(await called(world, installation)).toBe(200);
  });
});

describe('tokens on request', () => {
  it('are those of a consent page only, and of no other scheme', async () => {
    const world = await startWorld('typeform');
    const made = [
      await generated(world, 'avoma', { apiKey: 'the-api-key' }),
      await generated(world, 'helpScoutMailbox', { oauth2ClientCredentials: client }),
      await generated(world, 'sugarCRM', { providerWorkspaceRef: 'acme', oauth2PasswordCredentials }),
    ];
    for (const { id } of made) {
      const answer = await get(world, id, '?includeCreds=true&includeRefreshToken=true');
      expect([answer.status, Object.keys(answer.json as JsonObject)]).toEqual([
        200,
        expect.not.arrayContaining(['oauth2AuthorizationCode', 'apiKey']),
      ]);
      for (const secret of ['the-api-key', 'access-', 'refresh-', '"secret"', '"pw"']) {
        expect(answer.text).not.toContain(secret);
      }
    }
    const { id } = await connected(world, 'typeform');
    const tokens = tokensOf(world, id);
    expect((await get(world, id)).text).not.toContain(tokens.accessToken);
    const seen = await shown(world, id, '?includeCreds=true');
    expect(seen['oauth2AuthorizationCode']).toMatchObject({ accessToken: { token: tokens.accessToken } });
    expect(JSON.stringify(seen)).not.toContain(tokens.refreshToken);
    expect((await shown(world, id, '?includeRefreshToken=true'))['oauth2AuthorizationCode']).toMatchObject({
      accessToken: { token: tokens.accessToken },
      refreshToken: { token: tokens.refreshToken },
    });
    expect((await get(world, id, '?includeCreds=true')).headers.get('cache-control')).toBe('no-store');
  });
});

describe('renewal on request', () => {
  it.each([
    ['of an unknown kind', 'typeform', 'always', 400],
    ['of an API key', 'avoma', 'force', 400],
  ])('%s is refused', async (_what, provider, mode, status) => {
    const world = await startWorld('typeform');
    const { id } =
      provider === 'avoma' ? await generated(world, 'avoma', { apiKey: 'key' }) : await connected(world, 'typeform');
    world.server.forget();
    expect((await get(world, id, `?refresh=${mode}`)).json).toMatchObject({
      status,
      detail: expect.stringMatching(/\S/),
    });
    expect(world.server.calls).toEqual([]);
  });

  it('answers with the next token, once however many ask', async () => {
    const world = await startWorld('typeform');
    const { server, clock } = world;
    const { id } = await connected(world, 'typeform');
    expect(await shown(world, id, '?refresh=ifExpired')).toMatchObject({ id });
    expect(server.callsTo('/token')).toHaveLength(1);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => get(world, id, '?refresh=force&includeCreds=true')),
    );
    const tokens = answers.map(({ json }) => {
      const grant = isJsonObject(json) ? json['oauth2AuthorizationCode'] : undefined;
      return isJsonObject(grant) && isJsonObject(grant['accessToken']) ? grant['accessToken']['token'] : null;
    });
    expect(tokens).toEqual(Array.from({ length: 5 }, () => 'access-2'));
    expect(server.callsTo('/token')).toHaveLength(2);
    await clock.advance(HOUR_MS);
    expect(await shown(world, id, '?refresh=ifExpired&includeCreds=true')).toMatchObject({
      oauth2AuthorizationCode: { accessToken: { token: 'access-3' } },
    });
    expect(server.callsTo('/token')).toHaveLength(3);
  });

  it('works for client credentials', async () => {
    const world = await startWorld();
    const { id } = await generated(world, 'helpScoutMailbox', { oauth2ClientCredentials: client });
    await shown(world, id, '?refresh=force');
    expect(tokensOf(world, id).accessToken).toBe('access-2');
  });

  it('that the provider refuses is told as the end of the connection', async () => {
    const world = await startWorld('typeform');
    const { id } = await connected(world, 'typeform');
    world.server.once('/token', { status: 400, body: { error: 'invalid_grant' } });
    for (let round = 0; round < 2; round++) {
      expect((await get(world, id, '?refresh=force')).json).toMatchObject({ status: 424, code: 'auth_invalidated' });
    }
    expect(world.server.callsTo('/token')).toHaveLength(2);
    expect(await shown(world, id)).toMatchObject({ status: 'bad_credentials' });
  });
});

/** The provider answers no revocation before what this answers is called. */
function holdRevocations({ server }: World): () => void {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  server.on('/revoke', async () => {
    await held;
    return {};
  });
  return release;
}

describe('the end of a connection', () => {
  const NOTHING = { connections: 0, credentials: 0, oauthStates: 0 };

  it('does not come while an installation uses it', async () => {
    const world = await startWorld('xero');
    const { id } = await connected(world, 'xero');
    await installed(world, 'xero');
    world.server.forget();
    expect((await remove(world, id)).json).toMatchObject({ status: 422, detail: expect.stringContaining('used by 1') });
    expect([storedCounts(world)['connections'], world.server.calls]).toEqual([1, []]);
  });

  it('gives the grant back, with the token that is worth most, and leaves nothing', async () => {
    const world = await startWorld('xero', 'salesforce');
    const { server } = world;
    server.on('/revoke', () => ({}));
    const xero = await connected(world, 'xero');
    expect((await remove(world, xero.id)).status).toBe(204);
    await expect.poll(() => server.callsTo('/revoke').length).toBe(1);
    const [call] = server.callsTo('/revoke');
    expect(call).toMatchObject({ method: 'POST', form: { token: 'refresh-1', token_type_hint: 'refresh_token' } });
    expect(call === undefined ? null : basicOf(call)).toBe(`app-xero:${SECRET}`);
    server.once('/token', { body: server.grant({ refresh_token: null }) });
    const { id } = await connected(world, 'salesforce', { workspace: 'acme' });
    expect((await remove(world, id)).status).toBe(204);
    await expect.poll(() => server.callsTo('/revoke').length).toBe(2);
    expect(server.callsTo('/revoke').at(-1)).toMatchObject({
      host: 'acme.localhost',
      form: { token: 'access-2', token_type_hint: 'access_token', client_id: 'app-salesforce', client_secret: SECRET },
    });
    expect(storedCounts(world)).toEqual(NOTHING);
    expect((await get(world, id)).status).toBe(404);
    expect((await remove(world, id)).status).toBe(404);
  });

  it.each([
    ['is down', { status: 503 }],
    ['refuses', { status: 400, body: { error: 'unsupported_token_type' } }],
    ['answers with a page', { body: '<html>' }],
  ])('comes although the provider %s', async (_what, answer) => {
    const world = await startWorld('xero');
    world.server.on('/revoke', () => answer);
    const { id } = await connected(world, 'xero');
    expect((await remove(world, id)).status).toBe(204);
    expect(storedCounts(world)).toEqual(NOTHING);
    await expect.poll(() => world.server.callsTo('/revoke').length).toBe(1);
  });

  it('waits for no provider, and takes nothing along that was connected meanwhile', async () => {
    const world = await startWorld('xero');
    const release = holdRevocations(world);
    const { id } = await connected(world, 'xero');
    expect((await remove(world, id)).status).toBe(204);
    expect(storedCounts(world)).toEqual(NOTHING);
    const again = await connected(world, 'xero');
    await installed(world, 'xero');
    expect((await remove(world, id)).status).toBe(404);
    const { tenon } = world;
    expect((await tenon.api('DELETE', tenon.inProject('/integrations/xero'))).status).toBe(204);
    expect([again.id === id, storedCounts(world)]).toEqual([false, NOTHING]);
    release();
    await expect.poll(() => world.server.callsTo('/revoke').length).toBe(2);
    const tokens = world.server.callsTo('/revoke').map(({ form }) => form['token']);
    expect(tokens).toEqual(['refresh-1', 'refresh-2']);
  });

  it('does not come over a credential that was stored since', async () => {
    const world = await startWorld('xero');
    const { services } = world.tenon.running;
    const { id } = await connected(world, 'xero');
    const before = readConnection(services.store.reads, id);
    if (before === undefined) throw new Error('there is no connection');
    await connected(world, 'xero');
    world.server.forget();
    await expect(eraseConnection(services, before)).rejects.toMatchObject({ code: 'conflict' });
    expect(await shown(world, id)).toMatchObject({ id });
    expect(tokensOf(world, id)).toMatchObject({ refreshToken: 'refresh-2' });
    // Whoever asks for the end of the connection means it as it is now.
    expect((await remove(world, id)).status).toBe(204);
    expect(storedCounts(world)).toEqual(NOTHING);
    await expect(eraseConnection(services, before)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('asks nobody where there is nothing to give back', async () => {
    const world = await startWorld('typeform');
    const { id } = await connected(world, 'typeform');
    const key = await generated(world, 'avoma', { apiKey: 'key' });
    world.server.forget();
    for (const connectionId of [id, key.id]) expect((await remove(world, connectionId)).status).toBe(204);
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
  });
});

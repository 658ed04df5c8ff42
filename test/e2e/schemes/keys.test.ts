// What a customer types and what goes along with every call as it is: keys in a header or in the query, Basic in its
// forms, several inputs in headers and queries of their own, and Redtail's login, whose password is used once.

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { MINUTE_MS } from '../../../src/core/time.ts';
import { pass, settled } from '../../support/drive.ts';
import { basicOf, type SchemeCall, type SchemeServer } from '../../support/schemeServer.ts';
import {
  called,
  generate,
  generated,
  installed,
  patched,
  shown,
  storedCounts,
  type World,
  worldOfTest,
} from '../../support/schemes.ts';

const NOTHING = { connections: 0, credentials: 0, oauthStates: 0 };
const BAD = 'the-wrong-key';

function behind({ origin, port }: SchemeServer) {
  const baseURL = `${origin}/api`;
  const workspace = `http://{{.workspace}}.localhost:${port}/api`;
  return {
    avoma: { baseURL, authHealthCheck: { url: `${origin}/api/check` } },
    bird: { baseURL },
    hunter: { baseURL, authHealthCheck: { url: `${origin}/api/check?page=1` } },
    freshdesk: { baseURL: workspace, authHealthCheck: { url: `${workspace}/check` } },
    // One that takes its key as password.
    insightly: {
      baseURL: workspace,
      basicOpts: { apiKeyAsBasic: true, apiKeyAsBasicOpts: { fieldUsed: 'password', keyFormat: 'api:%s' } },
    },
    gladly: { baseURL },
    discourse: { baseURL: workspace },
    clariCopilot: { baseURL },
    devrev: { baseURL, customOpts: { queryParams: [{ name: 'key', valueTemplate: 'v1/{{ .token }}' }] } },
    redtail: {
      baseURL: `http://{{.region}}.localhost:${port}/api`,
      authHealthCheck: { url: `http://{{.region}}.localhost:${port}/api/check` },
      tenon: { exchange: { url: `http://{{.region}}.localhost:${port}/login` } },
    },
  };
}

/** Every call is answered well, unless the wrong key is anywhere in it. */
async function startWorld(): Promise<World> {
  const world = await worldOfTest(behind);
  const isBad = (call: SchemeCall) => `${JSON.stringify(call)}${basicOf(call)}`.includes(BAD);
  for (const path of ['/api/check', '/api/x']) {
    world.server.on(path, (call) => (isBad(call) ? { status: 401, body: { error: 'wrong key' } } : {}));
  }
  return world;
}

/** The proxied call as the provider saw it. */
async function sentBy(world: World, provider: string, path = '/x'): Promise<SchemeCall> {
  expect(await called(world, await installed(world, provider), path)).toBe(200);
  const call = world.server.callsTo('/api/x').at(-1);
  if (call === undefined) throw new Error('nothing came');
  return call;
}

describe('a key', () => {
  it.each([
    ['in a header that it would end', 'avoma', { apiKey: 'key\r\nx-evil: 1' }, 'cannot be sent'],
    ['in a header that cannot carry it', 'avoma', { apiKey: 'k\u{1f511}' }, 'cannot be sent'],
    ['in a query with a line break', 'hunter', { apiKey: 'key\n' }, 'cannot be sent'],
    ['that is empty', 'hunter', { apiKey: '' }, 'connected with apiKey'],
    ['that is not there', 'avoma', {}, 'connected with apiKey'],
    ['that the provider does not take, in a header', 'avoma', { apiKey: BAD }, 'refuses the credential (401)'],
    ['that the provider does not take, in a query', 'hunter', { apiKey: BAD }, 'refuses the credential (401)'],
  ])('%s is refused, and nothing is stored', async (_what, provider, body, says) => {
    const world = await startWorld();
    const answer = await generate(world, provider, body);
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining(says) });
    expect(answer.text).not.toContain(BAD);
    expect(storedCounts(world)).toEqual(NOTHING);
    expect(world.server.calls.length).toBe(says.startsWith('refuses') ? 1 : 0);
  });

  it('that cannot be checked just now is taken', async () => {
    const world = await startWorld();
    world.server.once('/api/check', { status: 503 });
    await generated(world, 'avoma', { apiKey: 'key' });
  });

  it.each([
    ['avoma', 'authorization', 'Bearer key-1'],
    ['bird', 'authorization', 'AccessKey key-1'],
  ])('goes to %s in a header with its prefix, whatever the caller sends', async (provider, header, value) => {
    const world = await startWorld();
    await generated(world, provider, { apiKey: 'key-1' });
    const installation = await installed(world, provider);
    const response = await world.tenon.proxy(installation, '/x', { headers: { [header]: 'mine', 'x-own': 'kept' } });
    expect(response.status).toBe(200);
    expect(world.server.callsTo('/api/x')[0]?.headers).toMatchObject({ [header]: value, 'x-own': 'kept' });
  });

  it.each([
    ['/x', { api_key: 'k&y=1 #' }],
    ['/x?a=1&b=%20', { a: '1', b: ' ', api_key: 'k&y=1 #' }],
  ])('goes to Hunter in the query of %s, encoded', async (path, query) => {
    const world = await startWorld();
    await generated(world, 'hunter', { apiKey: 'k&y=1 #' });
    expect(world.server.callsTo('/api/check')[0]?.query).toEqual({ page: '1', api_key: 'k&y=1 #' });
    const call = await sentBy(world, 'hunter', path);
    expect(call.query).toEqual(query);
    expect(call.headers['authorization']).toBeUndefined();
  });

  it('is changed by PATCH, after the provider took the new one', async () => {
    const world = await startWorld();
    const { id } = await generated(world, 'avoma', { apiKey: 'key-1' });
    const refused = await patched(world, id, ['apiKey'], { apiKey: BAD });
    expect(refused.json).toMatchObject({ status: 400, detail: expect.stringContaining('refuses the credential') });
    expect((await sentBy(world, 'avoma')).headers['authorization']).toBe('Bearer key-1');
    const changed = await patched(world, id, ['apiKey'], { apiKey: 'key-2' });
    expect(changed.json).toMatchObject({ id, status: 'created' });
    expect(world.tenon.credentialOf(id)).toEqual({ scheme: 'apiKey', apiKey: 'key-2' });
  });

  it('that stops working is believed at the second check, and the connection ends', async () => {
    const world = await startWorld();
    const { id } = await generated(world, 'avoma', { apiKey: 'key-1' });
    const installation = await installed(world, 'avoma');
    for (const path of ['/api/check', '/api/x']) world.server.on(path, () => ({ status: 401 }));
    expect(await called(world, installation)).toBe(401);
    await settled(world);
    expect((await shown(world, id))['status']).toBe('created');
    await pass(world, 6 * MINUTE_MS);
    expect((await shown(world, id))['status']).toBe('bad_credentials');
    expect(await called(world, installation)).toBe(424);
  });

  it('is not doubted for a 401 that the provider’s check does not confirm', async () => {
    const world = await startWorld();
    const { id } = await generated(world, 'avoma', { apiKey: 'key-1' });
    const installation = await installed(world, 'avoma');
    world.server.once('/api/x', { status: 401 });
    expect(await called(world, installation)).toBe(401);
    await pass(world, 6 * MINUTE_MS);
    expect((await shown(world, id))['status']).toBe('working');
  });
});

describe('Basic', () => {
  it.each([
    ['freshdesk', { username: 'key-1', password: '' }, 'key-1:X'],
    ['freshdesk', { username: 'key-1', password: 'typed' }, 'key-1:typed'],
    ['insightly', { username: '', password: 'key-1' }, 'api:key-1'],
    ['insightly', { username: 'ada', password: 'key-1' }, 'ada:key-1'],
    ['gladly', { username: 'ada', password: 'p:ä$&' }, 'ada:p:ä$&'],
    ['gladly', { username: 'ada', password: '' }, 'ada:'],
    ['gladly', { username: '', password: 'secret' }, ':secret'],
  ])('at %s with %j is sent as %j', async (provider, basicAuth, sent) => {
    const world = await startWorld();
    const connection = await generated(world, provider, { basicAuth, providerWorkspaceRef: 'acme' });
    expect(connection['authScheme']).toBe('basic');
    expect(basicOf(await sentBy(world, provider))).toBe(sent);
  });

  it('that the provider does not take is refused, also when it is changed', async () => {
    const world = await startWorld();
    const typed = { providerWorkspaceRef: 'acme', basicAuth: { username: BAD, password: '' } };
    const answer = await generate(world, 'freshdesk', typed);
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining('(401)') });
    expect(storedCounts(world)).toEqual(NOTHING);
    const { id } = await generated(world, 'freshdesk', { ...typed, basicAuth: { username: 'key-1', password: '' } });
    expect((await patched(world, id, ['basicAuth'], { basicAuth: { username: BAD, password: '' } })).status).toBe(400);
    expect((await patched(world, id, ['basicAuth'], { basicAuth: { username: 'key-2', password: '' } })).status).toBe(
      200,
    );
    expect(basicOf(await sentBy(world, 'freshdesk'))).toBe('key-2:X');
  });
});

describe('several inputs', () => {
  const both = { apiKey: 'key-1', username: 'system' };

  it.each([
    ['without any', { customAuth: undefined }, 'customAuth'],
    ['without one', { customAuth: { apiKey: 'key-1' } }, 'customAuth.username'],
    ['with an empty one', { customAuth: { ...both, apiKey: '' } }, 'customAuth.apiKey'],
    ['with a list', { customAuth: { ...both, apiKey: ['key-1'] } }, 'customAuth.apiKey'],
  ])('%s are refused by name', async (_what, body, name) => {
    const world = await startWorld();
    const answer = await generate(world, 'discourse', { providerWorkspaceRef: 'acme', ...body } as JsonObject);
    expect(answer.json).toMatchObject({ status: 400, issues: [{ in: 'body', name }] });
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
  });

  it('that would end a header are refused without being quoted', async () => {
    const world = await startWorld();
    const customAuth = { ...both, username: 'system\r\nx-evil: 1' };
    const answer = await generate(world, 'discourse', { providerWorkspaceRef: 'acme', customAuth });
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining('Api-Username') });
    expect(answer.text).not.toContain('evil');
    expect(storedCounts(world)).toEqual(NOTHING);
  });

  it('go to Discourse in two headers, and nothing else is kept', async () => {
    const world = await startWorld();
    const typed = { providerWorkspaceRef: 'forum', customAuth: { ...both, extra: 'not asked for' } };
    const { id } = await generated(world, 'discourse', typed);
    expect(world.tenon.credentialOf(id)).toEqual({ scheme: 'custom', values: both });
    const call = await sentBy(world, 'discourse');
    expect(call.headers).toMatchObject({ 'api-key': 'key-1', 'api-username': 'system' });
    expect(call.host).toBe('forum.localhost');
  });

  it('go to Clari Copilot and DevRev as their templates say', async () => {
    const world = await startWorld();
    await generated(world, 'clariCopilot', { customAuth: { apiKey: 'key-1', apiSecret: 'secret-1' } });
    const clari = await sentBy(world, 'clariCopilot');
    expect(clari.headers).toMatchObject({ 'x-api-key': 'key-1', 'x-api-password': 'secret-1' });
    await generated(world, 'devrev', { customAuth: { token: 'a&b' } });
    const devrev = await sentBy(world, 'devrev', '/x?y=1');
    expect(devrev).toMatchObject({ headers: { authorization: 'Bearer a&b' }, query: { y: '1', key: 'v1/a&b' } });
  });

  it('cannot be changed by PATCH, which says what can', async () => {
    const world = await startWorld();
    const { id } = await generated(world, 'clariCopilot', { customAuth: { apiKey: 'key-1', apiSecret: 'secret-1' } });
    const answer = await patched(world, id, ['apiKey'], { apiKey: 'key-2' });
    expect(answer.json).toMatchObject({ status: 400, remedy: 'Allowed are providerWorkspaceRef, providerMetadata.' });
  });
});

describe('Redtail’s login', () => {
  const customAuth = { apiKey: 'api-key', username: 'ada', password: 'pass:word' };
  const start = (world: World, body: JsonObject = {}) =>
    world.tenon.api('POST', '/custom-auth/connect', {
      projectIdOrName: world.tenon.projectId,
      ...{ provider: 'redtail', groupRef: 'acme', consumerRef: 'ada', customAuth, ...body },
    });

  it.each([
    ['refuses it', { status: 401, body: { message: 'no' } }, 400, 'refused user name, password or key'],
    ['answers without a key', { body: { authenticated_user: {} } }, 502, 'answered 200 without a key'],
    ['answers with a page', { body: '<html>' }, 502, 'answered 200 without a key'],
    ['is down', { status: 503 }, 502, 'answered 503 without a key'],
    ['redirects', { status: 302, headers: { location: 'https://evil.example/' } }, 502, 'answered 302'],
  ])('connects nobody when Redtail %s', async (_what, answer, status, says) => {
    const world = await startWorld();
    world.server.on('/login', () => answer);
    const refused = await start(world);
    expect(refused.json).toMatchObject({ status, detail: expect.stringContaining(says) });
    expect(refused.text).not.toContain('pass:word');
    expect(storedCounts(world)).toEqual(NOTHING);
  });

  it.each([
    ['a missing password', { customAuth: { apiKey: 'api-key', username: 'ada' } }, 400, 'customAuth.password'],
    ['another project', { projectIdOrName: 'other' }, 404, 'no such project'],
    ['a provider with one step', { provider: 'clariCopilot' }, 400, 'not connected in several steps'],
    ['a provider with a consent page', { provider: 'hubspot' }, 400, 'not connected in several steps'],
  ])('connects nobody with %s', async (_what, body, status, says) => {
    const world = await startWorld();
    const refused = await start(world, body as JsonObject);
    expect(refused.json).toMatchObject({ status, detail: expect.stringContaining(says) });
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
  });

  it('exchanges user name and password once, and keeps only what came of them', async () => {
    const world = await startWorld();
    world.server.on('/login', () => ({ body: { authenticated_user: { user_key: 'user-key' } } }));
    const answer = await start(world);
    expect(answer.json).toMatchObject({ connection: { provider: 'redtail', authScheme: 'none', status: 'created' } });
    const [login] = world.server.callsTo('/login');
    expect(login).toMatchObject({ method: 'GET', host: 'crm.localhost' });
    expect(login === undefined ? null : basicOf(login)).toBe('api-key:ada:pass:word');
    const { id = '' } = (answer.json as { connection: { id?: string } }).connection;
    const kept = Buffer.from('api-key:user-key').toString('base64');
    expect(world.tenon.credentialOf(id)).toEqual({ scheme: 'custom', values: { userKeyCredentials: kept } });
    expect((await sentBy(world, 'redtail')).headers['authorization']).toBe(`Userkeyauth ${kept}`);
    expect(world.server.callsTo('/login')).toHaveLength(1);
    await shown(world, id);
  });
});

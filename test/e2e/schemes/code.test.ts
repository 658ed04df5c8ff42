// The code grant as single providers want it: what stands in the address of the consent page and in the token request,
// what the callback and the token answer bring, and what is asked of the account afterwards.

import { describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject } from '../../../src/core/json.ts';
import { HOUR_MS } from '../../../src/core/time.ts';
import { basicOf, type SchemeServer } from '../../support/schemeServer.ts';
import {
  asked,
  called,
  connected,
  consented,
  installed,
  reasonOf,
  shown,
  storedCounts,
  tokensOf,
  type World,
  worldOfTest,
} from '../../support/schemes.ts';

const NOTHING = { connections: 0, credentials: 0, oauthStates: 0 };
const SECRET = 'the secret: of & the = builder';
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  dynamicsCRM: ['.default', 'user_impersonation', 'offline_access'],
  dropbox: [],
};

function behind({ origin, port }: SchemeServer): JsonObject {
  const baseURL = `${origin}/api`;
  const oauth2Opts = { authURL: `${origin}/authorize`, tokenURL: `${origin}/token` };
  const plain = { baseURL, oauth2Opts };
  const workspace = `http://{{.workspace}}.localhost:${port}`;
  const named = (param: string) => `http://{{.${param}}}.localhost:${port}`;
  return {
    slack: { ...plain, tenon: { accountLookup: { url: `${origin}/api/auth.test` } } },
    ...{ linear: plain, lever: plain, dropbox: plain, quickbooks: plain, notion: plain, google: plain },
    dynamicsCRM: { ...plain, baseURL: `http://{{.workspace}}.api.{{.region}}.localhost:${port}/api` },
    atlassian: {
      baseURL: `${origin}/api/{{.cloudId}}`,
      oauth2Opts,
      tenon: { accountLookup: { url: `${origin}/sites` } },
    },
    shopify: {
      baseURL: `${workspace}/api`,
      oauth2Opts: { authURL: `${workspace}/authorize`, tokenURL: `${workspace}/token` },
    },
    zoho: {
      baseURL: `${named('zoho_api_domain')}/api`,
      oauth2Opts: { authURL: `${origin}/authorize`, tokenURL: `${named('zoho_token_domain')}/token` },
      modules: { crm: { baseURL: `${named('zoho_api_domain')}/api` } },
      tenon: { accountLookup: { url: `${named('zoho_mail_domain')}/api/accounts` } },
    },
    gong: { baseURL: `${named('api_base_url_for_customer')}/api`, oauth2Opts },
    xero: { ...plain, tenon: { accountLookup: { url: `${origin}/connections` } } },
    salesforce: {
      baseURL: `${workspace}/api`,
      oauth2Opts: { authURL: `${workspace}/authorize`, tokenURL: `${workspace}/token` },
      tenon: { commonLogin: { authUrl: `${origin}/authorize`, tokenUrl: `${origin}/login/token` } },
    },
    docusign: { ...plain, baseURL: `${named('server')}/api`, tenon: { accountLookup: { url: `${origin}/userinfo` } } },
  };
}

async function startWorld(...providers: readonly string[]): Promise<World> {
  const world = await worldOfTest(behind);
  for (const provider of providers) {
    await world.tenon.addProviderApp(provider, `app-${provider}`, SECRET, SCOPES[provider] ?? ['one', 'two:all']);
  }
  return world;
}

/** The parameters of the consent page's address. */
async function paramsOf(world: World, provider: string, workspace?: string, metadata = {}) {
  const { status, text } = await asked(world, provider, {
    metadata,
    ...(workspace === undefined ? {} : { workspace }),
  });
  expect([status, text]).toEqual([200, expect.stringMatching(/^http/)]);
  return { url: text, params: Object.fromEntries(new URL(text).searchParams) };
}

describe('the consent page', () => {
  it.each([
    ['linear', 'one,two:all'],
    ['slack', 'one,two:all'],
    ['lever', 'one two:all'],
  ])('of %s is asked for %s', async (provider, scope) => {
    const world = await startWorld(provider);
    const { params, url } = await paramsOf(world, provider);
    expect(params).toMatchObject({ scope, client_id: `app-${provider}`, response_type: 'code' });
    expect(url).not.toContain('+');
    expect(url).not.toContain(encodeURIComponent(SECRET).slice(0, 10));
  });

  it('of a provider that needs scopes is not asked for without them', async () => {
    const world = await worldOfTest(behind);
    await world.tenon.addProviderApp('linear', 'app', SECRET, []);
    const answer = await asked(world, 'linear');
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining('needs the scopes') });
    expect(storedCounts(world)).toEqual(NOTHING);
  });

  it('of Dynamics is asked for the scopes of the customer’s own address', async () => {
    const world = await startWorld('dynamicsCRM');
    const { params } = await paramsOf(world, 'dynamicsCRM', 'org1', { region: 'crm4' });
    const at = 'https://org1.api.crm4.dynamics.com';
    expect(params['scope']).toBe(`${at}/.default ${at}/user_impersonation offline_access`);
    const usual = await paramsOf(world, 'dynamicsCRM', 'org1');
    expect(usual.params['scope']).toContain('https://org1.api.crm.dynamics.com/.default');
  });

  it('gets what the provider wants besides', async () => {
    const world = await startWorld('lever', 'dropbox', 'atlassian');
    expect((await paramsOf(world, 'lever')).params).toMatchObject({ audience: 'https://api.lever.co/v1/' });
    const dropbox = (await paramsOf(world, 'dropbox')).params;
    expect(dropbox).toMatchObject({ token_access_type: 'offline' });
    expect(Object.hasOwn(dropbox, 'scope')).toBe(false);
    expect((await paramsOf(world, 'atlassian', 'acme')).params).toMatchObject({
      audience: 'api.atlassian.com',
      prompt: 'consent',
    });
  });

  it('gets what the builder set on the provider app, but nothing that decides where a code goes', async () => {
    const world = await worldOfTest(behind);
    const { tenon } = world;
    const app = (authQueryParams: JsonObject) =>
      tenon.api('PATCH', tenon.inProject(`/provider-apps/${id}`), {
        updateMask: ['metadata'],
        providerApp: { metadata: { authQueryParams } },
      });
    const { id } = await tenon.addProviderApp('dropbox', 'app', SECRET, []);
    expect((await app({ optional_scope: ['a', 'b'], token_access_type: ['online'] })).status).toBe(200);
    expect((await paramsOf(world, 'dropbox')).params).toMatchObject({
      optional_scope: 'a b',
      token_access_type: 'online',
    });
    for (const name of ['redirect_uri', 'state', 'client_id', 'response_type', 'scope', 'code_challenge']) {
      await app({ [name]: ['https://evil.example'] });
      expect((await asked(world, 'dropbox')).json).toMatchObject({
        status: 400,
        detail: expect.stringContaining(name),
      });
    }
  });
});

describe('the token request', () => {
  it('is JSON with the client in a Basic header for Notion, also when it renews', async () => {
    const world = await startWorld('notion');
    await connected(world, 'notion');
    const installation = await installed(world, 'notion');
    await world.clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(200);
    const [first, second] = world.server.callsTo('/token');
    for (const call of [first, second]) {
      expect(call?.headers['content-type']).toBe('application/json');
      expect(call === undefined ? null : basicOf(call)).toMatch(/^app-notion:/);
    }
    expect(first?.form).toEqual({
      grant_type: 'authorization_code',
      code: 'a-code',
      redirect_uri: `${world.tenon.running.services.publicUrl}/callbacks/v1/oauth`,
    });
    expect(second?.form).toEqual({ grant_type: 'refresh_token', refresh_token: 'refresh-1' });
  });

  it('has the client in a Basic header for QuickBooks, form-encoded, and in the form for others', async () => {
    const world = await startWorld('quickbooks', 'dropbox');
    await connected(world, 'quickbooks', { brings: { realmId: '1' } });
    const [quickbooks] = world.server.callsTo('/token');
    expect(quickbooks === undefined ? null : basicOf(quickbooks)).toBe(
      'app-quickbooks:the+secret%3A+of+%26+the+%3D+builder',
    );
    expect(Object.hasOwn(quickbooks?.form ?? {}, 'client_secret')).toBe(false);
    await connected(world, 'dropbox');
    const dropbox = world.server.callsTo('/token').at(-1);
    expect(dropbox?.form).toMatchObject({ client_id: 'app-dropbox', client_secret: SECRET });
    expect(dropbox?.headers['authorization']).toBeUndefined();
  });
});

describe('Shopify', () => {
  it('gets its token under a header of its own, whatever the caller sends', async () => {
    const world = await startWorld('shopify');
    await connected(world, 'shopify', { workspace: 'acme' });
    world.server.on('/api/x', () => ({}));
    const installation = await installed(world, 'shopify');
    const headers = { 'x-shopify-access-token': 'mine' };
    expect((await world.tenon.proxy(installation, '/x', { headers })).status).toBe(200);
    const [call] = world.server.callsTo('/api/x');
    expect(call).toMatchObject({ host: 'acme.localhost', headers: { 'x-shopify-access-token': 'access-1' } });
    expect(call?.headers['authorization']).toBeUndefined();
  });
});

describe('what the callback brings', () => {
  it.each([
    ['another location', { location: 'evil' }, 'location'],
    ['a location that is an address', { location: 'accounts.evil.example/#' }, 'location'],
    ['a location named like a part of every object', { location: '__proto__' }, 'location'],
    ['an empty location', { location: '' }, 'location'],
  ])('connects nobody at Zoho with %s, and nothing is sent', async (_what, brings, says) => {
    const world = await startWorld('zoho');
    const ending = await consented(world, 'zoho', { brings });
    expect([ending.status, reasonOf(ending)]).toEqual([400, expect.stringContaining(says)]);
    expect(ending.text).not.toContain('evil');
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
  });

  it.each([
    ['eu', 'accounts.zoho.eu', 'www.zohoapis.eu', 'mail.zoho.eu'],
    ['au', 'accounts.zoho.com.au', 'www.zohoapis.com.au', 'mail.zoho.com.au'],
    [undefined, 'accounts.zoho.com', 'www.zohoapis.com', 'mail.zoho.com'],
  ])('decides at Zoho (%s) which hosts get code, calls and renewals', async (location, token, api, mail) => {
    const world = await startWorld('zoho');
    const { server, clock } = world;
    server.once('/api/accounts', { body: { data: [{ accountId: 7 }] } });
    const brings: Record<string, string> = location === undefined ? {} : { location };
    const { id } = await connected(world, 'zoho', { brings });
    expect(server.callsTo('/token').map(({ host }) => host)).toEqual([`${token}.localhost`]);
    expect(server.callsTo('/api/accounts').map(({ host }) => host)).toEqual([`${mail}.localhost`]);
    expect(await shown(world, id)).toMatchObject({
      providerMetadata: {
        zoho_token_domain: { value: token, source: 'provider' },
        zoho_api_domain: { value: api, source: 'provider' },
        zohoMailAccountId: { value: '7', source: 'provider' },
      },
    });
    const installation = await installed(world, 'zoho');
    await clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(200);
    expect(server.callsTo('/api/x').map(({ host }) => host)).toEqual([`${api}.localhost`]);
    expect(server.callsTo('/token').at(-1)).toMatchObject({
      host: `${token}.localhost`,
      form: { grant_type: 'refresh_token' },
    });
  });

  it('names the company at QuickBooks', async () => {
    const world = await startWorld('quickbooks');
    for (const realmId of ['12/../34', '1 2', 'x', '', '9'.repeat(33)]) {
      expect((await consented(world, 'quickbooks', { brings: { realmId } })).status).toBe(400);
    }
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
    const { id } = await connected(world, 'quickbooks', { brings: { realmId: '4620816365' } });
    expect(await shown(world, id)).toMatchObject({
      providerWorkspaceRef: '4620816365',
      providerMetadata: { realmId: { value: '4620816365', source: 'provider' } },
    });
  });
});

describe('what the token answer says', () => {
  it('is where calls go at Gong', async () => {
    const world = await startWorld('gong');
    const { server } = world;
    server.once('/token', { body: server.grant({ api_base_url_for_customer: 'us-4' }) });
    const { id } = await connected(world, 'gong');
    expect(await shown(world, id)).toMatchObject({
      providerWorkspaceRef: 'us-4',
      providerMetadata: { api_base_url_for_customer: { value: 'us-4', source: 'token' } },
    });
    expect(await called(world, await installed(world, 'gong'))).toBe(200);
    expect(server.callsTo('/api')[0]?.host).toBe('us-4.localhost');
  });

  it('connects nobody at Gong if it leaves that out', async () => {
    const world = await startWorld('gong');
    const ending = await consented(world, 'gong');
    expect([ending.status, reasonOf(ending)]).toEqual([502, expect.stringContaining('did not say its')]);
    expect(storedCounts(world)).toEqual(NOTHING);
  });

  it('of scopes and of who it is is kept', async () => {
    const world = await startWorld('dropbox');
    const { server } = world;
    server.once('/token', { body: server.grant({ scope: 'a b', account_id: 'dbid:1' }) });
    const { id } = await connected(world, 'dropbox');
    expect(tokensOf(world, id).scopes).toEqual(['a', 'b']);
    expect(await shown(world, id, '?includeCreds=true')).toMatchObject({
      providerConsumerRef: 'dbid:1',
      oauth2AuthorizationCode: { scopes: ['a', 'b'] },
    });
  });
});

describe('what is asked of the account', () => {
  it('names the tenant at Xero, and its absence costs nobody the connection', async () => {
    const world = await startWorld('xero');
    const { server } = world;
    for (const answer of [
      { status: 503 },
      { body: [] },
      { body: '<html>' },
      { body: { tenantId: 'x' } },
      { status: 403 },
    ]) {
      server.once('/connections', answer);
      const connection = await connected(world, 'xero');
      expect(Object.hasOwn(connection, 'providerWorkspaceRef')).toBe(false);
    }
    server.once('/connections', { body: [{ tenantId: 'tenant-1' }, { tenantId: 'tenant-2' }] });
    expect(await connected(world, 'xero')).toMatchObject({
      providerWorkspaceRef: 'tenant-1',
      providerMetadata: { tenantId: { value: 'tenant-1', source: 'provider' } },
    });
    expect(server.callsTo('/connections').at(-1)?.headers['authorization']).toBe('Bearer access-6');
  });

  const sites = [
    { id: 'cloud-1', url: 'https://beta.atlassian.net' },
    { id: 'cloud-2', url: 'https://acme.atlassian.net' },
  ];

  it.each([
    ['its name', 'acme', 'cloud-2'],
    ['its address', 'https://Acme.atlassian.net/jira', 'cloud-2'],
    ['its host', 'beta.atlassian.net', 'cloud-1'],
  ])('finds the site at Atlassian by %s', async (_what, workspace, cloudId) => {
    const world = await startWorld('atlassian');
    const { server } = world;
    server.once('/sites', { body: sites });
    server.on(`/api/${cloudId}/x`, () => ({}));
    expect(await connected(world, 'atlassian', { workspace })).toMatchObject({
      providerWorkspaceRef: cloudId,
      providerMetadata: { cloudId: { value: cloudId, source: 'provider' } },
    });
    expect(await called(world, await installed(world, 'atlassian'))).toBe(200);
  });

  it.each([
    ['has no such site', { body: sites }],
    ['has no site', { body: [] }],
    ['does not answer', { status: 503 }],
    ['answers something else', { body: { error: 'no' } }],
  ])('connects nobody at Atlassian if it %s, rather than the wrong one', async (_what, answer) => {
    const world = await startWorld('atlassian');
    world.server.once('/sites', answer);
    const ending = await consented(world, 'atlassian', { workspace: 'gamma' });
    expect([ending.status, reasonOf(ending)]).toEqual([502, expect.stringContaining('did not say its "cloudId"')]);
    expect(storedCounts(world)).toEqual(NOTHING);
  });

  it.each([
    ['the org', (port: number) => `http://northwind.localhost:${port}`, 'northwind'],
    [
      'the sandbox of an org',
      (port: number) => `http://northwind--dev.sandbox.localhost:${port}`,
      'northwind--dev.sandbox',
    ],
  ])('of Salesforce names %s of who logged in at the common place', async (_what, urlOf, workspace) => {
    const world = await startWorld('salesforce');
    const { server } = world;
    server.once('/login/token', { body: server.grant({ instance_url: urlOf(server.port) }) });
    expect((await paramsOf(world, 'salesforce')).params).toMatchObject({ code_challenge_method: 'S256' });
    const connection = await connected(world, 'salesforce');
    expect(connection).toMatchObject({ providerMetadata: { workspace: { value: workspace, source: 'token' } } });
    expect(await called(world, await installed(world, 'salesforce'))).toBe(200);
    expect(server.callsTo('/api')[0]?.host).toBe(`${workspace}.localhost`);
  });

  it.each([
    ['names no org', {}, 'did not say its "workspace"'],
    ['names an address of somebody else', { instance_url: 'https://evil.example' }, 'no address of its own'],
  ])('of Salesforce connects nobody if the common login %s', async (_what, answer, says) => {
    const world = await startWorld('salesforce');
    world.server.once('/login/token', { body: world.server.grant(answer) });
    const ending = await consented(world, 'salesforce');
    expect([ending.status, reasonOf(ending)]).toEqual([502, expect.stringContaining(says)]);
    expect([storedCounts(world), world.server.callsTo('/api')]).toEqual([NOTHING, []]);
  });

  it('says which server has the account at Docusign: the default one, else the first', async () => {
    const world = await startWorld('docusign');
    const { server } = world;
    const account = (account_id: string, host: string, is_default: boolean) => ({
      ...{ account_id, is_default },
      base_uri: `https://${host}.docusign.net`,
    });
    const both = [account('a', 'na1', false), account('b', 'eu2', true)];
    for (const [accounts, host, ref] of [
      [both, 'eu2', 'b'],
      [both.slice(0, 1), 'na1', 'a'],
    ] as const) {
      server.once('/userinfo', { body: { accounts } });
      const connection = await connected(world, 'docusign');
      expect(connection).toMatchObject({ providerWorkspaceRef: ref });
      const { server: named } = isJsonObject(connection['providerMetadata']) ? connection['providerMetadata'] : {};
      expect(named).toEqual({ value: host, source: 'provider' });
    }
    expect(await called(world, await installed(world, 'docusign'))).toBe(200);
    expect(server.callsTo('/api')[0]?.host).toBe('na1.localhost');
  });
});

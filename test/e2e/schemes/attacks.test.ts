// Values that would send a customer, a code, a client secret or a token elsewhere: typed when connecting and when
// changing a connection, and brought by callbacks, token answers and account lookups. None of them is stored, and none
// makes a call; what is refused is not quoted.

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { RECONNECT_PAUSE_MS } from '../../../src/core/limits.ts';
import { HOUR_MS } from '../../../src/core/time.ts';
import type { SchemeServer } from '../../support/schemeServer.ts';
import {
  asked,
  called,
  connected,
  consented,
  generate,
  generated,
  installed,
  patched,
  reasonOf,
  shown,
  storedCounts,
  type World,
  worldOfTest,
} from '../../support/schemes.ts';
import type { Published } from '../../support/tenon.ts';

/** In no place of an address does any of these mean what it says. */
const ATTACKS: readonly string[] = [
  'evil.com/#',
  'evil.com\\',
  'evil.com/',
  'a@evil.com',
  'a:b@evil.com',
  'a.evil.com?',
  'a.evil.com#',
  'evil.com:443',
  'https://evil.com',
  '//evil.com',
  '..',
  '../evil',
  'x/../../evil',
  '.',
  '%2e%2e',
  '%2fevil',
  'a..evil',
  'evil\u3002com',
  'evil\uff0ecom',
  'ｅvil',
  'a\u00adevil',
  'x'.repeat(300),
  'a\nhost: evil',
  'a\r\nhost: evil',
  'a\0evil',
  'a\tevil',
  'a evil',
  '[::1]',
  '{{.evil}}',
  '-evil',
  'evil-',
];
/** Refused where they would stand for a whole host. */
const ADDRESSES: readonly string[] = ['127.0.0.1', '169.254.169.254', '0x7f.1', '2130706433', 'localhost'];

function behind({ origin, port }: SchemeServer): JsonObject {
  const oauth2Opts = { authURL: `${origin}/authorize`, tokenURL: `${origin}/token` };
  const workspace = `http://{{.workspace}}.localhost:${port}`;
  const atWorkspace = { authURL: `${workspace}/authorize`, tokenURL: `${workspace}/token` };
  const named = (param: string) => `http://{{.${param}}}.localhost:${port}`;
  return {
    salesforce: { baseURL: `${workspace}/api`, oauth2Opts: atWorkspace },
    zendeskSupport: { baseURL: `${workspace}/api`, oauth2Opts: atWorkspace },
    shopify: { baseURL: `${workspace}/api`, oauth2Opts: atWorkspace },
    freshdesk: { baseURL: `${workspace}/api` },
    marketo: { baseURL: `${workspace}/api`, oauth2Opts: { tokenURL: `${workspace}/token` } },
    sugarCRM: { baseURL: `${workspace}/api`, oauth2Opts: { tokenURL: `${workspace}/token` } },
    seismic: {
      baseURL: `${origin}/api`,
      oauth2Opts: { authURL: `${origin}/{{.workspace}}/authorize`, tokenURL: `${origin}/{{.workspace}}/token` },
    },
    salesforceJWT: { baseURL: `${workspace}/api`, tenon: { exchange: { tokenUrl: `${workspace}/token` } } },
    redtail: { baseURL: `${named('region')}/api`, tenon: { exchange: { url: `${named('region')}/login` } } },
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
    gong: { baseURL: `${named('api_base_url_for_customer')}/api`, oauth2Opts },
    docusign: {
      baseURL: `${named('server')}/api`,
      oauth2Opts,
      tenon: { accountLookup: { url: `${origin}/userinfo`, values: [{ name: 'server', path: 'server' }] } },
    },
  };
}

async function startWorld(...providers: readonly string[]): Promise<World> {
  const world = await worldOfTest(behind);
  for (const provider of providers) await world.tenon.addProviderApp(provider, `app-${provider}`, 'secret', ['one']);
  return world;
}

/** A refused connection is tried once more after a pause. */
async function whileTimePasses<T>({ clock }: World, call: Promise<T>): Promise<T> {
  let isOver = false;
  const over = call.finally(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(RECONNECT_PAUSE_MS);
  return over;
}

const client = { clientId: 'id', clientSecret: 'secret' };
const TYPED: Readonly<Record<string, JsonObject>> = {
  freshdesk: { basicAuth: { username: 'key', password: '' } },
  marketo: { oauth2ClientCredentials: client },
  sugarCRM: { oauth2PasswordCredentials: { ...client, username: 'ada', password: 'pw' } },
  salesforceJWT: { customAuth: { clientId: 'id', username: 'ada', privateKey: 'none' } },
  redtail: { customAuth: { apiKey: 'key', username: 'ada', password: 'pw' } },
};

/** Fails the test for each value that was not refused, by name. */
async function refuseAll(
  world: World,
  values: readonly string[],
  ask: (value: string) => Promise<{ readonly status: number; readonly text: string }>,
): Promise<void> {
  const before = storedCounts(world);
  const wrong: string[] = [];
  for (const value of values) {
    const { status, text } = await ask(value);
    if (status !== 400 || text.includes('evil')) wrong.push(`${JSON.stringify(value)} ${status}`);
  }
  expect(wrong).toEqual([]);
  expect([storedCounts(world), world.server.calls]).toEqual([before, []]);
}

describe('a workspace that is typed', () => {
  it.each(Object.keys(TYPED))('for %s with a credential goes nowhere', async (provider) => {
    const world = await startWorld();
    const name = provider === 'redtail' ? 'region' : 'workspace';
    await refuseAll(world, ATTACKS, (value) =>
      generate(world, provider, { ...TYPED[provider], providerMetadata: { [name]: { value, source: 'input' } } }),
    );
    if (name === 'region') return;
    await refuseAll(world, ATTACKS, (providerWorkspaceRef) =>
      generate(world, provider, { ...TYPED[provider], providerWorkspaceRef }),
    );
  });

  it.each(['salesforce', 'zendeskSupport', 'shopify'])(
    'for %s through a consent page goes nowhere',
    async (provider) => {
      const world = await startWorld(provider);
      await refuseAll(world, ATTACKS, (workspace) => asked(world, provider, { workspace }));
      await refuseAll(world, ATTACKS, (workspace) => asked(world, provider, { metadata: { workspace } }));
    },
  );

  it('for Seismic, where it stands in a path, goes nowhere', async () => {
    const world = await startWorld('seismic');
    // In a path these are plain names.
    const values = ATTACKS.filter(
      (value) => !['a@evil.com', 'a:b@evil.com', 'evil.com:443', '-evil', 'evil-'].includes(value),
    );
    await refuseAll(
      world,
      values.filter((value) => value.length < 300),
      (workspace) => asked(world, 'seismic', { workspace }),
    );
  });

  it('in place of a whole host is no address of a machine', async () => {
    const world = await worldOfTest(({ origin }) => ({
      sugarCRM: {},
      discourse: {},
      hunter: { baseURL: `${origin}/api` },
    }));
    const hosts = [...ADDRESSES, '[::1]', '127.1', 'a@evil.com', '..'];
    const { server, tenon } = world;
    for (const host of [...hosts, 'evil.com:22']) {
      const discourse = { providerWorkspaceRef: host, customAuth: { apiKey: 'k', username: 'u' } };
      const made = await generate(world, 'discourse', discourse);
      if (made.status !== 201) continue;
      // What has the form of a host may be stored; that it leads to this machine is seen when it is called.
      expect(ADDRESSES).toContain(host);
      const [installation = await tenon.install('discourse', { provider: 'discourse' })] = await tenon.ok<Published[]>(
        'GET',
        tenon.inProject('/installations'),
      );
      const response = await whileTimePasses(world, tenon.proxy(installation.id, '/x'));
      expect([host, response.status]).toEqual([host, expect.toBeOneOf([403, 502])]);
      await response.text();
    }
    for (const host of [...hosts, 'localhost:8080', '127.0.0.1:8080']) {
      const oauth2PasswordCredentials = { ...client, username: 'ada', password: 'pw' };
      for (const providerWorkspaceRef of [host, `http://${host}`, `https://${host}`]) {
        const answer = await generate(world, 'sugarCRM', { providerWorkspaceRef, oauth2PasswordCredentials });
        expect([providerWorkspaceRef, answer.status]).toEqual([
          providerWorkspaceRef,
          expect.toSatisfy((s) => s >= 400 && s !== 500),
        ]);
      }
    }
    expect(server.calls).toEqual([]);
  });
});

describe('a change of a connection', () => {
  it('to a workspace that leads elsewhere is refused, and the connection goes on', async () => {
    const world = await startWorld('salesforce');
    const { id } = await connected(world, 'salesforce', { workspace: 'acme' });
    const freshdesk = await generated(world, 'freshdesk', { ...TYPED['freshdesk'], providerWorkspaceRef: 'acme' });
    const marketo = await generated(world, 'marketo', { ...TYPED['marketo'], providerWorkspaceRef: 'acme' });
    for (const [provider, connectionId] of Object.entries({
      salesforce: id,
      freshdesk: freshdesk.id,
      marketo: marketo.id,
    })) {
      const installation = await installed(world, provider);
      const before = await shown(world, connectionId);
      world.server.forget();
      await refuseAll(world, ATTACKS, (value) =>
        patched(world, connectionId, ['providerMetadata'], {
          providerMetadata: { workspace: { value, source: 'input' } },
        }),
      );
      await refuseAll(world, ATTACKS, (providerWorkspaceRef) =>
        patched(world, connectionId, ['providerWorkspaceRef'], { providerWorkspaceRef }),
      );
      expect(await shown(world, connectionId)).toEqual(before);
      world.server.on('/api/x', () => ({}));
      expect(await called(world, installation)).toBe(200);
      expect(world.server.calls.map(({ host }) => host)).toEqual(['acme.localhost']);
    }
  });

  it('of what the provider said itself is refused where it breaks an address', async () => {
    const world = await startWorld('atlassian');
    world.server.once('/sites', { body: [{ id: 'cloud-1', url: 'https://acme.atlassian.net' }] });
    const { id } = await connected(world, 'atlassian', { workspace: 'acme' });
    world.server.forget();
    const inPath = [
      '..',
      'x/../../evil',
      'x/evil',
      '%2e%2e',
      'x?evil',
      'x#evil',
      'a\\evil',
      'a\0evil',
      'x'.repeat(513),
    ];
    await refuseAll(
      world,
      inPath.filter((value) => value.length < 513),
      (value) =>
        patched(world, id, ['providerMetadata'], { providerMetadata: { cloudId: { value, source: 'input' } } }),
    );
  });

  it('does not decide where the client secret goes', async () => {
    const world = await startWorld('zoho');
    const { server, clock } = world;
    for (const zoho_token_domain of ['attacker', ...ATTACKS, 'accounts.zoho.com.evil.com', 'us']) {
      expect((await asked(world, 'zoho', { metadata: { zoho_token_domain } })).status).toBe(400);
    }
    const { id } = await connected(world, 'zoho', { brings: { location: 'eu' } });
    const before = await shown(world, id);
    server.forget();
    await refuseAll(world, ['attacker', ...ATTACKS], (value) =>
      patched(world, id, ['providerMetadata'], { providerMetadata: { zoho_token_domain: { value, source: 'input' } } }),
    );
    // Published clients send back what they were shown, together with what was changed.
    const providerMetadata = before['providerMetadata'] as JsonObject;
    const same = await patched(world, id, ['providerMetadata'], {
      providerMetadata: { ...providerMetadata, note: { value: 'x', source: 'input' } },
    });
    expect(same.json).toMatchObject({ providerMetadata: { ...providerMetadata, note: { value: 'x' } } });
    const installation = await installed(world, 'zoho');
    await clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(200);
    expect(server.callsTo('/token').map(({ host }) => host)).toEqual(['accounts.zoho.eu.localhost']);
  });
});

describe('a value that comes back', () => {
  const values = ATTACKS.filter((value) => value.length > 1);

  it('with the token answer and breaks an address connects nobody', async () => {
    const world = await startWorld('gong');
    const { server } = world;
    for (const value of values) {
      server.once('/token', { body: server.grant({ api_base_url_for_customer: value }) });
      const ending = await consented(world, 'gong');
      expect([value, ending.status]).toEqual([value, 502]);
      expect(reasonOf(ending)).not.toContain('evil');
    }
    expect(storedCounts(world)).toEqual({ connections: 0, credentials: 0, oauthStates: 0 });
    expect(server.callsTo('/api')).toEqual([]);
  });

  it('with the account and breaks an address connects nobody', async () => {
    const world = await startWorld('docusign');
    const { server } = world;
    for (const value of values) {
      server.once('/userinfo', { body: { accounts: [{ is_default: true, server: value }] } });
      const ending = await consented(world, 'docusign');
      expect([value, ending.status]).toEqual([value, 502]);
      expect(reasonOf(ending)).not.toContain('evil');
    }
    expect(storedCounts(world)).toEqual({ connections: 0, credentials: 0, oauthStates: 0 });
    expect(server.callsTo('/api')).toEqual([]);
  });

  it('in place of a whole address must be one that may be called', async () => {
    const world = await worldOfTest(({ origin }) => ({
      gong: { oauth2Opts: { authURL: `${origin}/authorize`, tokenURL: `${origin}/token` } },
    }));
    await world.tenon.addProviderApp('gong', 'app', 'secret', ['one']);
    const { server } = world;
    for (const value of [
      'http://api.gong.io',
      'https://a@evil.com',
      'https://evil.com/?',
      'https://evil.com#',
      'evil.com',
      'https://evil.com/../x',
      'file:///etc/passwd',
    ]) {
      server.once('/token', { body: server.grant({ api_base_url_for_customer: value }) });
      const ending = await consented(world, 'gong');
      expect([value, ending.status]).toEqual([value, 502]);
    }
    server.once('/token', { body: server.grant({ api_base_url_for_customer: `https://127.0.0.1:${server.port}` }) });
    await connected(world, 'gong', { groupRef: 'inside' });
    const response = await world.tenon.proxy(await installed(world, 'gong', 'inside'), '/x');
    expect(response.status).toBe(502);
    expect(server.callsTo('/x')).toEqual([]);
  });
});

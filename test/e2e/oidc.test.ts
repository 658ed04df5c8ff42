// The life of a connection at an authorization server that is not ours: connecting with and without PKCE, refreshing
// once however many call, and what becomes of the customer when a refresh fails, by whose fault it failed.

import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { CALLER_WAIT_MS_MAX, GRANT_STORM_MIN, REFRESH_BACKOFF_MS_MAX } from '../../src/core/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../src/core/time.ts';
import { type FakeClock, fakeClock } from '../support/clock.ts';
import { CLIENT_ID, CLIENT_SECRET, type OidcServer, startOidc, TOKEN_LIFETIME_MS } from '../support/oidc.ts';
import { type Published, startTenon, type Tenon, type TenonOptions } from '../support/tenon.ts';

const MANIFEST = `specVersion: 1.0.0
integrations:
  - {name: hubspot, provider: hubspot, proxy: {enabled: true}}
  - {name: salesforce, provider: salesforce, proxy: {enabled: true}}
`;

interface World {
  readonly tenon: Tenon;
  readonly oidc: OidcServer;
  readonly clock: FakeClock;
}

async function startWorld(): Promise<World> {
  const clock = fakeClock();
  let callback = '';
  const oidc = await startOidc(() => callback);
  const tenon = await startTenon({ clock, overrides: oidc.catalogOverrides() });
  callback = `${tenon.origin}/callbacks/v1/oauth`;
  onTestFinished(async () => {
    await tenon.stop();
    await oidc.close();
  });
  for (const provider of ['hubspot', 'salesforce']) {
    await tenon.addProviderApp(provider, CLIENT_ID, CLIENT_SECRET, ['api']);
  }
  await tenon.deploy(MANIFEST);
  return { tenon, oidc, clock };
}

/** Connects and installs; the connection as the API shows it, and the installation's id. */
async function customerOf({ tenon, oidc }: World, provider: 'hubspot' | 'salesforce') {
  const workspace = provider === 'salesforce' ? { workspace: 'acme' } : {};
  const page = await tenon.browse(await oidc.consent(await tenon.authorizeUrl(provider, workspace)));
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('is connected')]);
  const [connection] = await tenon.ok<Published[]>('GET', tenon.inProject(`/connections?provider=${provider}`));
  const { id } = await tenon.install(provider, { provider });
  return { connectionId: connection?.id ?? '', id };
}

const connectionOf = (tenon: Tenon, id: string) => tenon.ok<Published>('GET', tenon.inProject(`/connections/${id}`));
const healthOf = async (tenon: Tenon, id: string) =>
  (await tenon.ok<Published[]>('GET', tenon.inProject('/installations'))).find((row) => row.id === id)?.[
    'healthStatus'
  ];

/** Asks again until the answer is the expected one: for what follows a commit by another actor. */
async function becomes<T>(ask: () => Promise<T> | T, expected: T): Promise<void> {
  await expect.poll(ask, { interval: 10, timeout: 5000 }).toEqual(expected);
}

describe('connecting', () => {
  it('is refused for a wrong client secret, as a fault of the provider app', async () => {
    const world = await startWorld();
    const { tenon, oidc } = world;
    const callback = await oidc.consent(await tenon.authorizeUrl('hubspot'));
    await oidc.changeSecret('another');
    const page = await tenon.browse(callback);
    expect(page.status).toBe(424);
    expect(page.text).toContain('HubSpot refused the connection: invalid_client');
    expect(await tenon.ok('GET', tenon.inProject('/connections'))).toEqual([]);
  });

  it.each([
    ['hubspot', false],
    ['salesforce', true],
  ] as const)('works for %s (PKCE: %s), and its token works', async (provider, isPkce) => {
    const world = await startWorld();
    const { id } = await customerOf(world, provider);
    expect(world.oidc.calls).toMatchObject([{ grantType: 'authorization_code', hasVerifier: isPkce, status: 200 }]);
    const response = await world.tenon.proxy(id, '/contacts');
    expect([response.status, await response.json()]).toEqual([200, { account: 'customer' }]);
  });
});

describe.each(['hubspot', 'salesforce'] as const)('row 1: refreshing at %s', (provider) => {
  it('happens once however many calls need it, and next time with the rotated token', async () => {
    const world = await startWorld();
    const { tenon, oidc, clock } = world;
    const { id, connectionId } = await customerOf(world, provider);
    const used: (string | null)[] = [];
    for (const round of [1, 2, 3]) {
      const before = tenon.credentialOf(connectionId);
      await clock.advance(TOKEN_LIFETIME_MS);
      const calls = await Promise.all(Array.from({ length: 25 }, () => tenon.proxy(id, '/contacts')));
      expect(new Set(calls.map(({ status }) => status))).toEqual(new Set([200]));
      expect(oidc.refreshes()).toHaveLength(round);
      used.push(oidc.refreshes().at(-1)?.refreshToken ?? null);
      expect(used.at(-1)).toBe(before.scheme === 'oauth2' ? before.refreshToken : null);
      expect(new Set(oidc.accessTokensSeen.slice(-25)).size).toBe(1);
    }
    expect(new Set(used).size).toBe(3);
    expect(oidc.refreshes().every(({ status }) => status === 200)).toBe(true);
  });

  it('happens before the token ends, while calls go on', async () => {
    const world = await startWorld();
    const { tenon, oidc, clock } = world;
    const { id } = await customerOf(world, provider);
    await clock.advance(TOKEN_LIFETIME_MS - 2 * MINUTE_MS);
    expect((await tenon.proxy(id, '/contacts')).status).toBe(200);
    await becomes(() => oidc.refreshes().length, 1);
  });
});

describe('a refresh that fails', () => {
  it('for a wrong client secret is nothing the customer is asked about', async () => {
    const world = await startWorld();
    const { tenon, oidc, clock } = world;
    const { id, connectionId } = await customerOf(world, 'hubspot');
    await oidc.changeSecret('another');
    await clock.advance(TOKEN_LIFETIME_MS);
    const call = tenon.proxy(id, '/contacts');
    await becomes(() => oidc.refreshes().map(({ status }) => status), [401]);
    // Whoever waits hears at once whose fault it is.
    const refused = await call;
    expect([refused.status, await refused.json()]).toEqual([424, expect.objectContaining({ code: 'app_fault' })]);
    expect(await connectionOf(tenon, connectionId)).toMatchObject({ status: 'created' });
    expect(await healthOf(tenon, id)).toBe('healthy');
    expect(oidc.refreshes()).toHaveLength(1);

    await oidc.changeSecret(CLIENT_SECRET);
    await clock.advance(2 * REFRESH_BACKOFF_MS_MAX);
    await becomes(() => oidc.refreshes().at(-1)?.status, 200);
    expect((await tenon.proxy(id, '/contacts')).status).toBe(200);
  });

  it('for a grant that is gone ends with the customer, and connecting again restores the same connection', async () => {
    const world = await startWorld();
    const { tenon, oidc, clock } = world;
    const { id, connectionId } = await customerOf(world, 'hubspot');
    await oidc.revokeGrant();
    await clock.advance(TOKEN_LIFETIME_MS);
    const response = await tenon.proxy(id, '/contacts');
    expect(response.status).toBe(424);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({
      code: 'auth_invalidated',
      retryable: false,
      remedy: expect.stringContaining('connect again'),
    });
    expect(await connectionOf(tenon, connectionId)).toMatchObject({ status: 'bad_credentials' });
    await becomes(() => healthOf(tenon, id), 'unhealthy');
    const asked = oidc.calls.length;
    expect((await tenon.proxy(id, '/contacts')).status).toBe(424);
    expect(oidc.calls).toHaveLength(asked);

    const url = await tenon.ok<string>('PATCH', tenon.inProject(`/connections/${connectionId}:oauth-update`));
    expect((await tenon.browse(await oidc.consent(url))).status).toBe(200);
    expect(await connectionOf(tenon, connectionId)).toMatchObject({ id: connectionId, status: 'created' });
    await becomes(() => healthOf(tenon, id), 'healthy');
    expect((await tenon.proxy(id, '/contacts')).status).toBe(200);
  });

  it('with a lost answer waits with the one dangerous repetition until the token is about to end', async () => {
    const world = await startWorld();
    const { tenon, oidc, clock } = world;
    const { id, connectionId } = await customerOf(world, 'salesforce');
    oidc.loseAnswers(1);
    // Late enough for a refresh to be due whatever the connection's share of the jitter is.
    await clock.advance(TOKEN_LIFETIME_MS - 2.5 * MINUTE_MS);
    expect((await tenon.proxy(id, '/contacts')).status).toBe(200);
    await becomes(() => oidc.refreshes().length, 1);
    await clock.advance(MINUTE_MS);
    expect((await tenon.proxy(id, '/contacts')).status).toBe(200);
    expect(oidc.refreshes()).toHaveLength(1);
    expect(await connectionOf(tenon, connectionId)).toMatchObject({ status: 'working' });

    await clock.advance(MINUTE_MS);
    // The server gave the answer that was lost, so it sees the same token twice and ends the grant.
    await becomes(() => oidc.refreshes().map(({ status }) => status), [200, 400]);
    expect(new Set(oidc.refreshes().map(({ refreshToken }) => refreshToken)).size).toBe(1);
    await becomes(() => healthOf(tenon, id), 'unhealthy');
    expect((await tenon.proxy(id, '/contacts')).status).toBe(424);
  });
});

describe('row 3: an answer that is lost after the provider gave it', () => {
  async function losing(provider: 'hubspot' | 'salesforce', sandbox: TenonOptions['sandbox'] = {}) {
    const clock = fakeClock();
    const tenon = await startTenon({ clock, sandbox });
    onTestFinished(() => tenon.stop());
    await tenon.deploy(MANIFEST);
    const connection = await tenon.connect(provider, provider === 'salesforce' ? { workspace: 'acme' } : {});
    const { id } = await tenon.install(provider, { provider });
    const pathPrefix = provider === 'hubspot' ? '/oauth/v1/token' : '/services/oauth2/token';
    const lost = tenon.sandbox.faults.next({ method: 'POST', pathPrefix }, { kind: 'rotateThenReset' });
    await clock.advance(5 * MINUTE_MS);
    tenon.sandbox.expireAccessTokens();
    const call = tenon.proxy(id, '/echo/x');
    await lost.reached;
    return { tenon, clock, id, connectionId: connection.id, call };
  }

  /** Lets a repetition become due, however it was spread. */
  async function repeated({ tenon, clock }: { tenon: Tenon; clock: FakeClock }, refreshes: number): Promise<void> {
    const seen = () => tenon.sandbox.stats().refreshes + tenon.sandbox.stats().refreshTokensReused;
    for (let tries = 0; seen() < refreshes && tries < 100; tries++) await clock.advance(100);
    expect(seen()).toBe(refreshes);
  }

  it('does no harm where the refresh token stays the same', async () => {
    const lost = await losing('hubspot');
    await repeated(lost, 2);
    expect((await lost.call).status).toBe(200);
    expect(await connectionOf(lost.tenon, lost.connectionId)).toMatchObject({ status: 'working' });
  });

  /** The caller that met the loss has waited long enough; the next one meets the refused token again. */
  async function secondCall({ call, clock, tenon, id }: Awaited<ReturnType<typeof losing>>): Promise<number> {
    await clock.advance(CALLER_WAIT_MS_MAX + SECOND_MS);
    expect((await call).status).toBe(504);
    return (await tenon.proxy(id, '/echo/x')).status;
  }

  it('does no harm where the provider takes the old refresh token for a while', async () => {
    const lost = await losing('salesforce', { refreshGraceMs: MINUTE_MS });
    expect(await secondCall(lost)).toBe(200);
    expect(lost.tenon.sandbox.stats()).toMatchObject({ refreshes: 2, refreshTokensReused: 0 } satisfies JsonObject);
  });

  it('costs the connection where a second use revokes the grant, and is repeated once only', async () => {
    const lost = await losing('salesforce');
    expect(await secondCall(lost)).toBe(424);
    const { tenon, clock, connectionId } = lost;
    expect(await connectionOf(tenon, connectionId)).toMatchObject({ status: 'bad_credentials' });
    await clock.advance(2 * REFRESH_BACKOFF_MS_MAX);
    expect(tenon.sandbox.stats()).toMatchObject({ refreshes: 1, refreshTokensReused: 1 } satisfies JsonObject);
    await tenon.connect('salesforce', { workspace: 'acme' });
    expect((await tenon.proxy(lost.id, '/echo/x')).status).toBe(200);
  });

  it('costs those connections and holds nobody, where a crash loses many at once', async () => {
    const clock = fakeClock();
    const tenon = await startTenon({ clock });
    onTestFinished(() => tenon.stop());
    await tenon.deploy(MANIFEST);
    const ids: string[] = [];
    for (let index = 0; index <= GRANT_STORM_MIN; index++) {
      const groupRef = `customer-${index}`;
      await tenon.connect('salesforce', { groupRef, workspace: `org-${index}` });
      ids.push((await tenon.install('salesforce', { provider: 'salesforce' }, groupRef)).id);
    }
    const match = { method: 'POST', pathPrefix: '/services/oauth2/token' };
    tenon.sandbox.faults.next(match, { kind: 'rotateThenReset' }, ids.length);
    await clock.advance(5 * MINUTE_MS);
    tenon.sandbox.expireAccessTokens();
    const first = Promise.all(ids.map((id) => tenon.proxy(id, '/echo/x')));
    const { sandbox } = tenon;
    for (let tries = 0; sandbox.stats().refreshes < ids.length && tries < 100; tries++) await clock.advance(10);
    await clock.advance(CALLER_WAIT_MS_MAX + SECOND_MS);
    await first;
    const second = Promise.all(ids.map((id) => tenon.proxy(id, '/echo/x')));
    for (let tries = 0; sandbox.stats().refreshTokensReused < ids.length && tries < 100; tries++)
      await clock.advance(10);
    await clock.advance(CALLER_WAIT_MS_MAX + SECOND_MS);
    expect((await second).map(({ status }) => status)).toEqual(ids.map(() => 424));
    expect(sandbox.stats()).toMatchObject({ refreshTokensReused: ids.length } satisfies JsonObject);
  });
});

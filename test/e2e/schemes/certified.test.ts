// What a certified authorization server says to the schemes that it can play besides the code grant: client credentials
// of a customer's own, and tokens that are given up.

import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { fakeClock } from '../../support/clock.ts';
import { CLIENT_ID, CLIENT_SECRET, MACHINE, startOidc, TOKEN_LIFETIME_MS } from '../../support/oidc.ts';
import { type Published, startTenon } from '../../support/tenon.ts';

async function startWorld() {
  const clock = fakeClock();
  let callback = '';
  const oidc = await startOidc(() => callback);
  const tenon = await startTenon({ clock, overrides: oidc.catalogOverrides() });
  callback = `${tenon.origin}/callbacks/v1/oauth`;
  onTestFinished(async () => {
    await tenon.stop();
    await oidc.close();
  });
  const integrations = ['helpScoutMailbox', 'salesforce'].map((name) => ({
    name,
    provider: name,
    proxy: { enabled: true },
  }));
  await tenon.deploy(JSON.stringify({ specVersion: '1.0.0', integrations }));
  const generate = (oauth2ClientCredentials: JsonObject) =>
    tenon.api('POST', tenon.inProject('/connections:generate'), {
      ...{ provider: 'helpScoutMailbox', groupRef: 'acme', consumerRef: 'ada', oauth2ClientCredentials },
    });
  const connections = () => tenon.ok<Published[]>('GET', tenon.inProject('/connections'));
  return { tenon, oidc, clock, generate, connections };
}

describe('client credentials', () => {
  it.each([
    ['an unknown client', { ...MACHINE, clientId: 'nobody' }],
    ['a wrong secret', { ...MACHINE, clientSecret: 'wrong' }],
    ['a client that may not do that', { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET }],
  ])('with %s connect nobody', async (_what, credentials) => {
    const { generate, connections } = await startWorld();
    const answer = await generate(credentials);
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringMatching(/refused the connection: \S/) });
    expect(answer.text).not.toContain(credentials.clientSecret);
    expect(await connections()).toEqual([]);
  });

  it('give tokens that work, one after the other, until the secret is another', async () => {
    const { tenon, oidc, clock, generate, connections } = await startWorld();
    expect((await generate({ ...MACHINE, scopes: ['api'] })).status).toBe(201);
    const { id } = await tenon.install('helpScoutMailbox', { provider: 'helpScoutMailbox' });
    for (let round = 1; round <= 3; round++) {
      const response = await tenon.proxy(id, '/x');
      expect([response.status, await response.json()]).toEqual([200, { account: MACHINE.clientId }]);
      await clock.advance(TOKEN_LIFETIME_MS);
    }
    expect(oidc.calls.map(({ grantType, status }) => [grantType, status])).toEqual([
      ['client_credentials', 200],
      ['client_credentials', 200],
      ['client_credentials', 200],
    ]);
    // One at the check when connecting, and those of the calls.
    expect(new Set(oidc.accessTokensSeen).size).toBe(3);
    await oidc.changeSecret('another', MACHINE.clientId);
    const response = await tenon.proxy(id, '/x');
    expect([response.status, await response.json()]).toEqual([
      424,
      expect.objectContaining({ code: 'auth_invalidated' }),
    ]);
    expect(await connections()).toMatchObject([{ status: 'bad_credentials' }]);
  });
});

describe('a connection that is deleted', () => {
  it('ends the grant at the provider as well', async () => {
    const { tenon, oidc, connections } = await startWorld();
    await tenon.addProviderApp('salesforce', CLIENT_ID, CLIENT_SECRET, ['api']);
    await tenon.browse(await oidc.consent(await tenon.authorizeUrl('salesforce', { workspace: 'acme' })));
    const [connection] = await connections();
    const credential = tenon.credentialOf(connection?.id ?? '');
    const accessToken = credential.scheme === 'oauth2' ? credential.accessToken : '';
    const call = () =>
      fetch(`http://127.0.0.1:${oidc.port}/api/x`, { headers: { authorization: `Bearer ${accessToken}` } });
    expect((await call()).status).toBe(200);
    const answer = await tenon.api('DELETE', tenon.inProject(`/connections/${connection?.id}`));
    expect([answer.status, await connections(), oidc.revocations()]).toEqual([204, [], 1]);
    expect((await call()).status).toBe(401);
  });
});

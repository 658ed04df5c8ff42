// Customers who connect their accounts with the published React library's ConnectProvider, in a real browser: every
// scheme that has a form, a popup, or both, with a key of the page or with customers' tokens.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { browserIsMissing, type Visit } from '../../support/browser/visit.ts';
import { type BrowserWorld, startBrowserWorld } from '../../support/browser/world.ts';
import { type SchemeServer, startSchemeServer } from '../../support/schemeServer.ts';
import type { Published } from '../../support/tenon.ts';

const TENANT = '6c5ab0a3-0d4a-4c8b-9d5e-1f2a3b4c5d6e';

/** Providers whose schemes the sandbox does not have. */
function behind({ origin, port }: SchemeServer): JsonObject {
  return {
    helpScoutMailbox: {
      baseURL: `${origin}/api`,
      oauth2Opts: { tokenURL: `${origin}/token` },
      authHealthCheck: { url: `${origin}/api/me` },
    },
    discourse: { baseURL: `http://{{.workspace}}.localhost:${port}/api` },
    redtail: {
      baseURL: `http://{{.region}}.localhost:${port}/api`,
      authHealthCheck: { url: `http://{{.region}}.localhost:${port}/api/check` },
      tenon: { exchange: { url: `http://{{.region}}.localhost:${port}/login` } },
    },
    microsoftAdminConsent: {
      baseURL: `${origin}/api`,
      authHealthCheck: { url: `${origin}/api/organization` },
      tenon: { exchange: { consentUrl: `${origin}/adminconsent`, tokenUrl: `${origin}/{{.tenant}}/token` } },
    },
  };
}

/** Where an administrator agrees, as a page with a link. */
function answerConsent(server: SchemeServer): void {
  server.on('/adminconsent', ({ query }) => {
    const agreed = new URL(query['redirect_uri'] ?? '');
    agreed.search = String(new URLSearchParams({ admin_consent: 'True', tenant: TENANT, state: query['state'] ?? '' }));
    const page = `<!doctype html><title>Consent</title><link rel="icon" href="data:,"><a href="${agreed}">Accept</a>`;
    return { headers: { 'content-type': 'text/html' }, body: page };
  });
  server.on(`/${TENANT}/token`, () => ({ body: server.grant({ refresh_token: null }) }));
}

describe.skipIf(browserIsMissing !== null)(`ConnectProvider (${browserIsMissing ?? 'in a browser'})`, () => {
  let world: BrowserWorld;
  let server: SchemeServer;

  beforeAll(async () => {
    server = await startSchemeServer();
    answerConsent(server);
    world = await startBrowserWorld({ overrides: behind(server) });
    await world.tenon.addProviderApp('hubspot');
    await world.tenon.addProviderApp('salesforce');
    await world.tenon.addProviderApp('microsoftAdminConsent');
  });

  afterAll(async () => {
    await world?.stop();
    await server?.close();
  });

  function visit(provider: string, groupRef: string, more: object = {}, mode?: 'apiKey' | 'getToken'): Promise<Visit> {
    const props = { provider, groupRef, consumerRef: 'ada', groupName: `Group ${groupRef}`, ...more };
    return world.visit({ component: 'ConnectProvider', props }, mode);
  }

  function connectionsOf(groupRef: string): Promise<Published[]> {
    return world.tenon.ok('GET', world.tenon.inProject(`/connections?groupRef=${groupRef}`));
  }

  async function connected(visit: Visit, groupRef: string, name: string): Promise<Published> {
    const told = await visit.told('onConnectSuccess');
    await visit.see(`You have successfully connected your ${name} account`);
    await visit.picture('connected');
    const stored = await connectionsOf(groupRef);
    expect(told.map(({ said }) => said[0])).toEqual([expect.objectContaining({ id: stored[0]?.id })]);
    return stored[0] as Published;
  }

  const allow = (popup: Page, name = 'Allow') =>
    Promise.all([popup.waitForEvent('close'), popup.getByText(name, { exact: true }).click()]);

  it.each(['apiKey', 'getToken'] as const)('connects HubSpot in a popup, with %s', async (mode) => {
    const groupRef = `hubspot-${mode}`;
    const customer = await visit('hubspot', groupRef, {}, mode);
    await customer.see('Set up HubSpot integration');
    await customer.picture('start');
    const popup = await customer.popup(() => customer.press('Next'));
    await customer.picture('consent', popup);
    await allow(popup);
    await connected(customer, groupRef, 'HubSpot');
    await customer.end();
  });

  it('says why a customer who refuses is not connected', async () => {
    const customer = await visit('hubspot', 'refuses');
    const popup = await customer.popup(() => customer.press('Next'));
    await allow(popup, 'Deny');
    await customer.see('end-user denied authorization');
    await customer.picture('refused');
    await customer.end([/OAuth failed/, /callbacks.*400|400.*callbacks/]);
  });

  it('connects Salesforce at the domain that was typed', async () => {
    const customer = await visit('salesforce', 'typed');
    await customer.see('Set up Salesforce integration');
    await customer.page.getByText('Use My Domain (advanced)').click();
    await customer.page.locator('#workspace').fill('acme');
    await customer.picture('form');
    await allow(await customer.popup(() => customer.press('Next')));
    const connection = await connected(customer, 'typed', 'Salesforce');
    expect(connection).toMatchObject({ providerMetadata: { workspace: { value: 'acme', source: 'input' } } });
    await customer.end();
  });

  it('connects Salesforce without a domain, which is known after the login', async () => {
    const customer = await visit('salesforce', 'untyped');
    const popup = await customer.popup(() => customer.press('Next'));
    await popup.getByLabel('Account').fill('northwind');
    await customer.picture('login', popup);
    await allow(popup);
    const connection = await connected(customer, 'untyped', 'Salesforce');
    expect(connection).toMatchObject({ providerMetadata: { workspace: { value: 'northwind', source: 'token' } } });
    await customer.end();
  });

  it('connects Stripe with an API key', async () => {
    const customer = await visit('stripe', 'key');
    await customer.page.locator('#apiKey').fill('sk_test_1');
    await customer.picture('form');
    const made = await customer.answered('POST', /connections:generate$/, () => customer.press('Next'));
    expect(made).toMatchObject({ status: 201, body: { apiKey: 'sk_test_1', groupRef: 'key', providerMetadata: {} } });
    const connection = await connected(customer, 'key', 'Stripe');
    expect(connection).toMatchObject({ authScheme: 'apiKey', status: 'created', group: { groupName: 'Group key' } });
    expect(world.tenon.credentialOf(connection.id)).toMatchObject({ scheme: 'apiKey' });
    await customer.end();
  });

  it('connects Freshdesk with a key in place of a user name, and no password', async () => {
    const customer = await visit('freshdesk', 'basic');
    await customer.page.locator('#username').fill('the-key');
    await customer.page.locator('#workspace').fill('acme');
    await customer.picture('form');
    await customer.press('Next');
    expect(await connected(customer, 'basic', 'Freshdesk')).toMatchObject({
      authScheme: 'basic',
      providerWorkspaceRef: 'acme',
    });
    await customer.end();
  });

  it('connects Help Scout with client credentials', async () => {
    const customer = await visit('helpScoutMailbox', 'client');
    await customer.page.locator('#clientId').fill('the-id');
    await customer.page.locator('#clientSecret').fill('the-secret');
    await customer.picture('form');
    await customer.press('Next');
    const connection = await connected(customer, 'client', 'Help Scout Mailbox');
    expect(connection).toMatchObject({ authScheme: 'oauth2/clientCredentials', status: 'created' });
    expect(server.callsTo('/token').at(-1)?.form).toMatchObject({ client_id: 'the-id', client_secret: 'the-secret' });
    await customer.end();
  });

  it('stores nothing of client credentials that the provider refuses', async () => {
    const customer = await visit('helpScoutMailbox', 'refused');
    await customer.page.locator('#clientId').fill('the-id');
    await customer.page.locator('#clientSecret').fill('wrong');
    server.once('/token', { status: 401, body: { error: 'invalid_client' } });
    const refused = await customer.answered('POST', /connections:generate$/, () => customer.press('Next'));
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('refused the connection') });
    await customer.see('Error loading provider info');
    await customer.picture('refused');
    expect(await connectionsOf('refused')).toEqual([]);
    await customer.end([/status of 400/, /Error creating connection/, /Bad Request/, /invalid_client/]);
  });

  it('connects Discourse with the inputs of its own scheme', async () => {
    const customer = await visit('discourse', 'custom');
    for (const [input, text] of Object.entries({ apiKey: 'k', username: 'ada', workspace: 'acme' })) {
      await customer.page.locator(`#${input}`).fill(text);
    }
    await customer.picture('form');
    const made = await customer.answered('POST', /connections:generate$/, () => customer.press('Next'));
    expect(made.body).toMatchObject({ customAuth: { apiKey: 'k', username: 'ada' } });
    expect(await connected(customer, 'custom', 'Discourse')).toMatchObject({ providerWorkspaceRef: 'acme' });
    await customer.end();
  });

  it('connects an administrator of Microsoft in several steps', async () => {
    const customer = await visit('microsoftAdminConsent', 'steps');
    await customer.see('Set up');
    await customer.picture('form');
    const popup = await customer.popup(() => customer.press('Next'));
    await customer.picture('consent', popup);
    await allow(popup, 'Accept');
    const connection = await connected(customer, 'steps', 'Microsoft (Admin consent)');
    expect(connection).toMatchObject({ providerWorkspaceRef: TENANT, status: 'created' });
    expect(await customer.changes()).toEqual(['POST /custom-auth/connect', 'POST /custom-auth/connect']);
    await customer.end();
  });

  it('renews a consent at the second try, which keeps the connection, and then disconnects', async () => {
    const before = await world.consented('hubspot', 'again', 'portal-again');
    const credential = world.tenon.credentialOf(before.id);
    const customer = await visit('hubspot', 'again');
    await customer.press('Update connection');
    await customer.see('Re-authenticate to HubSpot');
    await customer.picture('manage');
    const refusing = await customer.popup(() => customer.press('Next'));
    await refusing.getByRole('button', { name: 'Deny' }).click();
    await customer.see('end-user denied authorization');
    await customer.picture('refused', refusing);
    await customer.picture('refused');
    // The library has seen that the window is closed when it asks for the connections again.
    await customer.answered('GET', /\/connections\?/, () => refusing.close());
    const popup = await customer.popup(() => customer.press('Next'));
    await popup.getByRole('button', { name: 'Allow' }).click();
    await popup.getByText('HubSpot is connected').waitFor();
    await customer.picture('agreed', popup);
    await customer.see('Connection updated successfully');
    await customer.picture('renewed');
    await popup.close();
    expect(await connectionsOf('again')).toEqual([expect.objectContaining({ id: before.id, status: 'created' })]);
    expect(world.tenon.credentialOf(before.id)).not.toEqual(credential);
    await customer.press('Remove connection');
    await customer.told('onDisconnectSuccess');
    await customer.see('Set up HubSpot integration');
    expect(await connectionsOf('again')).toEqual([]);
    await customer.end([/OAuth failed/, /400.*callbacks/]);
  });

  it('connects Redtail with a login that is all in one step', async () => {
    server.on('/login', () => ({ body: { authenticated_user: { user_key: 'the-user-key' } } }));
    server.on('/api/check', () => ({}));
    const customer = await visit('redtail', 'login');
    for (const [input, text] of Object.entries({ apiKey: 'k', username: 'ada', password: 'p', region: 'crm' })) {
      await customer.page.locator(`#${input}`).fill(text);
    }
    await customer.picture('form');
    await customer.press('Next');
    expect(await connected(customer, 'login', 'Redtail')).toMatchObject({ status: 'created' });
    expect(await customer.changes()).toEqual(['POST /custom-auth/connect']);
    await customer.end();
  });

  it('has the package of a Salesforce app installed first', async () => {
    const { tenon } = world;
    const apps = await tenon.ok<Published[]>('GET', tenon.inProject('/provider-apps'));
    const path = tenon.inProject(`/provider-apps/${apps.find(({ provider }) => provider === 'salesforce')?.id}`);
    const packaged = (providerParams: JsonObject) =>
      tenon.ok('PATCH', path, { updateMask: ['metadata'], providerApp: { metadata: { providerParams } } });
    await packaged({ packageInstallURL: 'https://login.salesforce.com/packaging/installPackage.apexp?p0=04t' });
    const customer = await visit('salesforce', 'package');
    await customer.see('Your Salesforce admin needs to install a managed package');
    await customer.picture('package');
    await customer.press(/Skip to authorization/);
    await customer.see('Set up Salesforce integration');
    await packaged({});
    await customer.end();
  });

  it('asks for what a module needs of a connection that there is', async () => {
    const customer = await visit('salesforce', 'untyped', { module: 'account-engagement' });
    await customer.see('Additional information needed for Salesforce');
    await customer.page.locator('#businessUnitId').fill('0UvB00000000001');
    await customer.picture('form');
    const sent = await customer.answered('PATCH', /\/connections\//, () => customer.press('Submit'));
    expect(sent).toMatchObject({ status: 200, body: { updateMask: ['providerMetadata'] } });
    await customer.see('You have successfully connected your Salesforce account');
    expect((await connectionsOf('untyped'))[0]).toMatchObject({
      providerMetadata: { workspace: { value: 'northwind' }, businessUnitId: { value: '0UvB00000000001' } },
    });
    await customer.end();
  });

  it.each([
    ['an API key', 'key', 'stripe', { apiKey: 'sk_test_2' }],
    ['a user name', 'basic', 'freshdesk', { username: 'another-key' }],
    ['client credentials', 'client', 'helpScoutMailbox', { clientId: 'another-id', clientSecret: 's' }],
  ])('replaces %s', async (_what, groupRef, provider, inputs) => {
    const [before] = await connectionsOf(groupRef);
    const credential = world.tenon.credentialOf(String(before?.id));
    const customer = await visit(provider, groupRef);
    await customer.press('Update connection');
    for (const [input, text] of Object.entries(inputs)) await customer.page.locator(`#${input}`).fill(text);
    await customer.picture('form');
    expect((await customer.answered('PATCH', /\/connections\//, () => customer.press('Next'))).status).toBe(200);
    await customer.see('Connection updated successfully');
    await customer.picture('replaced');
    expect(world.tenon.credentialOf(String(before?.id))).not.toEqual(credential);
    expect(await connectionsOf(groupRef)).toEqual([expect.objectContaining({ id: before?.id, status: 'created' })]);
    await customer.end();
  });

  it('leaves for where the builder wants customers to go on', async () => {
    await world.consented('hubspot', 'leaves', 'portal-leaves');
    const customer = await visit('hubspot', 'leaves', { redirectUrl: world.at('/next') });
    await customer.page.waitForURL(world.at('/next'));
    await customer.end();
  });
});

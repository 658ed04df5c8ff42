// What a builder does so that webhooks come: asks for the address, and tells what they are signed with.

import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { webhookSecretPlace } from '../../src/flows/providerApps.ts';
import { receiverOf } from '../../src/flows/subscribe/address.ts';
import { readProviderApp } from '../../src/store/tables/accounts.ts';
import { runTenon } from '../support/cli.ts';
import { manifest } from '../support/drive.ts';
import { type ApiAnswer, startTenon, type Tenon } from '../support/tenon.ts';
import { type Customer, eventsTaken, subscribed } from '../support/webhooks.ts';

let tenon: Tenon;
let customer: Customer;
let integrationId = '';
let officeId = '';

beforeAll(async () => {
  tenon = await startTenon();
  const made = await subscribed(tenon, 'acme');
  ({ integrationId } = made);
  customer = made.customers[0] as Customer;
  const proxy = { enabled: true };
  const customers = { objectName: 'customers', destination: 'hook', otherEvents: ['customer.created'] };
  const messages = { objectName: 'messages', destination: 'hook', otherEvents: ['message'] };
  const integrations = await tenon.deploy(
    manifest(
      { name: 'office', provider: 'microsoft', proxy },
      { name: 'sf', provider: 'salesforce', proxy },
      { name: 'none', provider: 'freshdesk', proxy },
      { name: 'pay', provider: 'stripe', proxy, subscribe: { objects: [customers] } },
      { name: 'chat', provider: 'slack', proxy, subscribe: { objects: [messages] } },
    ),
  );
  officeId = integrations[0]?.id ?? '';
});

afterAll(() => tenon.stop());

/** Below `/tenon/v1`, in the project. */
async function own(method: string, path: string, body?: JsonObject): Promise<ApiAnswer> {
  return tenon.api(method, `/../tenon/v1${tenon.inProject(path)}`, body);
}

function run(...args: readonly string[]) {
  return runTenon(args, { TENON_DATA_DIR: join(tenon.folder, 'data') }, 'signing-secret\n');
}

async function secretStored(): Promise<string | null> {
  const { store, vault } = tenon.running.services;
  const [app] = await tenon.ok<{ id: string }[]>('GET', tenon.inProject('/provider-apps'));
  const sealed = readProviderApp(store.reads, app?.id ?? '')?.sealedWebhookSecret ?? null;
  return sealed === null ? null : vault.open(sealed, webhookSecretPlace(app?.id ?? '')).toString();
}

describe('the address of webhooks is refused', () => {
  it.each([
    ['of an unknown integration', '/integrations/nowhere/webhook', 404],
    ['of an unknown installation', '/integrations/crm/installations/none/webhook', 404],
    ['of a provider whose webhooks are not known', '/integrations/none/webhook', 400],
    ['of an integration whose installations have one each', '/integrations/sf/webhook', 400],
  ])('%s', async (_, path, status) => {
    expect((await own('GET', path)).status).toBe(status);
  });
});

it('the address of an integration is that of its installations where its provider has one for all', async () => {
  const { json } = await own('GET', '/integrations/crm/webhook');
  expect(json).toEqual({
    provider: 'hubspot',
    url: `${tenon.origin}/v1/projects/${tenon.projectId}/integrations/${integrationId}`,
    isUrlSecret: false,
    enteredIn: expect.stringContaining('under Webhooks'),
    provedBy: 'clientSecret',
    isProvable: true,
    providerApps: [{ id: expect.any(String), clientId: 'app-hubspot', hasSecret: true }],
    rotation: null,
  });
  const path = `/integrations/crm/installations/${customer.installation.id}/webhook`;
  expect((await own('GET', path)).json).toEqual(json);
});

describe('a webhook secret', () => {
  it('is refused where it is empty, not alone, or of no app', async () => {
    const [app] = await tenon.ok<{ id: string }[]>('GET', tenon.inProject('/provider-apps'));
    const path = `/provider-apps/${app?.id}/webhook-secret`;
    expect((await own('PUT', path, { secret: '' })).status).toBe(400);
    expect((await own('PUT', path, { secret: 's', more: 1 })).status).toBe(400);
    expect((await own('PUT', '/provider-apps/none/webhook-secret', { secret: 's' })).status).toBe(404);
    expect((await own('DELETE', '/provider-apps/none/webhook-secret')).status).toBe(404);
    expect(await secretStored()).toBeNull();
  });

  it('is stored sealed, shown to nobody, and forgotten', async () => {
    const [app] = await tenon.ok<{ id: string }[]>('GET', tenon.inProject('/provider-apps'));
    const path = `/provider-apps/${app?.id}/webhook-secret`;
    expect((await own('PUT', path, { secret: 'signing-secret' })).status).toBe(204);
    expect(await secretStored()).toBe('signing-secret');
    const listed = await tenon.api('GET', tenon.inProject('/provider-apps'));
    expect(listed.text).not.toContain('ebhookSecret');
    expect((await own('DELETE', path)).status).toBe(204);
    expect(await secretStored()).toBeNull();
  });
});

describe('a secret that somebody enters', () => {
  it('proves what Slack sends for an app, which shows itself first', async () => {
    const app = await tenon.addProviderApp('slack', 'app-slack', undefined, ['channels:history']);
    const connection = await tenon.connect('slack');
    const installation = await tenon.install('chat', { provider: 'slack' });
    const { url, isProvable } = (await own('GET', '/integrations/chat/webhook')).json as JsonObject;
    expect(isProvable).toBe(false);
    const send = (body: JsonObject, secret: string) => {
      const [text, at] = [JSON.stringify(body), Math.floor(Date.now() / 1000)];
      const signature = `v0=${createHmac('sha256', secret).update(`v0:${at}:${text}`).digest('hex')}`;
      const headers = { 'x-slack-signature': signature, 'x-slack-request-timestamp': String(at) };
      return fetch(String(url), { method: 'POST', body: text, headers });
    };
    const shown = await send({ type: 'url_verification', challenge: 'who is there' }, 'not yet');
    expect([shown.status, await shown.text()]).toEqual([200, 'who is there']);
    const event = { type: 'message', channel: 'C1', ts: '1700000000.000100', text: 'hello' };
    const body = { type: 'event_callback', team_id: connection['providerWorkspaceRef'], event_id: 'Ev1', event };
    expect((await send(body as JsonObject, 'signing-secret')).status).toBe(401);
    await own('PUT', `/provider-apps/${app.id}/webhook-secret`, { secret: 'signing-secret' });
    expect((await send(body as JsonObject, 'another')).status).toBe(401);
    expect((await send(body as JsonObject, 'signing-secret')).status).toBe(200);
    expect(eventsTaken(tenon, { installation, portal: '' })).toBe(1);
  });

  it('proves what Stripe sends for an installation', async () => {
    const credential = { provider: 'stripe', groupRef: 'acme', consumerRef: 'ada', apiKey: 'sk_test_1' };
    await tenon.ok('POST', tenon.inProject('/connections:generate'), credential);
    const installation = await tenon.install('pay', { provider: 'stripe' });
    const path = `/integrations/pay/installations/${installation.id}`;
    const { url } = (await own('GET', `${path}/webhook`)).json as JsonObject;
    const body = JSON.stringify({ id: 'evt_1', type: 'customer.created', data: { object: { object: 'customer' } } });
    const send = async () => {
      const at = Math.floor(Date.now() / 1000);
      const signature = createHmac('sha256', 'whsec_1').update(`${at}.${body}`).digest('hex');
      const headers = { 'stripe-signature': `t=${at},v1=${signature}` };
      return (await fetch(String(url), { method: 'POST', body, headers })).status;
    };
    expect(await send()).toBe(401);
    expect((await own('PUT', `${path}/webhook-secret`, { secret: '' })).status).toBe(400);
    expect((await own('PUT', `${path}/webhook-secret`, { secret: 'whsec_1' })).status).toBe(204);
    expect(await send()).toBe(200);
    expect(eventsTaken(tenon, { installation, portal: '' })).toBe(1);
    expect((await own('GET', `${path}/webhook`)).json).toMatchObject({ provedBy: 'subscription', isProvable: true });
    expect((await own('DELETE', `${path}/webhook-secret`)).status).toBe(204);
    expect(await send()).toBe(401);
  });

  it('is refused where something else proves what comes', async () => {
    const path = `/integrations/crm/installations/${customer.installation.id}/webhook-secret`;
    expect((await own('PUT', path, { secret: 's' })).status).toBe(400);
    expect((await own('PUT', '/integrations/crm/installations/none/webhook-secret', { secret: 's' })).status).toBe(404);
  });
});

it('what a provider looks with is answered, whatever it looks with', async () => {
  const receiver = receiverOf(tenon.running.services.downloadKey, 'integration', officeId);
  const url = `${tenon.origin}/${receiver}/v1`;
  expect((await fetch(url)).status).toBe(405);
  expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401);
  for (const method of ['GET', 'POST']) {
    const shown = await fetch(`${url}?validationToken=is+there%20anybody`, { method });
    expect([shown.status, await shown.text()]).toEqual([200, 'is there anybody']);
    expect(shown.headers.get('content-type')).toContain('text/plain');
  }
});

describe('on the command line', () => {
  it('an address is told in words, and as JSON', async () => {
    const told = await run('webhooks', 'crm');
    expect(told.out).toContain(`/v1/projects/${tenon.projectId}/integrations/${integrationId}`);
    expect(told.out).toContain('the client secret of a provider app');
    expect(told.out).toContain('the app at HubSpot, under Webhooks');
    const { out } = await run('webhooks', 'crm', '--installation', 'acme', '--json');
    expect(JSON.parse(out)).toMatchObject({ provedBy: 'clientSecret', isProvable: true });
    expect((await run('webhooks', 'sf')).error).toContain('Name an installation');
  });

  it('a webhook secret comes from a pipe, and goes', async () => {
    expect((await run('provider-apps', 'webhook-secret', 'app-hubspot')).out).toContain('set');
    expect(await secretStored()).toBe('signing-secret');
    expect((await run('provider-apps', 'webhook-secret', 'app-hubspot', '--clear')).out).toContain('forgot');
    expect(await secretStored()).toBeNull();
  });
});

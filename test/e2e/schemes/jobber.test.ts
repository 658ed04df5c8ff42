// Jobber tells one address of everything that happens to any account that has the app: each customer hears of their own
// account, by the id that Jobber says and not by one that somebody typed.

import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { manifest } from '../../support/drive.ts';
import type { SchemeServer } from '../../support/schemeServer.ts';
import { connected, type World, worldOfTest } from '../../support/schemes.ts';
import { eventsTaken } from '../../support/webhooks.ts';

const SECRET = 'the secret of the app';
const LOOKUP = '/api/graphql';

function behind({ origin }: SchemeServer): JsonObject {
  return {
    jobber: {
      baseURL: `${origin}/api/graphql`,
      oauth2Opts: { authURL: `${origin}/authorize`, tokenURL: `${origin}/token` },
      tenon: { accountLookup: { url: `${origin}${LOOKUP}` } },
    },
  };
}

async function started(): Promise<World & { readonly integrationId: string }> {
  const world = await worldOfTest(behind);
  const { tenon } = world;
  await tenon.addWebhook('hook');
  await tenon.addProviderApp('jobber', 'app-jobber', SECRET, []);
  const of = { objectName: 'clients', destination: 'hook' };
  const read = { objects: [{ ...of, schedule: '', requiredFields: [{ fieldName: 'id' }] }] };
  const clients = { ...of, inheritFieldsAndMapping: true, createEvent: { enabled: 'always' } };
  const jobber = { name: 'jobber', provider: 'jobber', read, subscribe: { objects: [clients] } };
  const [integration] = await tenon.deploy(manifest(jobber));
  return { ...world, integrationId: integration?.id ?? '' };
}

/** A customer whose account Jobber calls so; null: it does not say. */
async function customer(world: World, groupRef: string, accountId: string | null, workspace?: string) {
  const { server, tenon } = world;
  server.once(LOOKUP, accountId === null ? { status: 503 } : { body: { data: { account: { id: accountId } } } });
  const connection = await connected(world, 'jobber', { groupRef, ...(workspace === undefined ? {} : { workspace }) });
  const content = { provider: 'jobber', read: { objects: { clients: {} } } };
  const installation = await tenon.install('jobber', content, groupRef);
  return { installation, portal: String(connection['providerWorkspaceRef']) };
}

/** Signed by its documentation and not by our code. */
function tell(url: string, accountId: string | undefined, itemId: string): Promise<Response> {
  const webHookEvent = { topic: 'CLIENT_CREATE', appId: 'a', accountId, itemId, occurredAt: '2026-01-15T12:00:00Z' };
  const body = JSON.stringify({ data: { webHookEvent } });
  const signature = createHmac('sha256', SECRET).update(body).digest('base64');
  const headers = { 'content-type': 'application/json', 'x-jobber-hmac-sha256': signature };
  return fetch(url, { method: 'POST', headers, body });
}

it('tells each customer of the account that Jobber has named, wherever the app calls', async () => {
  const world = await started();
  const { tenon, server, integrationId } = world;
  const acme = await customer(world, 'acme', 'MQ==');
  const globex = await customer(world, 'globex', 'Mg==');
  expect([acme.portal, globex.portal]).toEqual(['MQ==', 'Mg==']);
  const [asked] = server.callsTo(LOOKUP);
  expect(asked).toMatchObject({ method: 'POST', form: { query: '{ account { id } }' } });
  expect(asked?.headers).toMatchObject({
    'content-type': 'application/json',
    'x-jobber-graphql-version': expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    authorization: expect.stringMatching(/^Bearer access-/),
  });
  const path = `/integrations/${integrationId}`;
  const told = await tenon.ok<{ url: string; isUrlSecret: boolean }>(
    'GET',
    `/../tenon/v1${tenon.inProject(`${path}/installations/${acme.installation.id}`)}/webhook`,
  );
  // Also where an installation is named the address is that of the app.
  expect(told).toMatchObject({ url: expect.stringMatching(`/v1${tenon.inProject(path)}$`), isUrlSecret: false });
  const url = `${tenon.origin}/v1${tenon.inProject(path)}`;
  expect((await tell(url, 'MQ==', '1')).status).toBe(200);
  expect([eventsTaken(tenon, acme), eventsTaken(tenon, globex)]).toEqual([1, 0]);
  expect((await tell(url, 'Mg==', '2')).status).toBe(200);
  expect((await tell(url, 'Mw==', '3')).status).toBe(200);
  expect((await tell(url, undefined, '4')).status).toBe(200);
  expect([eventsTaken(tenon, acme), eventsTaken(tenon, globex)]).toEqual([1, 1]);
});

it('tells nobody whose account is not known, and none that a customer has typed', async () => {
  const world = await started();
  const { tenon, integrationId } = world;
  const acme = await customer(world, 'acme', 'MQ==');
  const unknown = await customer(world, 'unknown', null);
  const evil = await customer(world, 'evil', null, 'MQ==');
  expect([unknown.portal, evil.portal]).toEqual(['undefined', 'undefined']);
  const url = `${tenon.origin}/v1${tenon.inProject(`/integrations/${integrationId}`)}`;
  expect((await tell(url, 'MQ==', '1')).status).toBe(200);
  expect([acme, unknown, evil].map((one) => eventsTaken(tenon, one))).toEqual([1, 0, 0]);
});

// Events that wait while their installation gets another account: they are told of the account that they are of, or of
// none. At Salesforce they do not say whose they are; at HubSpot they do.

import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/core/time.ts';
import { describeConnection, readConnection } from '../../src/store/tables/connections.ts';
import { readInboxDepth } from '../../src/store/tables/inbox.ts';
import { readInstallation } from '../../src/store/tables/installations.ts';
import { type Driven, manifest, pass, settled, startDriven } from '../support/drive.ts';
import { type Customer, contactMade, eventsTaken, sendHubspot, subscribed } from '../support/webhooks.ts';

const PATH = '/integrations/salesforce/installations';

interface Waiting {
  readonly driven: Driven;
  readonly id: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** An installation of Acme's org with an event that waits for a destination which is not there yet. */
async function waiting(): Promise<Waiting> {
  const driven = await startDriven();
  const { tenon } = driven;
  await tenon.addWebhook('hook');
  const of = { objectName: 'account', destination: 'hook' };
  const read = { objects: [{ ...of, requiredFields: [{ fieldName: 'name' }], schedule: '' }] };
  const deletions = { ...of, destination: 'later', inheritFieldsAndMapping: true, deleteEvent: { enabled: 'always' } };
  const subscribe = { objects: [deletions] };
  await tenon.deploy(manifest({ name: 'salesforce', provider: 'salesforce', read, subscribe }));
  await tenon.connect('salesforce', { workspace: 'acme' });
  const { id } = await tenon.install('salesforce', { provider: 'salesforce', read: { objects: { account: {} } } });
  await settled(driven);
  await tell(driven, id);
  expect(depth(driven, id)).toBe(1);
  return { driven, id, [Symbol.asyncDispose]: () => driven[Symbol.asyncDispose]() };
}

async function tell(driven: Driven, id: string): Promise<void> {
  const { tenon } = driven;
  const { url } = await tenon.ok<{ url: string }>('GET', `/../tenon/v1${tenon.inProject(PATH)}/${id}/webhook`);
  const of = { transactionKey: 'k', sequenceNumber: 1, recordIds: ['001000000000001AAA'] };
  const ChangeEventHeader = { entityName: 'Account', changeType: 'DELETE', ...of };
  const body = JSON.stringify({ detail: { payload: { ChangeEventHeader } } });
  const { services } = tenon.running;
  const { status } = await fetch(url.replace(services.publicUrl, tenon.origin), { method: 'POST', body });
  expect(status).toBe(200);
  await settled(driven);
}

const depth = ({ tenon }: Driven, id: string) => readInboxDepth(tenon.running.services.store.reads, id, 10).events;

/** What is told once there is somebody to tell. */
async function told(driven: Driven): Promise<readonly JsonObject[]> {
  await driven.tenon.addWebhook('later');
  await pass(driven, HOUR_MS);
  return driven.tenon.receiver.state().messages.filter(({ action }) => action === 'subscribe');
}

async function move({ driven, id }: Waiting, workspace: string): Promise<void> {
  const { tenon } = driven;
  // The newest connection is the one that was made.
  await pass(driven, MINUTE_MS);
  const { id: connectionId } = await tenon.connect('salesforce', { workspace, consumerRef: 'bob' });
  const body = { updateMask: ['connectionId'], installation: { connectionId } };
  await tenon.ok('PATCH', tenon.inProject(`${PATH}/${id}?skipSampling=true`), body);
  await settled(driven);
}

it('an event that waits while its installation moves to another org is told to nobody', async () => {
  await using subject = await waiting();
  const { driven, id } = subject;
  await move(subject, 'brill');
  expect(depth(driven, id)).toBe(0);
  // Also where it is delivered again.
  await tell(driven, id);
  expect([await told(driven), depth(driven, id)]).toEqual([[], 0]);
});

it('an event that waits while its connection is authorised for another org is told to nobody', async () => {
  await using subject = await waiting();
  const { driven, id } = subject;
  await driven.tenon.connect('salesforce', { workspace: 'brill' });
  expect([await told(driven), depth(driven, id)]).toEqual([[], 0]);
});

it('an event that waits stays where another connection, or another grant, is of the same org', async () => {
  await using subject = await waiting();
  const { driven, id } = subject;
  await driven.tenon.connect('salesforce', { workspace: 'acme' });
  await move(subject, 'acme');
  expect(depth(driven, id)).toBe(1);
  expect(await told(driven)).toMatchObject([{ result: [{ subscribeEventType: 'delete' }] }]);
});

it('an event that says whose it is is told to nobody whose account is not known any more', async () => {
  await using driven = await startDriven();
  const { tenon, clock } = driven;
  const { integrationId, customers } = await subscribed(tenon, 'acme');
  const [customer] = customers as readonly [Customer];
  await settled(driven);
  const held = tenon.sandbox.faults.next({ provider: 'hubspot', method: 'POST' }, { kind: 'status', status: 503 });
  const url = `${tenon.origin}/v1${tenon.inProject(`/integrations/${integrationId}`)}`;
  const answer = await sendHubspot({ url, events: [contactMade(customer.portal, 1)], atMs: clock.nowMs() });
  expect([answer.status, eventsTaken(tenon, customer)]).toEqual([200, 1]);
  await held.reached;
  await settled(driven);
  const { store } = tenon.running.services;
  const { connectionId = '' } = readInstallation(store.reads, customer.installation.id) ?? {};
  const connection = readConnection(store.reads, connectionId);
  if (connection === undefined) throw new Error('nobody is connected');
  await store.commit([describeConnection({ ...connection, workspaceRef: null }, connection)]);
  await pass(driven, HOUR_MS);
  const messages = tenon.receiver.state().messages.filter(({ action }) => action === 'subscribe');
  expect([messages, depth(driven, customer.installation.id)]).toEqual([[], 0]);
});

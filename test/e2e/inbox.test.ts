// What becomes of a webhook's events, from the inbox to the delivered message, over real HTTP: what is told and how,
// and that nothing is lost or told twice whatever the provider does in between. How they come into the inbox is the
// business of others: here they are committed as a webhook commits them.

import { describe, expect, it } from 'vitest';
import { hubspotEvents } from '../../src/connectors/hubspot/events.ts';
import { salesforceEvents } from '../../src/connectors/salesforce/events.ts';
import { actorIdOf, type InstallationId, type ProjectId } from '../../src/core/ids.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { INBOX_BATCH_BYTES_MAX } from '../../src/core/limits.ts';
import { DAY_MS, HOUR_MS } from '../../src/core/time.ts';
import { eraseInstallation } from '../../src/flows/operator/erase.ts';
import { webhookUrl } from '../../src/flows/subscribe/address.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { readConnection } from '../../src/store/tables/connections.ts';
import { insertInboxEvent, readInboxDepth } from '../../src/store/tables/inbox.ts';
import { readInstallation, readIntegration } from '../../src/store/tables/installations.ts';
import { readSnapshot } from '../../src/store/tables/snapshots.ts';
import {
  type Driven,
  installed,
  integration,
  manifest,
  pass,
  readObject,
  settled,
  startDriven,
  until,
} from '../support/drive.ts';
import { PublishedSchemas, publishedIsMissing } from '../support/published.ts';

const BATCH = { provider: 'hubspot', method: 'POST', pathPrefix: '/crm/v3/objects/contacts/batch/read' } as const;
const ALWAYS = { enabled: 'always' } as const;
const INHERITS = { destination: 'hook', inheritFieldsAndMapping: true } as const;
const CONTACTS = {
  ...{ objectName: 'contacts', ...INHERITS, createEvent: ALWAYS, deleteEvent: ALWAYS },
  updateEvent: { ...ALWAYS, watchFieldsAuto: 'all' },
  associationChangeEvent: { ...ALWAYS, includeFullRecords: true },
  otherEvents: ['contact.merge'],
};
const TO_NOWHERE = { ...CONTACTS, objectName: 'companies', destination: 'later' };
/** No schedule: nothing is read but what events are about. */
const READ = {
  ...{ objectName: 'contacts', mapToName: 'person', destination: 'hook', schedule: '' },
  ...{ requiredFields: [{ fieldName: 'firstname' }, { fieldName: 'email', mapToName: 'mail' }] },
};

interface Subscribed {
  readonly driven: Driven;
  readonly installationId: string;
  [Symbol.asyncDispose](): Promise<void>;
}

async function subscribed(
  subscribe: JsonObject | readonly JsonObject[] = CONTACTS,
  read: JsonObject = READ,
): Promise<Subscribed> {
  const driven = await startDriven({ sandbox: { hubspotContacts: 10 } });
  await driven.tenon.addWebhook('hook');
  const { objectName } = read;
  const companies = readObject('companies', { schedule: '', backfill: undefined });
  await driven.tenon.deploy(
    manifest({ ...integration('hubspot', read, companies), subscribe: { objects: [subscribe].flat() } }),
  );
  const { id } = await installed(driven, 'hubspot', { [String(objectName)]: {}, companies: {} });
  await settled(driven);
  return { driven, installationId: id, [Symbol.asyncDispose]: () => driven[Symbol.asyncDispose]() };
}

let eventId = 0;

/** Stands for the portal of the customer, whichever that is. */
const OWN_PORTAL = '1';

/** As HubSpot sends it. */
const raw = (subscriptionType: string, objectId: string, differences: JsonObject = {}): JsonObject => ({
  eventId: ++eventId,
  ...{ subscriptionType, portalId: Number(OWN_PORTAL), appId: 1, occurredAt: 1_767_600_000_000, attemptNumber: 0 },
  objectId: Number(objectId),
  ...differences,
});

const changed = (objectId: string, propertyName = 'email') =>
  raw('contact.propertyChange', objectId, { propertyName, propertyValue: 'x' });

/** Commits events as a webhook does, without waiting for what becomes of them. */
async function receive({ driven, installationId }: Subscribed, ...raws: readonly JsonObject[]): Promise<void> {
  const { runtime, store } = driven.tenon.running.services;
  const { connectionId = '' } = readInstallation(store.reads, installationId) ?? {};
  const portal = readConnection(store.reads, connectionId)?.workspaceRef ?? null;
  const webhook = { method: 'POST', url: 'https://x', headers: {}, body: Buffer.from(JSON.stringify(raws)) };
  const events = hubspotEvents.parse(webhook as never);
  const own = events.map((event) => (event.workspace === OWN_PORTAL ? { ...event, workspace: portal } : event));
  const writes = own.map((event) =>
    insertInboxEvent({
      installationId: installationId as InstallationId,
      ...{ eventKey: event.key, event: JSON.stringify(event), receivedAtMs: driven.clock.nowMs() },
    }),
  );
  await runtime.send(actorIdOf('inbox', installationId), { type: 'inbox.received' }, { writes });
}

function messages({ driven }: Subscribed): readonly JsonObject[] {
  return driven.tenon.receiver.state().messages.filter(({ action }) => action === 'subscribe');
}

function entries(subject: Subscribed): readonly JsonObject[] {
  return messages(subject).flatMap((message) => message['result'] as JsonObject[]);
}

const waiting = ({ driven, installationId }: Subscribed) =>
  readInboxDepth(driven.tenon.running.services.store.reads, installationId, 1000).events;

/** The id of the sandbox's contact at an index, touched so that it is known. */
function contact({ driven }: Subscribed, index: number, values: JsonObject = {}): string {
  const of = { provider: 'hubspot', account: 'portal-1', object: 'contacts' } as const;
  const [id = ''] = driven.tenon.sandbox.change({ kind: 'modify', ...of, fromIndex: index, count: 1, values });
  return id;
}

function remove({ driven }: Subscribed, index: number): void {
  const of = { provider: 'hubspot', account: 'portal-1', object: 'contacts' } as const;
  driven.tenon.sandbox.change({ kind: 'remove', ...of, fromIndex: index, count: 1 });
}

const fault = ({ driven }: Subscribed, of: Fault, times = 1) => driven.tenon.sandbox.faults.next(BATCH, of, times);

const counted = ({ driven }: Subscribed) => driven.tenon.running.services.counts.providers.get('hubspot')?.inboxEvents;

describe('events that nobody wants', () => {
  it('leave the inbox, and nobody hears of them', async () => {
    await using subject = await subscribed({ ...CONTACTS, updateEvent: { ...ALWAYS, requiredWatchFields: ['mail'] } });
    const id = contact(subject, 1);
    await receive(subject, changed(id, 'phone'), raw('contact.restore', id), raw('company.creation', '5'));
    await settled(subject.driven);
    expect([waiting(subject), messages(subject)]).toEqual([0, []]);
    expect(counted(subject)).toEqual([0, 0, 0, 3, 0]);
    expect(subject.driven.tenon.sandbox.stats().requestsByProvider['hubspot']).toBeLessThan(5);
  });

  it('are those of an object that left the manifest while they waited', async () => {
    await using subject = await subscribed();
    fault(subject, { kind: 'status', status: 503 });
    await receive(subject, changed(contact(subject, 1)));
    await settled(subject.driven);
    expect(waiting(subject)).toBe(1);
    await subject.driven.tenon.deploy(manifest(integration('hubspot', READ)), '?destructive=true');
    await pass(subject.driven, HOUR_MS);
    expect([waiting(subject), messages(subject)]).toEqual([0, []]);
  });

  it('are those of an account that the customer has left while they waited', async () => {
    await using subject = await subscribed();
    const id = contact(subject, 1);
    await receive(subject, raw('contact.creation', id, { portalId: 404 }), changed(id), raw('contact.deletion', '5'));
    await settled(subject.driven);
    expect(entries(subject).map(({ subscribeEventType: type }) => type)).toEqual(['update', 'delete']);
    expect([waiting(subject), counted(subject)?.[3]]).toEqual([0, 1]);
  });

  it('are those of an installation that is deleted, and its inbox ends', async () => {
    await using subject = await subscribed();
    const { driven, installationId } = subject;
    fault(subject, { kind: 'status', status: 503 });
    await receive(subject, changed(contact(subject, 1)));
    await settled(driven);
    const { tenon } = driven;
    await tenon.ok('DELETE', tenon.inProject(`/integrations/hubspot/installations/${installationId}`));
    await settled(driven);
    expect(waiting(subject)).toBe(0);
    expect(readSnapshot(tenon.running.services.store.reads, actorIdOf('inbox', installationId))?.state).toBe('');
  });
});

describe('an event', () => {
  it.skipIf(publishedIsMissing !== null)('becomes a message as published, with the record as it is now', async () => {
    await using subject = await subscribed();
    const id = contact(subject, 1, { firstname: 'Ada', email: 'ada@example.com' });
    await receive(subject, raw('contact.creation', id), changed(id), changed(id, 'firstname'), changed(id));
    await settled(subject.driven);
    const { installationId, driven } = subject;
    const record = { fields: { firstname: 'Ada' }, mappedFields: { mail: 'ada@example.com' } };
    const [message, ...others] = messages(subject);
    expect(others).toEqual([]);
    expect(message).toMatchObject({
      ...{ action: 'subscribe', projectId: driven.tenon.projectId, provider: 'hubspot', groupRef: 'acme' },
      ...{ installationId, objectName: 'person', rawObjectName: 'contacts' },
      resultInfo: { type: 'inline', numRecords: 2 },
      result: [
        {
          ...record,
          subscribeEventType: 'create',
          providerEventType: 'contact.creation',
          raw: { id },
          rawEvent: { subscriptionType: 'contact.creation' },
        },
        {
          ...record,
          subscribeEventType: 'update',
          providerEventType: 'contact.propertyChange',
          fieldsUpdated: ['email', 'firstname'],
        },
      ],
    });
    expect(Object.keys(message ?? {})).not.toContain('operationId');
    expect(new PublishedSchemas().value('webhook', 'WebhookMessage', message ?? {})).toEqual([]);
    expect([waiting(subject), counted(subject)]).toEqual([0, [2, 2, 0, 0, 0]]);
  });

  it.skipIf(publishedIsMissing !== null)(
    'of a record that is gone, deleted or of no record has what was said',
    async () => {
      await using subject = await subscribed();
      const [gone, there] = [contact(subject, 1), contact(subject, 2)];
      remove(subject, 1);
      const [update, deletion] = [changed(gone), raw('contact.deletion', gone)];
      const merge = raw('contact.merge', there, { primaryObjectId: Number(there) });
      await receive(subject, update, deletion, merge);
      await settled(subject.driven);
      const [message] = messages(subject);
      expect(new PublishedSchemas().value('webhook', 'WebhookMessage', message ?? {})).toEqual([]);
      expect(entries(subject)).toEqual([
        {
          ...{ subscribeEventType: 'update', providerEventType: 'contact.propertyChange', id: gone },
          ...{ fieldsUpdated: ['email'], rawEvent: update },
        },
        { subscribeEventType: 'delete', providerEventType: 'contact.deletion', id: gone, rawEvent: deletion },
        { subscribeEventType: 'other', providerEventType: 'contact.merge', id: there, rawEvent: merge },
      ]);
      expect(counted(subject)).toEqual([3, 0, 0, 0, 0]);
    },
  );

  it.skipIf(publishedIsMissing !== null)('of an association has both its ends, each as it is read', async () => {
    await using subject = await subscribed();
    const id = contact(subject, 1, { firstname: 'Ada', email: 'ada@example.com' });
    const ends = { fromObjectId: Number(id), toObjectId: 99, associationType: 'CONTACT_TO_COMPANY' };
    await receive(subject, raw('contact.associationChange', id, { objectId: undefined, ...ends }));
    await settled(subject.driven);
    const [message] = messages(subject);
    expect(new PublishedSchemas().value('webhook', 'WebhookMessage', message ?? {})).toEqual([]);
    expect(entries(subject)).toMatchObject([
      {
        subscribeEventType: 'associationUpdate',
        fromRecord: {
          ...{ id, objectName: 'person', rawObjectName: 'contacts' },
          ...{ fields: { firstname: 'Ada' }, mappedFields: { mail: 'ada@example.com' } },
        },
        toRecord: { id: '99', objectName: 'companies', rawObjectName: 'companies' },
      },
    ]);
  });

  it('that comes while others are under way is told too', async () => {
    await using subject = await subscribed();
    const held = fault(subject, { kind: 'slowHead' });
    const [first, second] = [contact(subject, 1), contact(subject, 2)];
    await receive(subject, changed(first));
    await held.reached;
    await receive(subject, changed(second));
    held.release();
    await settled(subject.driven);
    expect(entries(subject).map(({ raw: record }) => (record as JsonObject)['id'])).toEqual([first, second]);
  });

  it('that fits no message goes out as a link', async () => {
    await using subject = await subscribed();
    const id = contact(subject, 1, { firstname: 'a'.repeat(310_000) });
    await receive(subject, changed(id));
    await settled(subject.driven);
    expect(messages(subject)).toMatchObject([{ resultInfo: { type: 'url', numRecords: 1 } }]);
  });
});

it('an event that is not delivered yet is erased with its installation', async () => {
  await using subject = await subscribed();
  const { driven, installationId } = subject;
  driven.tenon.receiver.failNext(503, 2);
  await receive(
    subject,
    changed(contact(subject, 1, { firstname: 'a'.repeat(310_000) })),
    changed(contact(subject, 2)),
  );
  await settled(driven);
  const { services } = driven.tenon.running;
  const left = () =>
    ['outbox', 'blobs', 'inbox'].map((table) => services.store.reads.all(`SELECT 1 FROM ${table}`).length);
  expect(left()).toEqual([2, 1, 2]);
  await eraseInstallation(services, installationId, { isConnectionKept: false });
  expect(left()).toEqual([0, 0, 0]);
});

describe('an inbox whose provider fails', () => {
  it.each<[string, Fault]>([
    ['says that there were too many calls', { kind: 'status', status: 429, retryAfterSeconds: 60 }],
    ['fails', { kind: 'status', status: 503 }],
    ['breaks off', { kind: 'truncated' }],
    ['answers with a page for people', { kind: 'html200' }],
  ])('because it %s tells all events later, once', async (_what, of) => {
    await using subject = await subscribed();
    const ids = [1, 2, 3].map((index) => contact(subject, index));
    fault(subject, of, 3);
    await receive(subject, ...ids.map((id) => changed(id)));
    await settled(subject.driven);
    expect([waiting(subject), messages(subject)]).toEqual([3, []]);
    await until(subject.driven, 'an empty inbox', () => waiting(subject) === 0);
    await settled(subject.driven);
    expect(entries(subject).map(({ raw: record }) => (record as JsonObject)['id'])).toEqual(ids);
    expect(subject.driven.tenon.receiver.state().recordsRepeated).toBe(0);
  });

  it('tells what needs no record meanwhile, unless an event of the same record is before it', async () => {
    await using subject = await subscribed();
    fault(subject, { kind: 'status', status: 503 }, 1);
    const [one, other] = [contact(subject, 1), contact(subject, 2)];
    await receive(subject, changed(one), raw('contact.deletion', one), raw('contact.deletion', other));
    await settled(subject.driven);
    expect([waiting(subject), entries(subject).map(({ id }) => id)]).toEqual([2, [other]]);
    await until(subject.driven, 'an empty inbox', () => waiting(subject) === 0);
    await settled(subject.driven);
    const types = entries(subject).map(({ subscribeEventType }) => subscribeEventType);
    expect(types).toEqual(['delete', 'update', 'delete']);
  });

  it('for good with one event tells that one without its record, and the others with theirs', async () => {
    await using subject = await subscribed();
    const ids = [1, 2, 3].map((index) => contact(subject, index));
    fault(subject, { kind: 'status', status: 500 }, 12);
    await receive(subject, ...ids.map((id) => changed(id)));
    await until(subject.driven, 'an empty inbox', () => waiting(subject) === 0, DAY_MS);
    await settled(subject.driven);
    expect(entries(subject).map(({ id, raw: record }) => id ?? (record as JsonObject)['id'])).toEqual(ids);
    expect(counted(subject)).toEqual([2, 0, 1, 0, 0]);
  });

  it('for the object tells its events without records at once', async () => {
    await using subject = await subscribed();
    fault(subject, { kind: 'status', status: 403 });
    const id = contact(subject, 1);
    await receive(subject, changed(id));
    await settled(subject.driven);
    expect(entries(subject)).toMatchObject([{ subscribeEventType: 'update', id }]);
    expect(counted(subject)).toEqual([0, 0, 1, 0, 0]);
  });
});

describe('an inbox', () => {
  it('without a grant keeps its events until the customer connects again', async () => {
    await using subject = await subscribed();
    const { driven } = subject;
    const { tenon } = driven;
    const ids = [contact(subject, 1), contact(subject, 2)];
    tenon.sandbox.revokeGrants('hubspot', 'portal-1');
    await receive(subject, ...ids.map((id) => changed(id)));
    await pass(driven, DAY_MS);
    const { requestsByProvider } = tenon.sandbox.stats();
    await pass(driven, DAY_MS);
    expect(tenon.sandbox.stats().requestsByProvider).toEqual(requestsByProvider);
    expect([waiting(subject), messages(subject)]).toEqual([2, []]);
    await tenon.browse(`${await tenon.authorizeUrl('hubspot')}&account=portal-1`);
    await settled(driven);
    expect(entries(subject).map(({ raw: record }) => (record as JsonObject)['id'])).toEqual(ids);
    expect(waiting(subject)).toBe(0);
  });

  it('drops its events where the customer connects another account, which has records of the same ids', async () => {
    await using subject = await subscribed();
    const { driven } = subject;
    driven.tenon.sandbox.revokeGrants('hubspot', 'portal-1');
    await receive(subject, changed(contact(subject, 1)));
    await pass(driven, HOUR_MS);
    expect(waiting(subject)).toBe(1);
    await driven.tenon.browse(`${await driven.tenon.authorizeUrl('hubspot')}&account=portal-2`);
    await settled(driven);
    expect([waiting(subject), messages(subject)]).toEqual([0, []]);
  });

  it('without a destination keeps its events until there is one', async () => {
    await using subject = await subscribed({ ...CONTACTS, destination: 'later' });
    await receive(subject, changed(contact(subject, 1)));
    await pass(subject.driven, HOUR_MS);
    expect([waiting(subject), messages(subject)]).toEqual([1, []]);
    await subject.driven.tenon.addWebhook('later');
    await pass(subject.driven, HOUR_MS);
    expect([waiting(subject), messages(subject).length]).toEqual([0, 1]);
  });

  it('holds back only what is for a destination that takes nothing, however much that is', async () => {
    await using subject = await subscribed([TO_NOWHERE, CONTACTS]);
    const stuck = Array.from({ length: 250 }, (_, index) => raw('company.creation', String(index + 1)));
    const id = contact(subject, 1);
    await receive(subject, ...stuck, changed(id));
    await settled(subject.driven);
    expect([waiting(subject), entries(subject).length]).toEqual([250, 1]);
    await subject.driven.tenon.addWebhook('later');
    await pass(subject.driven, HOUR_MS);
    expect([waiting(subject), entries(subject).length]).toEqual([0, 251]);
  });

  it('tells what is for others also when as much failed meanwhile as makes batches of one event', async () => {
    await using subject = await subscribed([TO_NOWHERE, CONTACTS]);
    fault(subject, { kind: 'status', status: 500 }, 8);
    const stuck = Array.from({ length: 12 }, (_, index) => raw('company.creation', String(index + 1)));
    await receive(subject, ...stuck, changed(contact(subject, 1)));
    await until(subject.driven, 'all that is not held', () => waiting(subject) === 12, DAY_MS);
    await settled(subject.driven);
    expect([entries(subject).length, counted(subject)?.[2]]).toEqual([1, 0]);
  });

  it('finds what is for others behind more than it takes up at a time, and at once what comes later', async () => {
    await using subject = await subscribed([TO_NOWHERE, CONTACTS]);
    const more = { padding: 'x'.repeat(INBOX_BATCH_BYTES_MAX / 1000) };
    const stuck = Array.from({ length: 1001 }, (_, index) => raw('company.creation', String(index + 1), more));
    await receive(subject, ...stuck, changed(contact(subject, 1)));
    await settled(subject.driven);
    expect(entries(subject).length).toBe(1);
    await receive(subject, changed(contact(subject, 2)));
    await settled(subject.driven);
    expect(entries(subject).length).toBe(2);
  });

  it('looks anew at what it held when other things are subscribed to', async () => {
    await using subject = await subscribed([TO_NOWHERE, CONTACTS]);
    await receive(subject, raw('company.creation', '1'));
    await settled(subject.driven);
    const objects = [
      { ...TO_NOWHERE, destination: 'hook' },
      { ...CONTACTS, destination: 'later' },
    ];
    const companies = readObject('companies', { schedule: '', backfill: undefined });
    await subject.driven.tenon.deploy(
      manifest({ ...integration('hubspot', READ, companies), subscribe: { objects } }),
      '?destructive=true',
    );
    await pass(subject.driven, HOUR_MS);
    expect([waiting(subject), entries(subject).length]).toEqual([0, 1]);
  });

  it('drops what nobody can read, and counts it', async () => {
    await using subject = await subscribed();
    const { driven, installationId } = subject;
    const of = { installationId: installationId as InstallationId, receivedAtMs: 1 };
    const writes = ['{"of":"another version"}', 'null'].map((event, index) =>
      insertInboxEvent({ ...of, eventKey: `odd ${index}`, event }),
    );
    const { runtime } = driven.tenon.running.services;
    await runtime.send(actorIdOf('inbox', installationId), { type: 'inbox.received' }, { writes });
    await receive(subject, changed(contact(subject, 1)));
    await settled(driven);
    expect([waiting(subject), entries(subject).length, counted(subject)]).toEqual([0, 1, [1, 0, 0, 0, 2]]);
  });

  it('goes on after a stop in the middle, and tells everything once', async () => {
    await using subject = await subscribed();
    const { driven } = subject;
    fault(subject, { kind: 'slowHead' });
    const ids = [contact(subject, 1), contact(subject, 2)];
    await receive(subject, ...ids.map((id) => changed(id)));
    const halted = driven.tenon.halt();
    await driven.clock.advanceTo(driven.clock.nowMs() + HOUR_MS);
    await halted;
    await driven.tenon.resume();
    await until(driven, 'an empty inbox', () => waiting(subject) === 0);
    await settled(driven);
    expect(entries(subject).map(({ raw: record }) => (record as JsonObject)['id'])).toEqual(ids);
  });
});

it('events of Salesforce become messages with the records that they are about', async () => {
  const driven = await startDriven({ sandbox: { salesforceAccounts: 5 } });
  await using _ = driven;
  const { tenon } = driven;
  await tenon.addWebhook('hook');
  const read = readObject('account', { schedule: '', backfill: undefined });
  const subscribe = { objects: [{ ...CONTACTS, objectName: 'account', associationChangeEvent: undefined }] };
  const [made] = await tenon.deploy(manifest({ ...integration('salesforce', read), subscribe }));
  const { id: installationId } = await installed(driven, 'salesforce', { account: {} });
  await settled(driven);
  const { services } = tenon.running;
  const installation = readInstallation(services.store.reads, installationId);
  const row = readIntegration(services.store.reads, tenon.projectId as ProjectId, String(made?.id));
  if (installation === undefined || row === undefined) throw new Error('nothing is installed');
  const { url } = webhookUrl(services, salesforceEvents, { of: 'installation', integration: row, installation });
  const target = url.replace(services.publicUrl, tenon.origin);
  tenon.sandbox.sendWebhooks({ provider: 'salesforce', account: 'acme', url: target, secret: '' });
  const of = { provider: 'salesforce', account: 'acme', object: 'Account', count: 2 } as const;
  const ids = tenon.sandbox.change({ kind: 'modify', ...of, values: { Name: 'Acme' } });
  tenon.sandbox.change({ kind: 'remove', ...of, fromIndex: 3, count: 1 });
  await tenon.sandbox.webhooksSent();
  await settled(driven);
  const told = tenon.receiver.state().messages.flatMap(({ result }) => result as JsonObject[]);
  expect(told).toMatchObject([
    ...ids.map((Id) => ({
      subscribeEventType: 'update',
      fields: { name: 'Acme' },
      raw: { Id },
      fieldsUpdated: ['Name'],
    })),
    { subscribeEventType: 'delete', providerEventType: 'DELETE', id: expect.stringMatching(/^001/) },
  ]);
});

// What builders are told of their customers: over real HTTP, signed, each event once for each destination that its
// topics lead to, as published; and nothing at all where nobody asked.

import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { NOTIFICATION_CONFIG_BYTES_MAX } from '../../src/core/limits.ts';
import { DAY_MS } from '../../src/core/time.ts';
import { readLane } from '../../src/store/tables/outbox.ts';
import { startDestination } from '../support/destination.ts';
import { type Driven, integration, manifest, pass, readObject, settled, startDriven } from '../support/drive.ts';
import { faultsOf, type Notification, notificationsIn, routeEvents } from '../support/notifications.ts';
import { PublishedSchemas, publishedIsMissing } from '../support/published.ts';
import { type Published, startTenon } from '../support/tenon.ts';

const CONTACTS = { provider: 'hubspot', pathPrefix: '/crm/v3/objects/contacts' } as const;
const DEPLOYED = manifest(integration('hubspot', readObject('contacts', { schedule: '0 0 1 1 *' })));
const CONFIG = { provider: 'hubspot', read: { objects: { contacts: {} } } };

interface Told {
  readonly driven: Driven;
  /** Where notifications go. */
  readonly told: Published;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A driven Tenon with HubSpot's contacts deployed; `events` lead to the destination `told`, records to `hook`. */
async function startTold(events?: readonly string[], sandbox = {}): Promise<Told> {
  const driven = await startDriven({ sandbox: { hubspotContacts: 3, ...sandbox } });
  const { tenon } = driven;
  await tenon.addWebhook('hook');
  const told = await tenon.addWebhook('told');
  await routeEvents(tenon, told.id, 'ops', events);
  await tenon.deploy(DEPLOYED);
  return { driven, told, [Symbol.asyncDispose]: () => tenon.stop() };
}

/** All that were received so far, and none of which was badly signed. */
async function notifications(driven: Driven): Promise<Notification[]> {
  await settled(driven);
  const state = driven.tenon.receiver.state();
  expect([state.signatureFailures, state.duplicates]).toEqual([0, 0]);
  return notificationsIn(state.messages);
}

async function typesOf(driven: Driven): Promise<string[]> {
  return (await notifications(driven)).map(({ notificationType }) => notificationType);
}

function installationPath({ tenon }: Driven, { id }: Published): string {
  return tenon.inProject(`/integrations/hubspot/installations/${id}`);
}

function rowsIn({ tenon }: Driven, table: 'outbox' | 'blobs'): JsonObject[] {
  return tenon.running.services.store.reads.all(`SELECT * FROM ${table}`);
}

describe('an event that leads nowhere', () => {
  it.each<[string, (driven: Driven, hook: Published) => Promise<unknown>]>([
    ['because nothing is routed', async () => {}],
    [
      'because its topic has no destination',
      ({ tenon }) => topicOf(tenon, ['connection.created', 'installation.created']),
    ],
    [
      'because only others are routed',
      async ({ tenon }, { id }) => routeEvents(tenon, id, 'other', ['connection.error']),
    ],
    [
      'because the topic was deleted',
      async ({ tenon }, { id }) => {
        const topic = await routeEvents(tenon, id, 'gone');
        await tenon.ok('DELETE', tenon.inProject(`/topics/${topic.id}`));
      },
    ],
    [
      'because the destination was deleted',
      async ({ tenon }) => {
        const other = await tenon.addWebhook('other');
        await routeEvents(tenon, other.id, 'gone');
        await tenon.ok('DELETE', tenon.inProject('/destinations/other'));
      },
    ],
  ])('leaves nothing, %s', async (_why, route) => {
    await using driven = await startDriven({ sandbox: { hubspotContacts: 0 } });
    const { tenon } = driven;
    const hook = await tenon.addWebhook('hook');
    await route(driven, hook);
    await tenon.deploy(DEPLOYED);
    await tenon.connect('hubspot');
    const { id } = await tenon.install('hubspot', CONFIG);
    const { runtime } = tenon.running.services;
    await settled(driven);
    expect([rowsIn(driven, 'outbox'), rowsIn(driven, 'blobs')]).toEqual([[], []]);
    expect(runtime.peek(`delivery:${hook.id}` as never).context).toMatchObject({ round: 0 });
    await tenon.ok('DELETE', tenon.inProject(`/integrations/hubspot/installations/${id}`));
    expect(await notifications(driven)).toEqual([]);
  });
});

async function topicOf(tenon: Driven['tenon'], eventTypes: readonly string[]): Promise<void> {
  const topic = await tenon.ok('POST', tenon.inProject('/topics'), { name: 'alone' });
  for (const eventType of eventTypes) {
    await tenon.ok('POST', tenon.inProject('/notification-event-topic-routes'), { eventType, topicId: topic.id });
  }
}

describe('an event', () => {
  it('is told as it happens to a customer, from the first day to the last', async () => {
    await using told = await startTold();
    const { driven } = told;
    const { tenon } = driven;
    const connection = await tenon.connect('hubspot');
    const installation = await tenon.install('hubspot', CONFIG);
    await settled(driven);
    const content = { ...CONFIG, read: { objects: { contacts: { selectedFields: { email: true } } } } };
    const mask = { updateMask: ['config.content.read.objects.contacts'], installation: { config: { content } } };
    await tenon.ok('PATCH', `${installationPath(driven, installation)}?skipSampling=true`, mask);
    await settled(driven);
    await tenon.connect('hubspot');
    const patch = { updateMask: ['providerWorkspaceRef'], connection: { providerWorkspaceRef: 'acme-inc' } };
    await tenon.ok('PATCH', tenon.inProject(`/connections/${connection.id}`), patch);
    await tenon.ok('DELETE', installationPath(driven, installation));
    const all = await notifications(driven);
    expect(all.map(({ notificationType }) => notificationType)).toEqual([
      'connection.created',
      'installation.created',
      'read.backfill.done',
      'installation.updated',
      'connection.updated',
      'connection.updated',
      'installation.deleted',
      'connection.deleted',
    ]);
    const ofConnection = {
      projectId: tenon.projectId,
      connectionId: connection.id,
      provider: 'hubspot',
      groupRef: 'acme',
      consumerRef: 'ada',
      consumerName: 'ada',
    };
    const ofInstallation = {
      ...ofConnection,
      integrationId: installation['integrationId'],
      integrationName: 'hubspot',
      installationId: installation.id,
      groupName: 'acme',
    };
    const shown = (installation['config'] as JsonObject)['content'];
    const data = all.map((notification) => notification.data);
    expect([data[0], data[4], data[5], data[7]]).toEqual([ofConnection, ofConnection, ofConnection, ofConnection]);
    expect(data[1]).toEqual({ ...ofInstallation, config: shown });
    expect(data[2]).toEqual({ ...ofInstallation, objectName: 'contacts' });
    expect(data[3]).toEqual({ ...ofInstallation, config: expect.anything(), lastConfig: shown });
    expect(data[3]?.['config']).toMatchObject(content);
    expect(data[6]).toEqual({ ...ofInstallation, config: data[3]?.['config'] });
    const schemas = publishedIsMissing === null ? new PublishedSchemas() : null;
    for (const notification of all) if (schemas !== null) expect(faultsOf(schemas, notification)).toEqual([]);
  });

  it('is told once to each destination, over however many topics, each time under an id of its own', async () => {
    await using told = await startTold(['installation.created', 'connection.created']);
    const { driven } = told;
    const { tenon } = driven;
    const second = await tenon.addWebhook('second');
    await routeEvents(tenon, told.told.id, 'again', ['installation.created']);
    await routeEvents(tenon, second.id, 'more', ['installation.created']);
    await tenon.connect('hubspot');
    await tenon.install('hubspot', CONFIG);
    expect((await typesOf(driven)).toSorted()).toEqual([
      'connection.created',
      'installation.created',
      'installation.created',
    ]);
    const lanes = [told.told, second].map(({ id }) => readLane(tenon.running.services.store.reads, id)?.delivered);
    expect(lanes).toEqual([2, 1]);
  });

  it('is signed so that the Standard Webhooks library takes it', async () => {
    await using tenon = await startTenon();
    await using destination = await startDestination();
    const body = { name: 'told', type: 'webhook', metadata: { url: destination.origin } };
    const { id } = await tenon.ok('POST', tenon.inProject('/destinations'), body);
    const path = tenon.inProject('/destinations/told?includeSecrets=true');
    const { secrets } = await tenon.ok<{ secrets: { webhookSigningKey: string } }>('GET', path);
    await routeEvents(tenon, id, 'ops');
    const connection = await tenon.connect('hubspot');
    await destination.received(1);
    const [{ headers, body: received } = { headers: {}, body: '' }] = destination.requests;
    const webhook = new Webhook(secrets.webhookSigningKey);
    expect(webhook.verify(received, headers as Record<string, string>)).toMatchObject({
      notificationType: 'connection.created',
      data: { connectionId: connection.id },
    });
    expect(() => webhook.verify(`${received} `, headers as Record<string, string>)).toThrow();
  });

  it('that did not happen is not told', async () => {
    await using told = await startTold();
    const { driven } = told;
    const { tenon } = driven;
    await tenon.connect('hubspot');
    const installation = await tenon.install('hubspot', CONFIG);
    await settled(driven);
    const before = await typesOf(driven);
    const path = tenon.inProject('/integrations/hubspot/installations');
    const again = await tenon.api('POST', path, { groupRef: 'acme', config: { content: CONFIG } });
    const [connection] = await tenon.ok<Published[]>('GET', tenon.inProject('/connections'));
    const used = await tenon.api('DELETE', tenon.inProject(`/connections/${connection?.id}`));
    const wrong = { updateMask: ['nonsense'], installation: {} };
    const refused = await tenon.api('PATCH', installationPath(driven, installation), wrong);
    const empty = await tenon.api('PATCH', installationPath(driven, installation), { ...wrong, updateMask: [] });
    expect([again.status, used.status, refused.status, empty.status]).toEqual([422, 422, 400, 200]);
    expect(await typesOf(driven)).toEqual(before);
  });

  it('is tried again like every message, under one id, and buried in the end', async () => {
    await using driven = await startDriven();
    const { tenon } = driven;
    await using destination = await startDestination();
    const body = { name: 'told', type: 'webhook', metadata: { url: destination.origin } };
    const made = await tenon.ok('POST', tenon.inProject('/destinations'), body);
    await routeEvents(tenon, made.id, 'ops', ['connection.created']);
    destination.answer = () => ({ status: 500 });
    await tenon.connect('hubspot');
    await pass(driven, 2 * DAY_MS);
    expect(destination.requests.length).toBe(8);
    expect(new Set(destination.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(rowsIn(driven, 'outbox')).toMatchObject([{ isDead: 1, attempts: 8, operationId: null }]);
  });
});

describe('a config that is too large for a notification', () => {
  const large = (letter: string) => {
    const selectedFieldMappings = { note: letter.repeat(400) };
    const selectedFields = Object.fromEntries(
      Array.from({ length: NOTIFICATION_CONFIG_BYTES_MAX / 100 }, (_, index) => [
        `${letter.repeat(100)}${index}`,
        true,
      ]),
    );
    return { ...CONFIG, read: { objects: { contacts: { selectedFields, selectedFieldMappings } } } };
  };

  it('is behind a link, and so is the one before it', async () => {
    await using told = await startTold(['installation.created', 'installation.updated']);
    const { driven } = told;
    const { tenon } = driven;
    await tenon.connect('hubspot');
    const installation = await tenon.install('hubspot', large('a'));
    const mask = {
      updateMask: ['config.content.read.objects.contacts'],
      installation: { config: { content: large('b') } },
    };
    const updated = await tenon.ok('PATCH', `${installationPath(driven, installation)}?skipSampling=true`, mask);
    const small = {
      updateMask: ['config.content.read.objects.contacts'],
      installation: { config: { content: CONFIG } },
    };
    await tenon.ok('PATCH', `${installationPath(driven, installation)}?skipSampling=true`, small);
    const [first, second, third] = (await notifications(driven)).map(({ data }) => data);
    const contentOf = (row: Published) => (row['config'] as JsonObject)['content'];
    const open = async (url: unknown) => (await fetch(url as string)).json();
    expect([first?.['config'], second?.['config'], second?.['lastConfig'], third?.['lastConfig']]).toEqual(
      Array.from({ length: 4 }),
    );
    expect(await open(first?.['configURL'])).toEqual(contentOf(installation));
    expect(await open(second?.['configURL'])).toEqual(contentOf(updated));
    expect(await open(second?.['lastConfigURL'])).toEqual(contentOf(installation));
    expect(await open(third?.['lastConfigURL'])).toEqual(contentOf(updated));
    expect(third?.['config']).toMatchObject({ provider: 'hubspot' });
    expect(third?.['configURL']).toBeUndefined();
    const altered = String(first?.['configURL']).replace(/expires=\d/, 'expires=9');
    expect((await fetch(altered)).status).toBe(403);
    const schemas = publishedIsMissing === null ? new PublishedSchemas() : null;
    for (const notification of await notifications(driven))
      if (schemas !== null) expect(faultsOf(schemas, notification)).toEqual([]);
  });
});

describe('a connection', () => {
  it('that is renewed by itself tells so, and one that ends says why', async () => {
    await using told = await startTold(['connection.refreshed', 'connection.error']);
    const { driven } = told;
    const { tenon } = driven;
    const connection = await tenon.connect('hubspot');
    const { id } = await tenon.install('hubspot', CONFIG);
    await pass(driven, DAY_MS / 2);
    expect((await tenon.proxy(id, '/echo/first')).status).toBe(200);
    expect(await typesOf(driven)).toEqual(['connection.refreshed']);
    tenon.sandbox.revokeGrants('hubspot', 'portal-1');
    await pass(driven, DAY_MS / 2);
    expect((await tenon.proxy(id, '/echo/second')).status).toBe(424);
    const [, error, ...others] = await notifications(driven);
    expect([error?.notificationType, others]).toEqual(['connection.error', []]);
    const { errors, error: deprecated, ...base } = error?.data ?? {};
    expect(base).toEqual({
      projectId: tenon.projectId,
      connectionId: connection.id,
      provider: 'hubspot',
      groupRef: 'acme',
      consumerRef: 'ada',
      consumerName: 'ada',
    });
    expect([errors, deprecated]).toEqual([[expect.stringContaining('invalid_grant')], errors]);
    const schemas = publishedIsMissing === null ? new PublishedSchemas() : null;
    if (schemas !== null && error !== undefined) expect(faultsOf(schemas, error)).toEqual([]);
  });
});

describe('a read', () => {
  const trigger = ({ tenon }: Driven, period = {}) =>
    tenon.ok<{ operationId: string }>('POST', tenon.inProject('/integrations/hubspot/objects/contacts'), {
      ...{ mode: 'async', groupRef: 'acme', ...period },
    });
  const PERIOD = { sinceTimestamp: '2025-01-01T00:00:00Z', untilTimestamp: '2025-02-01T00:00:00Z' };

  it('that was asked for tells its end with its period, whichever way it ends', async () => {
    await using told = await startTold(['read.triggered.done', 'read.triggered.error']);
    const { driven } = told;
    const { tenon } = driven;
    await tenon.connect('hubspot');
    const { id } = await tenon.install('hubspot', CONFIG);
    await settled(driven);
    await trigger(driven);
    await settled(driven);
    await trigger(driven, PERIOD);
    await settled(driven);
    tenon.sandbox.faults.next(CONTACTS, { kind: 'status', status: 403 });
    const search = { provider: 'hubspot', pathPrefix: '/crm/v3/objects/contacts/search' } as const;
    tenon.sandbox.faults.next(search, { kind: 'status', status: 400 });
    await trigger(driven, PERIOD);
    const [whole, period, failed, ...others] = await notifications(driven);
    expect([whole, period, failed].map((one) => [one?.notificationType, one?.data['installationId']])).toEqual([
      ['read.triggered.done', id],
      ['read.triggered.done', id],
      ['read.triggered.error', id],
    ]);
    expect(others).toEqual([]);
    expect(whole?.data).not.toHaveProperty('fromTimestamp');
    const asked = {
      fromTimestamp: expect.stringMatching('^2025-01-01T'),
      untilTimestamp: expect.stringMatching('^2025-02-01T'),
    };
    expect(period?.data).toMatchObject({ objectName: 'contacts', ...asked });
    expect(failed?.data).toMatchObject({ objectName: 'contacts', ...asked, error: expect.any(String) });
    const schemas = publishedIsMissing === null ? new PublishedSchemas() : null;
    for (const one of [whole, period, failed])
      if (schemas !== null && one !== undefined) expect(faultsOf(schemas, one)).toEqual([]);
  });

  it('that pauses by itself tells so, and one that a builder pauses does not', async () => {
    await using told = await startTold(['read.schedule.paused']);
    const { driven } = told;
    const { tenon } = driven;
    await tenon.connect('hubspot');
    tenon.sandbox.faults.next(CONTACTS, { kind: 'status', status: 403 });
    const installation = await tenon.install('hubspot', CONFIG);
    const [paused, ...others] = await notifications(driven);
    expect(others).toEqual([]);
    expect(paused).toMatchObject({
      notificationType: 'read.schedule.paused',
      data: {
        installationId: installation.id,
        config: { provider: 'hubspot' },
        error: expect.stringContaining('[contacts] '),
      },
    });
    expect(paused?.data).not.toHaveProperty('objectName');
    if (publishedIsMissing === null && paused !== undefined)
      expect(faultsOf(new PublishedSchemas(), paused)).toEqual([]);
    await tenon.ok('POST', `${installationPath(driven, installation)}:unpause`);
    await settled(driven);
    await tenon.ok('POST', `${installationPath(driven, installation)}:pause`);
    expect(await typesOf(driven)).toEqual(['read.schedule.paused']);
  });
});

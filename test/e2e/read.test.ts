// Reads from the first page to the delivered message, over real HTTP: what is read, when, and that nothing is lost or
// counted twice whatever the provider does in between.

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, parseTimestamp, SECOND_MS } from '../../src/core/time.ts';
import type { Fault, FaultRule } from '../../src/sandbox/faults.ts';
import { readCheckpointsOf } from '../../src/store/tables/installations.ts';
import { readNextWakeAtMs } from '../../src/store/tables/snapshots.ts';
import {
  type Driven,
  installed,
  integration,
  manifest,
  operations,
  pass,
  readObject,
  settled,
  startDriven,
  until,
} from '../support/drive.ts';
import { PublishedSchemas, publishedIsMissing } from '../support/published.ts';

const LIST = { provider: 'hubspot', pathPrefix: '/crm/v3/objects/contacts' } as const;
const QUERY = { provider: 'salesforce', pathPrefix: '/services/data/v60.0/query' } as const;

/** Connected, installed and deployed, with a destination; nothing has been read yet but what needs no time. */
async function reading(
  options: Parameters<typeof startDriven>[0],
  provider: 'hubspot' | 'salesforce',
  object: JsonObject,
  config: JsonObject = {},
): Promise<{ driven: Driven; installationId: string }> {
  const driven = await startDriven(options);
  await driven.tenon.addWebhook('hook');
  await driven.tenon.deploy(manifest(integration(provider, object)));
  const { id } = await installed(driven, provider, { [String(object['objectName'])]: config });
  return { driven, installationId: id };
}

function delivered({ tenon }: Driven, objectName: string): number {
  return tenon.receiver.state().recordsByObject.get(objectName) ?? 0;
}

/** Every entry of every message of an object, in the order they came. */
function entriesOf({ tenon }: Driven, objectName: string): JsonObject[] {
  return tenon.receiver
    .state()
    .messages.filter((message) => message['objectName'] === objectName)
    .flatMap((message) => message['result'] as JsonObject[]);
}

function idsIn(entries: readonly JsonObject[]): string[] {
  return entries.map(({ raw }) => String((raw as JsonObject)['id'] ?? (raw as JsonObject)['Id'])).sort();
}

describe('a backfill', () => {
  it('of the full history delivers every record once, and says so', async () => {
    const { driven, installationId } = await reading({}, 'hubspot', readObject('contacts'));
    await using _ = driven;
    await settled(driven);
    const state = driven.tenon.receiver.state();
    expect(Object.fromEntries(state.recordsByObject)).toEqual({ contacts: 250 });
    expect([state.recordsRepeated, state.duplicates, state.signatureFailures]).toEqual([0, 0, 0]);
    expect(await operations(driven, 'hubspot', installationId)).toMatchObject([
      {
        status: 'success',
        actionType: 'read',
        result: '[contacts] Read 250 records',
        metadata: { objects: ['contacts'], readType: 'backfill', progress: { recordsProcessed: 250 } },
      },
    ]);
    const path = `/integrations/hubspot/installations/${installationId}/objects/contacts/backfill-progress`;
    expect(await driven.tenon.ok('GET', driven.tenon.inProject(path))).toMatchObject({
      installationId,
      objectName: 'contacts',
      recordsProcessed: 250,
    });
  });

  it('of some days delivers what changed in them', async () => {
    const driven = await startDriven({ sandbox: { hubspotContacts: 10 } });
    await using _ = driven;
    const { tenon, clock } = driven;
    const connection = await tenon.connect('hubspot');
    // Ten base records are 73 days apart; the newest is moved out of the period, three old ones into it.
    const of = { kind: 'modify', provider: 'hubspot', account: 'portal-1', object: 'contacts' } as const;
    tenon.sandbox.change({ ...of, fromIndex: 9, count: 1, atMs: clock.nowMs() - 31 * DAY_MS });
    const recent = tenon.sandbox.change({ ...of, fromIndex: 2, count: 3, atMs: clock.nowMs() - 29 * DAY_MS });
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    await tenon.install('hubspot', {
      provider: 'hubspot',
      read: { objects: { contacts: { backfill: { defaultPeriod: { days: 30 } } } } },
    });
    await settled(driven);
    expect(connection['providerWorkspaceRef']).toBeDefined();
    expect(idsIn(entriesOf(driven, 'contacts'))).toEqual([...recent].sort());
  });

  it('that finds nothing ends all the same', async () => {
    const { driven, installationId } = await reading(
      { sandbox: { hubspotContacts: 0 } },
      'hubspot',
      readObject('contacts'),
    );
    await using _ = driven;
    await settled(driven);
    expect(driven.tenon.receiver.state().requests).toBe(0);
    expect(await operations(driven, 'hubspot', installationId)).toMatchObject([
      { status: 'success', result: '[contacts] No new data found' },
    ]);
  });

  it('goes on where it stopped when the process ends in the middle', async () => {
    const driven = await startDriven();
    await using _ = driven;
    const { tenon } = driven;
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    await tenon.connect('hubspot');
    const first = tenon.sandbox.faults.next(LIST, { kind: 'slowHead' });
    const { id } = await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await first.reached;
    const second = tenon.sandbox.faults.next(LIST, { kind: 'reset' });
    first.release();
    await second.reached;
    await settled(driven);
    await tenon.halt();
    await tenon.resume();
    await until(driven, 'the end of the backfill', () => delivered(driven, 'contacts') === 250);
    const [operation, ...others] = await operations(driven, 'hubspot', id);
    expect(others).toEqual([]);
    expect(operation).toMatchObject({ status: 'success', metadata: { progress: { recordsProcessed: 250 } } });
    expect(tenon.receiver.state().recordsRepeated).toBe(0);
  });
});

describe.each([
  ['hubspot', 'contacts', 'portal-1', 'contacts'],
  ['salesforce', 'account', 'acme', 'Account'],
] as const)('an incremental read of %s', (provider, objectName, account, object) => {
  it('delivers exactly what changed since the last one, at its time', async () => {
    const { driven, installationId } = await reading({}, provider, readObject(objectName));
    await using _ = driven;
    const { tenon, clock } = driven;
    await settled(driven);
    const backfilled = entriesOf(driven, objectName).length;
    expect(backfilled).toBe(250);

    await pass(driven, 3 * MINUTE_MS);
    const of = { provider, account, object } as const;
    const modified = tenon.sandbox.change({ ...of, kind: 'modify', fromIndex: 10, count: 5 });
    const created = tenon.sandbox.change({ ...of, kind: 'create', count: 2 });
    tenon.sandbox.change({ ...of, kind: 'remove', fromIndex: 30, count: 1 });
    await pass(driven, 6 * MINUTE_MS);
    expect(entriesOf(driven, objectName).length).toBe(backfilled);
    await pass(driven, MINUTE_MS);
    expect(idsIn(entriesOf(driven, objectName).slice(backfilled))).toEqual([...modified, ...created].sort());

    // The next run finds nothing new and sends nothing.
    const { requests } = tenon.receiver.state();
    await pass(driven, 10 * MINUTE_MS);
    expect(tenon.receiver.state().requests).toBe(requests);
    const runs = await operations(driven, provider, installationId);
    expect(runs.map(({ status, result }) => [status, result])).toEqual([
      ['success', `[${objectName}] No new data found`],
      ['success', `[${objectName}] Read 7 records`],
      ['success', `[${objectName}] Read 250 records`],
    ]);
    const [checkpoint] = readCheckpointsOf(tenon.running.services.store.reads, installationId);
    expect(checkpoint).toMatchObject({ run: 3, recordsRead: 0, watermarkMs: clock.nowMs() });
  });

  it('reads a little before the watermark again: what the provider shows late is not lost', async () => {
    const { driven } = await reading(
      {},
      provider,
      readObject(objectName, { backfill: { defaultPeriod: { days: 0 } } }),
    );
    await using _ = driven;
    const { tenon, clock } = driven;
    await pass(driven, 10 * MINUTE_MS);
    const at = { kind: 'modify', provider, account, object, count: 1 } as const;
    const late = tenon.sandbox.change({ ...at, fromIndex: 1, atMs: clock.nowMs() - 20 * SECOND_MS });
    tenon.sandbox.change({ ...at, fromIndex: 2, atMs: clock.nowMs() - 40 * SECOND_MS });
    await pass(driven, 10 * MINUTE_MS);
    expect(idsIn(entriesOf(driven, objectName))).toEqual(late);
  });
});

describe('what is delivered', () => {
  it('is what the manifest requires and the customer chose, under the names they gave', async () => {
    const object = readObject('contacts', {
      mapToName: 'person',
      requiredFields: [{ fieldName: 'Email' }, { fieldName: 'lastname', mapToName: 'surname' }],
      optionalFields: [{ fieldName: 'phone' }, { fieldName: 'city' }, { mapToName: 'work.title' }],
    });
    const { driven } = await reading({ sandbox: { hubspotContacts: 1 } }, 'hubspot', object, {
      selectedFields: { phone: true, city: false },
      selectedFieldMappings: { 'work.title': 'jobtitle', stage: 'lifecyclestage' },
    });
    await using _ = driven;
    await settled(driven);
    const [message] = driven.tenon.receiver.state().messages;
    const [entry] = entriesOf(driven, 'person');
    const raw = entry?.['raw'] as { readonly properties: JsonObject } | undefined;
    const properties = raw?.properties ?? {};
    expect(message).toMatchObject({
      action: 'read',
      objectName: 'person',
      rawObjectName: 'contacts',
      provider: 'hubspot',
    });
    expect(entry).toMatchObject({
      fields: { email: properties['email'], phone: properties['phone'] },
      mappedFields: {
        surname: properties['lastname'],
        'work.title': properties['jobtitle'],
        stage: properties['lifecyclestage'],
      },
      raw: { id: '10001' },
    });
    expect(Object.keys(entry?.['fields'] as object).sort()).toEqual(['email', 'phone']);
  });

  it.each([
    ['hubspot', 'contacts', 15],
    ['salesforce', 'account', 10],
  ] as const)('is every field of %s where the customer wants all', async (provider, objectName, atLeast) => {
    const sandbox = { hubspotContacts: 1, salesforceAccounts: 1 };
    const { driven } = await reading({ sandbox }, provider, readObject(objectName), { selectedFieldsAuto: 'all' });
    await using _ = driven;
    await settled(driven);
    const [entry] = entriesOf(driven, objectName);
    expect(Object.keys(entry?.['fields'] as object).length).toBeGreaterThanOrEqual(atLeast);
  });

  it.skipIf(publishedIsMissing !== null)('is as published (skipped where the description is missing)', async () => {
    const { driven } = await reading({}, 'hubspot', readObject('contacts'));
    await using _ = driven;
    await settled(driven);
    const schemas = new PublishedSchemas();
    const { messages } = driven.tenon.receiver.state();
    expect(messages.length).toBeGreaterThan(0);
    for (const message of messages) expect(schemas.value('webhook', 'WebhookMessage', message)).toEqual([]);
  });
});

describe('what is read', () => {
  it('is nothing for an object that the customer switched off', async () => {
    const { driven } = await reading({}, 'hubspot', readObject('contacts'), { disabled: true });
    await using _ = driven;
    const { requestsByProvider } = driven.tenon.sandbox.stats();
    await pass(driven, HOUR_MS);
    expect(driven.tenon.sandbox.stats().requestsByProvider).toEqual(requestsByProvider);
    expect(driven.tenon.receiver.state().requests).toBe(0);
  });

  it('is nothing while paused, and everything after', async () => {
    const { driven, installationId } = await reading({}, 'hubspot', readObject('contacts'));
    await using _ = driven;
    const { tenon } = driven;
    await settled(driven);
    const verb = (name: string) =>
      tenon.ok('POST', tenon.inProject(`/integrations/hubspot/installations/${installationId}:${name}`));
    await verb('pause');
    await verb('pause');
    const changed = tenon.sandbox.change({
      kind: 'modify',
      provider: 'hubspot',
      account: 'portal-1',
      object: 'contacts',
      count: 3,
    });
    const { requestsByProvider } = tenon.sandbox.stats();
    await pass(driven, HOUR_MS);
    expect(tenon.sandbox.stats().requestsByProvider).toEqual(requestsByProvider);
    await verb('unpause');
    await pass(driven, 10 * MINUTE_MS);
    expect(idsIn(entriesOf(driven, 'contacts').slice(250))).toEqual(changed);
  });

  it('is nothing of an installation that was deleted, and its connection is gone', async () => {
    const { driven, installationId } = await reading({}, 'hubspot', readObject('contacts'));
    await using _ = driven;
    const { tenon } = driven;
    await settled(driven);
    await tenon.ok('DELETE', tenon.inProject(`/integrations/hubspot/installations/${installationId}`));
    await settled(driven);
    const { requestsByProvider } = tenon.sandbox.stats();
    await pass(driven, DAY_MS);
    expect(tenon.sandbox.stats().requestsByProvider).toEqual(requestsByProvider);
    expect(readNextWakeAtMs(tenon.running.services.store.reads, 0)).toBeNull();
    expect(await tenon.ok('GET', tenon.inProject('/connections'))).toEqual([]);
    expect(readCheckpointsOf(tenon.running.services.store.reads, installationId)).toEqual([]);
  });

  it('is deleted in the middle of a page without a trace', async () => {
    const driven = await startDriven();
    await using _ = driven;
    const { tenon } = driven;
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    await tenon.connect('hubspot');
    const page = tenon.sandbox.faults.next(LIST, { kind: 'slowHead' });
    const { id } = await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await page.reached;
    await tenon.ok('DELETE', tenon.inProject(`/integrations/hubspot/installations/${id}`));
    page.release();
    await settled(driven);
    expect(tenon.receiver.state().requests).toBe(0);
    const { reads } = tenon.running.services.store;
    expect(readCheckpointsOf(reads, id)).toEqual([]);
    expect(reads.all("SELECT actorId FROM snapshots WHERE state <> '' AND actorId LIKE 'read:%'")).toEqual([]);
  });

  it('grows with the manifest: a later deploy adds an object to who installed before', async () => {
    const { driven } = await reading({ sandbox: { hubspotCompanies: 30 } }, 'hubspot', readObject('contacts'));
    await using _ = driven;
    await settled(driven);
    const companies = readObject('companies', { enabled: 'always' });
    await driven.tenon.deploy(manifest(integration('hubspot', readObject('contacts'), companies)));
    await settled(driven);
    expect(Object.fromEntries(driven.tenon.receiver.state().recordsByObject)).toEqual({ contacts: 250, companies: 30 });
    expect(driven.tenon.receiver.state().recordsRepeated).toBe(0);
  });
});

describe('a schedule that a later deploy changes', () => {
  it('holds also when the last page of a run is under way meanwhile', async () => {
    const driven = await startDriven();
    await using _ = driven;
    const { tenon } = driven;
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts', { schedule: '' }))));
    await tenon.connect('hubspot');
    // 250 contacts are three pages.
    for (let page = 1; page <= 2; page++) tenon.sandbox.faults.next(LIST, { kind: 'slowHead' }).release();
    const last = tenon.sandbox.faults.next(LIST, { kind: 'slowHead' });
    const { id } = await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await last.reached;
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts', { schedule: '*/10 * * * *' }))));
    last.release();
    await settled(driven);
    await pass(driven, 11 * MINUTE_MS);
    const runs = await operations(driven, 'hubspot', id);
    expect(runs.map(({ metadata }) => (metadata as { readType?: string }).readType).toSorted()).toEqual([
      'backfill',
      'scheduled',
    ]);
  });
});

describe('an object that a later deploy leaves out', () => {
  it('is read on where it is installed, and by nobody who installs later', async () => {
    await using driven = await startDriven();
    const { tenon } = driven;
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts', { enabled: 'always' }))));
    await installed(driven, 'hubspot', {});
    await settled(driven);
    const before = delivered(driven, 'contacts');
    expect(before).toBe(250);
    await tenon.deploy(manifest(integration('hubspot', readObject('companies'))));
    tenon.sandbox.change({ kind: 'create', provider: 'hubspot', account: 'portal-1', object: 'contacts', count: 3 });
    await pass(driven, 11 * MINUTE_MS);
    expect(delivered(driven, 'contacts')).toBe(before + 3);
    await installed(driven, 'hubspot', {}, 'late');
    await settled(driven);
    expect(delivered(driven, 'contacts')).toBe(before + 3);

    await tenon.deploy(manifest(integration('hubspot', readObject('companies'))), '?destructive=true');
    const { requestsByProvider } = tenon.sandbox.stats();
    await pass(driven, 30 * MINUTE_MS);
    expect(tenon.sandbox.stats().requestsByProvider).toEqual(requestsByProvider);
  });
});

describe('an object that a destructive deploy takes out', () => {
  it('ends its backfill where it is, visibly, and leaves the others alone', async () => {
    const { driven, installationId } = await atSecondPage('hubspot', async ({ tenon }, held) => {
      const next = manifest(integration('hubspot', readObject('companies', { enabled: 'always' })));
      await tenon.deploy(next, '?destructive=true');
      held.release();
    });
    await using _ = driven;
    const { tenon } = driven;
    await settled(driven);
    expect(delivered(driven, 'companies')).toBe(500);
    const { requestsByProvider } = tenon.sandbox.stats();
    await pass(driven, 9 * MINUTE_MS);
    expect(tenon.sandbox.stats().requestsByProvider).toEqual(requestsByProvider);
    const runs = await operations(driven, 'hubspot', installationId);
    const contacts = runs.find(({ metadata }) => metadata.objects[0] === 'contacts');
    expect(contacts).toMatchObject({
      status: 'failure',
      result: expect.stringContaining('no longer read'),
      metadata: { progress: { recordsProcessed: delivered(driven, 'contacts') } },
    });
  });
});

/** Starts a backfill and stops its second page at the provider, where `meet` decides what becomes of it. */
async function atSecondPage(
  provider: 'hubspot' | 'salesforce',
  meet: (driven: Driven, held: FaultRule) => void | Promise<void>,
): Promise<{ driven: Driven; installationId: string }> {
  const driven = await startDriven({ sandbox: { salesforceAccounts: 4500 } });
  const { tenon, clock } = driven;
  const [object, match] = provider === 'hubspot' ? (['contacts', LIST] as const) : (['account', QUERY] as const);
  await tenon.addWebhook('hook');
  await tenon.deploy(manifest(integration(provider, readObject(object))));
  await tenon.connect(provider, provider === 'salesforce' ? { workspace: 'acme' } : {});
  // A token that is refused in its first second is taken for one without permission.
  await clock.advance(2 * SECOND_MS);
  const first = tenon.sandbox.faults.next(match, { kind: 'slowHead' });
  const { id } = await tenon.install(provider, { provider, read: { objects: { [object]: {} } } });
  await first.reached;
  const second = tenon.sandbox.faults.next(match, { kind: 'slowHead' });
  first.release();
  await second.reached;
  await meet(driven, second);
  return { driven, installationId: id };
}

describe('a provider that fails in the middle of a backfill', () => {
  it.each<[string, Fault, number]>([
    ['429 with Retry-After', { kind: 'status', status: 429, retryAfterSeconds: 90 }, 1],
    ['429 without', { kind: 'status', status: 429 }, 3],
    ['500', { kind: 'status', status: 500 }, 4],
    ['an HTML page with 503', { kind: 'status', status: 503, isHtml: true }, 2],
    ['a reset', { kind: 'reset' }, 2],
    ['a body that ends early', { kind: 'truncated' }, 2],
    ['a login page with 200', { kind: 'html200' }, 2],
    ['half a document', { kind: 'malformedJson' }, 2],
  ])('with %s: it is asked again, nothing is lost or counted twice', async (_what, fault, times) => {
    const driven = await startDriven();
    await using _ = driven;
    const { tenon, clock } = driven;
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    await tenon.connect('hubspot');
    const first = tenon.sandbox.faults.next(LIST, { kind: 'slowHead' });
    const { id } = await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await first.reached;
    const rule = tenon.sandbox.faults.next(LIST, fault, times);
    first.release();
    await rule.reached;
    await settled(driven);
    expect(delivered(driven, 'contacts')).toBe(100);
    if (fault.kind === 'status' && fault.retryAfterSeconds !== undefined) {
      const wakeAtMs = readNextWakeAtMs(tenon.running.services.store.reads, clock.nowMs()) ?? 0;
      expect(wakeAtMs - clock.nowMs()).toBeGreaterThanOrEqual(fault.retryAfterSeconds * SECOND_MS - 1);
    }
    await until(driven, 'the end of the backfill', () => delivered(driven, 'contacts') === 250);
    await settled(driven);
    expect(rule.hits).toBe(times);
    expect(tenon.receiver.state().recordsRepeated).toBe(0);
    expect(await operations(driven, 'hubspot', id)).toMatchObject([
      { status: 'success', metadata: { progress: { recordsProcessed: 250 } } },
    ]);
  });

  it('with a cursor that expired: it starts over, and counts no record twice', async () => {
    const { driven, installationId } = await atSecondPage('salesforce', async ({ tenon }, held) => {
      // An org keeps ten cursors; ten more push ours out.
      const [{ id = '' } = {}] = await tenon.ok<{ id: string }[]>('GET', tenon.inProject('/installations'));
      for (let count = 0; count < 10; count++) {
        const response = await tenon.proxy(id, '/services/data/v60.0/query?q=SELECT+Id+FROM+Account');
        await response.arrayBuffer();
      }
      held.release();
    });
    await using _ = driven;
    await until(driven, 'the end of the backfill', () => delivered(driven, 'account') === 4500);
    await settled(driven);
    expect(driven.tenon.receiver.state().recordsRepeated).toBe(2000);
    expect(await operations(driven, 'salesforce', installationId)).toMatchObject([
      { status: 'success', metadata: { progress: { recordsProcessed: 4500 } } },
    ]);
  });

  it('with an access token that ended: it is refreshed once and the page is read', async () => {
    const { driven, installationId } = await atSecondPage('salesforce', ({ tenon }, held) => {
      tenon.sandbox.expireAccessTokens();
      held.release();
    });
    await using _ = driven;
    await settled(driven);
    expect(delivered(driven, 'account')).toBe(4500);
    expect(driven.tenon.sandbox.stats()).toMatchObject({ refreshes: 1, refreshTokensReused: 0 });
    expect(await operations(driven, 'salesforce', installationId)).toMatchObject([{ status: 'success' }]);
  });

  it('with a grant that is gone: it waits for the customer and goes on where it stopped', async () => {
    const { driven, installationId } = await atSecondPage('salesforce', ({ tenon }, held) => {
      tenon.sandbox.revokeGrants('salesforce', 'acme');
      held.release();
    });
    await using _ = driven;
    const { tenon } = driven;
    const installation = () =>
      tenon.ok('GET', tenon.inProject(`/integrations/salesforce/installations/${installationId}`));
    await until(driven, 'bad health', async () => (await installation())['healthStatus'] === 'unhealthy');
    expect(await installation()).toMatchObject({ connection: { status: 'bad_credentials' } });
    const { requestsByProvider } = tenon.sandbox.stats();
    await pass(driven, DAY_MS);
    expect(tenon.sandbox.stats().requestsByProvider).toEqual(requestsByProvider);
    expect(delivered(driven, 'account')).toBe(2000);

    await tenon.connect('salesforce', { workspace: 'acme' });
    await settled(driven);
    expect(await installation()).toMatchObject({ healthStatus: 'healthy', connection: { status: 'working' } });
    expect(delivered(driven, 'account')).toBe(4500);
    expect(tenon.receiver.state().recordsRepeated).toBe(0);
    const [latest, ...others] = await operations(driven, 'salesforce', installationId);
    expect(others).toEqual([]);
    expect(latest).toMatchObject({ status: 'success', metadata: { progress: { recordsProcessed: 4500 } } });
  });
});

describe('a read that cannot go on by itself', () => {
  it.each<[string, 'hubspot' | 'salesforce', JsonObject, RegExp]>([
    [
      'a field that is not there',
      'salesforce',
      readObject('account', { requiredFields: [{ fieldName: 'Old__c' }] }),
      /Old__c/,
    ],
    ['an object that is not there', 'salesforce', readObject('account', { objectName: 'Gone__c' }), /INVALID_TYPE/],
    ['a destination that is not there', 'hubspot', readObject('contacts', { destination: 'nowhere' }), /nowhere/],
  ])('for %s stops and says why, and can be told to try again', async (_what, provider, object, why) => {
    const { driven, installationId } = await reading({}, provider, object);
    await using _ = driven;
    const { tenon, clock } = driven;
    await settled(driven);
    const { requestsByProvider } = tenon.sandbox.stats();
    await pass(driven, HOUR_MS);
    expect(tenon.sandbox.stats().requestsByProvider).toEqual(requestsByProvider);
    const [failed, ...others] = await operations(driven, provider, installationId);
    expect(others).toEqual([]);
    expect(failed).toMatchObject({ status: 'failure', result: expect.stringMatching(why) });
    expect(parseTimestamp(String(failed?.['createTime']))).toBeLessThan(clock.nowMs());
  });

  it('delivers everything once its destination is there and it is told to go on', async () => {
    const { driven, installationId } = await reading({}, 'hubspot', readObject('contacts', { destination: 'later' }));
    await using _ = driven;
    const { tenon } = driven;
    await settled(driven);
    await tenon.addWebhook('later');
    await tenon.ok('POST', tenon.inProject(`/integrations/hubspot/installations/${installationId}:unpause`));
    await settled(driven);
    expect(delivered(driven, 'contacts')).toBe(250);
    const all = await operations(driven, 'hubspot', installationId);
    expect(all).toContainEqual(
      expect.objectContaining({
        status: 'success',
        metadata: expect.objectContaining({ progress: expect.objectContaining({ recordsProcessed: 250 }) }),
      }),
    );
  });
});

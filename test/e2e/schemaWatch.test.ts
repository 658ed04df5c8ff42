// Changes of the fields of a customer's objects, from the provider to the destination, over real HTTP: what is told,
// when, and that no change is lost or told twice whatever happens in between.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countsOf } from '../../src/core/counts.ts';
import { actorIdOf } from '../../src/core/ids.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/core/time.ts';
import { eraseInstallation } from '../../src/flows/operator/erase.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { openMoment } from '../../src/store/moving.ts';
import { readObjectsLookedAt } from '../../src/store/tables/fieldSnapshots.ts';
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

const SCOPES = ['crm.objects.contacts.read', 'crm.schemas.contacts.write', 'crm.schemas.companies.write'];
const ALL = {
  fieldCreated: { enabled: 'always' },
  fieldDeleted: { enabled: 'always' },
  fieldChanged: { enabled: 'always' },
};
const ON_REQUEST = { schedule: '', backfill: { defaultPeriod: { days: 0 } } };
const PROPERTIES = '/crm/v3/properties/contacts';

function watching(objects: readonly JsonObject[], watch: JsonObject = {}): JsonObject {
  const watchSchema = { destination: 'fields', schedule: '0 * * * *', allObjects: ALL, ...watch };
  return { ...integration('hubspot', ...objects), watchSchema };
}

interface Watched {
  readonly driven: Driven;
  readonly id: string;
}

/** Installed and looked at for the first time. Objects are read on request only. */
async function watched(names: readonly string[] = ['contacts'], watch: JsonObject = {}): Promise<Watched> {
  const driven = await startDriven({ sandbox: { hubspotContacts: 1 } });
  const { tenon, clock } = driven;
  await tenon.addWebhook('hook');
  await tenon.addWebhook('fields');
  await tenon.addProviderApp('hubspot', undefined, undefined, SCOPES);
  await tenon.deploy(
    manifest(
      watching(
        names.map((name) => readObject(name, ON_REQUEST)),
        watch,
      ),
    ),
  );
  const { id } = await installed(driven, 'hubspot', Object.fromEntries(names.map((name) => [name, {}])));
  await settled(driven);
  // A token that is refused in its first second is taken for one without permission.
  await clock.advance(2 * SECOND_MS);
  await properties({ driven, id }, 'POST', `${PROPERTIES}/groups`, { name: 'ours', label: 'Ours' });
  return { driven, id };
}

/** Changes the account as its owner would, past what is watched here. */
async function properties({ driven, id }: Watched, method: string, path: string, body?: JsonObject): Promise<void> {
  const response = await driven.tenon.proxy(id, path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.status, await response.text()).toBeLessThan(300);
  // A proxied call is counted after its answer.
  await settled(driven);
}

const property = (name: string, differences: JsonObject = {}) => ({
  ...{ name, label: `The ${name}`, groupName: 'ours', type: 'string', fieldType: 'text' },
  ...differences,
});

const create = (of: Watched, name: string, differences: JsonObject = {}) =>
  properties(of, 'POST', PROPERTIES, property(name, differences));
const change = (of: Watched, name: string, differences: JsonObject) =>
  properties(of, 'PATCH', `${PROPERTIES}/${name}`, differences);
const archive = (of: Watched, name: string) => properties(of, 'DELETE', `${PROPERTIES}/${name}`);

function told({ driven }: Watched): JsonObject[] {
  return [...driven.tenon.receiver.state().messages];
}

function resultsOf(of: Watched): unknown[] {
  return told(of).map(({ result }) => result);
}

function described(name: string, differences: JsonObject = {}): JsonObject {
  const displayName = `The ${name}`;
  const type = { valueType: 'string', providerType: 'string', readOnly: false, isCustom: true };
  return { fieldName: name, displayName, ...type, ...differences };
}

/** Without those that renew tokens. */
function callsOf({ driven }: Watched): number {
  const { counts } = driven.tenon.running.services;
  return countsOf(counts, 'hubspot').attempts.reduce((sum, count) => sum + count, 0);
}

function contextOf({ driven, id }: Watched): JsonObject {
  const row = readSnapshot(driven.tenon.running.services.store.reads, actorIdOf('schemaWatch', id));
  const { context } = JSON.parse(row?.state || '{}') as { context?: JsonObject };
  return context ?? {};
}

describe('fields that are watched', () => {
  it('are looked at and not told the first time, nor when nothing has changed', async () => {
    const of = await watched();
    await using _ = of.driven;
    const { reads } = of.driven.tenon.running.services.store;
    expect(readObjectsLookedAt(reads, of.id)).toEqual(['contacts']);
    const before = callsOf(of);
    await pass(of.driven, DAY_MS);
    expect(callsOf(of) - before).toBe(24);
    expect(told(of)).toEqual([]);
  });

  it('are told when they are made, changed and deleted, in the published form', async () => {
    const of = await watched();
    await using _ = of.driven;
    await create(of, 'tier', { type: 'enumeration', fieldType: 'select', options: [{ label: 'Gold', value: 'gold' }] });
    await create(of, 'note');
    await pass(of.driven, HOUR_MS);
    const values = [{ value: 'gold', displayValue: 'Gold' }];
    const tier = described('tier', { valueType: 'singleSelect', providerType: 'enumeration', values });
    const [message, ...others] = told(of);
    expect(others).toEqual([]);
    expect(message).toEqual({
      action: 'schema.watch',
      projectId: of.driven.tenon.projectId,
      provider: 'hubspot',
      groupRef: 'acme',
      groupName: 'acme',
      consumerRef: 'ada',
      consumerName: 'ada',
      installationId: of.id,
      installationUpdateTime: expect.stringMatching(/^2026-01-05T09:/),
      objectName: 'contacts',
      result: { createdFields: [tier, described('note')] },
    });

    await change(of, 'note', { label: 'Remark' });
    await change(of, 'tier', { description: 'What they pay' });
    await pass(of.driven, HOUR_MS);
    await archive(of, 'tier');
    await change(of, 'note', { options: [] });
    await pass(of.driven, HOUR_MS);
    const remark = described('note', { displayName: 'Remark' });
    expect(resultsOf(of).slice(1)).toEqual([
      {
        changedFields: [
          { oldSchema: tier, newSchema: { ...tier, description: 'What they pay' } },
          { oldSchema: described('note'), newSchema: remark },
        ],
      },
      { deletedFields: [{ ...tier, description: 'What they pay' }] },
    ]);
    await pass(of.driven, DAY_MS);
    expect(of.driven.tenon.receiver.state()).toMatchObject({ requests: 3, duplicates: 0, signatureFailures: 0 });
  });

  it('are told of the kinds that the manifest names, by the name that it gives the object', async () => {
    const { driven, id } = await watched(['contacts'], { allObjects: { fieldDeleted: { enabled: 'always' } } });
    await using _ = driven;
    const of = { driven, id };
    const renamed = readObject('contacts', { ...ON_REQUEST, mapToName: 'people' });
    await driven.tenon.deploy(manifest(watching([renamed], { allObjects: { fieldDeleted: { enabled: 'always' } } })));
    await create(of, 'note');
    await pass(driven, HOUR_MS);
    await change(of, 'note', { label: 'Remark' });
    await pass(driven, HOUR_MS);
    await archive(of, 'note');
    await pass(driven, HOUR_MS);
    const note = described('note', { displayName: 'Remark' });
    expect(told(of)).toMatchObject([{ objectName: 'people', result: { deletedFields: [note] } }]);
  });

  it('are looked at once a day without a schedule', async () => {
    const of = await watched(['contacts', 'companies'], { schedule: '' });
    await using _ = of.driven;
    const before = callsOf(of);
    await create(of, 'note');
    await pass(of.driven, 14 * HOUR_MS);
    expect(told(of)).toEqual([]);
    await pass(of.driven, 2 * HOUR_MS);
    expect(callsOf(of) - before).toBe(3);
    expect(told(of)).toMatchObject([{ objectName: 'contacts' }]);
  });
});

const LIST = { provider: 'hubspot', pathPrefix: PROPERTIES, method: 'GET' } as const;

describe('a provider that fails in the middle of a look', () => {
  it.each<[string, Fault]>([
    ['500', { kind: 'status', status: 500 }],
    ['429 with Retry-After', { kind: 'status', status: 429, retryAfterSeconds: 90 }],
    ['a reset', { kind: 'reset' }],
    ['half a document', { kind: 'malformedJson' }],
  ])('with %s: it is asked again, and what changed is told once', async (_what, fault) => {
    const of = await watched(['companies', 'contacts', 'deals']);
    await using _ = of.driven;
    await create(of, 'note');
    const rule = of.driven.tenon.sandbox.faults.next(LIST, fault, 3);
    // Its id decides when in the hour it is looked at, which may be so late that the hour ends before the third try.
    await until(of.driven, 'three failures', () => rule.hits === 3, 2 * HOUR_MS);
    await pass(of.driven, HOUR_MS);
    expect(rule.hits).toBe(3);
    expect(told(of)).toMatchObject([{ objectName: 'contacts', result: { createdFields: [described('note')] } }]);
    await pass(of.driven, 2 * HOUR_MS);
    expect(told(of)).toHaveLength(1);
  });

  it('for one object: the others are looked at, and this one is told when it is seen again', async () => {
    const of = await watched(['companies', 'contacts', 'deals']);
    await using _ = of.driven;
    await create(of, 'note');
    const rule = of.driven.tenon.sandbox.faults.next(LIST, { kind: 'status', status: 403 }, 2);
    const before = callsOf(of);
    await pass(of.driven, 2 * HOUR_MS);
    expect([rule.hits, callsOf(of) - before, told(of)]).toEqual([2, 6, []]);
    // The first look at three objects, and four that went well since.
    expect(countsOf(of.driven.tenon.running.services.counts, 'hubspot').looks).toEqual([7, 0, 2]);
    expect(contextOf(of)['unseen']).toMatch(/^contacts: .*403/);
    await pass(of.driven, HOUR_MS);
    expect(told(of)).toMatchObject([{ objectName: 'contacts', result: { createdFields: [described('note')] } }]);
    expect(contextOf(of)['unseen']).toBeNull();
  });
});

describe('a grant that is gone', () => {
  it('costs no look and no change: all is told when the customer has connected again', async () => {
    const of = await watched();
    await using _ = of.driven;
    const { tenon } = of.driven;
    await create(of, 'note');
    tenon.sandbox.revokeGrants('hubspot', 'portal-1');
    await pass(of.driven, 2 * HOUR_MS);
    const before = callsOf(of);
    await pass(of.driven, DAY_MS);
    expect([callsOf(of) - before, told(of)]).toEqual([0, []]);
    const page = await tenon.browse(`${await tenon.authorizeUrl('hubspot')}&account=portal-1`);
    expect(page.status).toBe(200);
    await settled(of.driven);
    expect(told(of)).toMatchObject([{ result: { createdFields: [described('note')] } }]);
    await pass(of.driven, DAY_MS);
    expect(told(of)).toHaveLength(1);
  });
});

describe('what is watched', () => {
  it('begins with a deploy within the hour, and ends with one that leaves it out', async () => {
    const of = await watched();
    await using _ = of.driven;
    const { tenon } = of.driven;
    const { reads } = tenon.running.services.store;
    await pass(of.driven, 2 * HOUR_MS);
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts', ON_REQUEST))));
    await pass(of.driven, MINUTE_MS);
    expect([contextOf(of), readObjectsLookedAt(reads, of.id)]).toEqual([{}, []]);
    await create(of, 'note');
    const before = callsOf(of);
    await pass(of.driven, DAY_MS);
    expect(callsOf(of)).toBe(before);

    await tenon.deploy(manifest(watching([readObject('contacts', ON_REQUEST)], { schedule: '' })));
    await pass(of.driven, HOUR_MS + MINUTE_MS);
    expect(readObjectsLookedAt(reads, of.id)).toEqual(['contacts']);
    await create(of, 'second');
    await pass(of.driven, DAY_MS);
    expect(resultsOf(of)).toEqual([{ createdFields: [described('second')] }]);
  });

  it('follows the objects of the config', async () => {
    const of = await watched(['contacts', 'companies']);
    await using _ = of.driven;
    const { tenon } = of.driven;
    const { reads } = tenon.running.services.store;
    const choose = (objects: JsonObject) =>
      tenon.ok('PATCH', tenon.inProject(`/integrations/hubspot/installations/${of.id}`), {
        updateMask: ['config.content.read.objects'],
        installation: { config: { content: { provider: 'hubspot', read: { objects } } } },
      });
    await choose({ companies: {} });
    await create(of, 'note');
    await pass(of.driven, HOUR_MS);
    expect([readObjectsLookedAt(reads, of.id), told(of)]).toEqual([['companies'], []]);
    await choose({ companies: {}, contacts: { disabled: true } });
    await pass(of.driven, HOUR_MS);
    expect(readObjectsLookedAt(reads, of.id)).toEqual(['companies']);
    await choose({ companies: {}, contacts: {} });
    await pass(of.driven, HOUR_MS);
    expect([readObjectsLookedAt(reads, of.id), told(of)]).toEqual([['companies', 'contacts'], []]);
    await choose({ companies: {}, contacts: { disabled: true } });
    await archive(of, 'note');
    await pass(of.driven, HOUR_MS);
    expect(told(of)).toEqual([]);
    await choose({ companies: {}, contacts: {} });
    await pass(of.driven, HOUR_MS);
    expect(resultsOf(of)).toEqual([{ deletedFields: [described('note')] }]);
  });

  it('waits for its destination, and then tells what changed meanwhile', async () => {
    const of = await watched();
    await using _ = of.driven;
    const { tenon } = of.driven;
    await tenon.ok('DELETE', tenon.inProject('/destinations/fields'));
    await create(of, 'note');
    const before = callsOf(of);
    await pass(of.driven, 2 * HOUR_MS);
    expect([callsOf(of) - before, contextOf(of)['unseen']]).toEqual([
      0,
      'the project has no destination named "fields"',
    ]);
    await tenon.addWebhook('fields');
    await pass(of.driven, HOUR_MS);
    expect(resultsOf(of)).toEqual([{ createdFields: [described('note')] }]);
  });

  it('is nothing any more of an installation that is deleted', async () => {
    const of = await watched();
    await using _ = of.driven;
    const { tenon } = of.driven;
    const { reads } = tenon.running.services.store;
    await tenon.ok('DELETE', tenon.inProject(`/integrations/hubspot/installations/${of.id}`));
    await settled(of.driven);
    expect([contextOf(of), readObjectsLookedAt(reads, of.id)]).toEqual([{}, []]);
    const before = callsOf(of);
    await pass(of.driven, DAY_MS);
    expect(callsOf(of)).toBe(before);
  });

  it('is erased with the installation, and so is what was to be told', async () => {
    const of = await watched();
    await using _ = of.driven;
    const { services } = of.driven.tenon.running;
    const { reads } = services.store;
    of.driven.tenon.receiver.failNext(500, 100);
    await create(of, 'note');
    await pass(of.driven, HOUR_MS);
    const rowsLeft = () => [
      reads.get('SELECT count(*) AS n FROM outbox'),
      reads.get('SELECT count(*) AS n FROM fieldSnapshots'),
      reads.get("SELECT count(*) AS n FROM snapshots WHERE actorId LIKE 'schemaWatch:%'"),
    ];
    expect(rowsLeft()).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }]);
    await eraseInstallation(services, of.id, { isConnectionKept: false });
    expect(rowsLeft()).toEqual([{ n: 0 }, { n: 0 }, { n: 0 }]);
  });

  it('moves with its project', async () => {
    const of = await watched();
    await using _ = of.driven;
    const { tenon } = of.driven;
    const moment = openMoment(join(tenon.folder, 'data', 'tenon.db'));
    const snapshots = [...moment.rows('fieldSnapshots', tenon.projectId)];
    const actors = [...moment.rows('snapshots', tenon.projectId)].map(({ actorId }) => actorId);
    moment.close();
    expect(snapshots).toMatchObject([{ installationId: of.id, objectName: 'contacts' }]);
    expect(actors).toContain(`schemaWatch:${of.id}`);
  });
});

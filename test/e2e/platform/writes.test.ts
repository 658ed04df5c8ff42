// Records that are written over the API, from the request to the customer's account: what is refused, what is sent, and
// what becomes of it when the provider says no or nothing.

import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import { LOCKED_BACKOFF_MS_MAX } from '../../../src/core/limits.ts';
import { MINUTE_MS } from '../../../src/core/time.ts';
import { flush } from '../../support/clock.ts';
import { installed, manifest, operations, pass, startDriven } from '../../support/drive.ts';
import type { ApiAnswer, Tenon } from '../../support/tenon.ts';
import { ask, created, type Provider, records, writing } from '../../support/writes.ts';

const CONTACTS = { provider: 'hubspot', pathPrefix: '/crm/v3/objects/contacts' } as const;

function failing(tenon: Tenon, status: number, times = 1): void {
  tenon.sandbox.faults.next(CONTACTS, { kind: 'status', status }, times);
}

describe('a write is refused', () => {
  const WRONG: readonly (readonly [string, JsonObject, string])[] = [
    ['without a type', { record: {} }, 'type'],
    ['of an unknown type', { type: 'upsert', record: {} }, 'type'],
    ['of nothing', { type: 'create' }, 'record or batch is required'],
    ['of two kinds', { type: 'create', record: {}, batch: [{ record: {} }] }, 'record or batch'],
    ['of an empty batch', { type: 'create', batch: [] }, 'batch'],
    ['of too many', { type: 'create', batch: new Array(101).fill({ record: {} }) }, 'batch'],
    ['of a record that is none', { type: 'create', record: 'x' }, 'record'],
    ['that changes nobody', { type: 'update', record: { email: 'a@b' } }, 'record.id is required'],
    ['that leads elsewhere', { type: 'update', record: { id: '..', email: 'a@b' } }, 'record.id is required'],
    ['that changes nobody in a batch', { type: 'update', batch: [{ record: {} }] }, 'batch[0].record.id'],
    ['that deletes many', { type: 'delete', batch: [{ record: { id: '1' } }] }, 'name one record'],
    ['that deletes later', { type: 'delete', mode: 'asynchronous', record: { id: '1' } }, 'synchronous'],
    ['in a mode of triggers', { type: 'create', mode: 'async', record: {} }, 'mode'],
    ['with a header that is none', { type: 'create', record: {}, headers: [{ key: 'a b', value: '' }] }, 'headers'],
    [
      'with a header of two lines',
      { type: 'create', record: {}, headers: [{ key: 'sforce-x', value: 'a\r\nhost: b' }] },
      'headers',
    ],
    ['for no time', { type: 'create', record: {}, mode: 'asynchronous', retryPolicy: { deadlineHours: 0 } }, 'Hours'],
    ['for too long', { type: 'create', record: {}, mode: 'asynchronous', retryPolicy: { deadlineHours: 49 } }, 'Hours'],
    ['that is collected at once', { type: 'create', record: {}, autoBatchPolicy: { maxDelayMinutes: 1 } }, 'mode'],
    [
      'that is collected as a batch',
      { type: 'create', batch: [{ record: {} }], mode: 'asynchronous', autoBatchPolicy: { maxDelayMinutes: 1 } },
      'single records',
    ],
    ...['If-Match', 'if-unmodified-since'].map((key): [string, JsonObject, string] => [
      `that changes later on the condition ${key}`,
      { type: 'update', record: { id: '1' }, mode: 'asynchronous', headers: [{ key, value: 'x' }] },
      `headers with ${key} need the mode synchronous`,
    ]),
    ['with headers for HubSpot', { type: 'create', record: {}, headers: [{ key: 'sforce-x', value: '' }] }, 'sforce-x'],
    ['that deletes without leave', { type: 'delete', record: { id: '10001' } }, 'not enabled'],
  ];

  it('where it is wrong, in plain text, and nothing was sent or stored', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const before = driven.tenon.sandbox.stats().requestsByProvider['hubspot'];
    for (const [what, body, says] of WRONG) {
      const answer = await ask(driven.tenon, 'hubspot', body);
      expect([what, answer.status, answer.text]).toEqual([what, 400, expect.stringContaining(says)]);
      expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    }
    expect(driven.tenon.sandbox.stats().requestsByProvider['hubspot']).toBe(before);
    expect(await operations(driven, 'hubspot', installationId)).toEqual([]);
  });

  it('that is no JSON, in plain text where it names what only a write has, and else as a trigger is', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const path = driven.tenon.inProject('/integrations/hubspot/objects/contacts');
    const refused = async (text: string) => {
      const { status, headers } = await driven.tenon.api('POST', path, text);
      return [status, headers.get('content-type')];
    };
    const cut = JSON.stringify({ groupRef: 'acme', type: 'create', record: { email: 'a@b' } }).slice(0, -1);
    expect(await refused(cut)).toEqual([400, 'text/plain; charset=utf-8']);
    expect(await refused(`{"groupRef":"acme","mode":"async",}`)).toEqual([400, 'application/json']);
    expect(await refused('')).toEqual([400, 'application/json']);
    const answer = await driven.tenon.api('POST', path, cut);
    expect(answer.text).toBe('the request body is not valid JSON');
    expect(await operations(driven, 'hubspot', installationId)).toEqual([]);
  });

  it('of an object that is not written, a group that has nothing installed, and by a key of browsers', async () => {
    const { driven } = await writing('hubspot');
    await using _ = driven;
    const { tenon } = driven;
    const record = { type: 'create', record: { email: 'a@b' } };
    expect((await ask(tenon, 'hubspot', record, 'tickets')).status).toBe(404);
    expect((await ask(tenon, 'hubspot', { ...record, groupRef: 'beta' })).status).toBe(404);
    const { key } = await tenon.ok<{ key: string }>('POST', tenon.inProject('/api-keys'), {
      label: 'ui',
      scopes: ['frontend'],
    });
    const path = tenon.inProject('/integrations/hubspot/objects/contacts');
    const answer = await tenon.api('POST', path, { groupRef: 'acme', ...record }, { 'x-api-key': key });
    expect(answer.status).toBe(403);
  });

  it('with associations or a header that carries a credential, to Salesforce', async () => {
    const { driven } = await writing('salesforce');
    await using _ = driven;
    const record = { type: 'create', record: { LastName: 'Dyer' } };
    const linked = await ask(driven.tenon, 'salesforce', { ...record, associations: [{ to: { id: '1' } }] });
    expect([linked.status, linked.text]).toEqual([400, expect.stringContaining('without associations')]);
    for (const key of ['Authorization', 'cookie', 'Host', 'x-sfdc-session']) {
      const answer = await ask(driven.tenon, 'salesforce', { ...record, headers: [{ key, value: 'x' }] });
      expect([key, answer.status]).toEqual([key, 400]);
    }
  });

  it('to a provider that is not written', async () => {
    await using driven = await startDriven();
    const { tenon } = driven;
    const write = { objects: [{ objectName: 'customers' }] };
    await tenon.deploy(manifest({ name: 'pay', provider: 'stripe', proxy: { enabled: true }, write }));
    const typed = { provider: 'stripe', apiKey: 'sk', groupRef: 'acme', consumerRef: 'ada' };
    await tenon.ok('POST', tenon.inProject('/connections:generate'), typed);
    await tenon.install('pay', { provider: 'stripe' });
    const body = { groupRef: 'acme', type: 'create', record: { email: 'a@b' } };
    const answer = await tenon.api('POST', tenon.inProject('/integrations/pay/objects/customers'), body);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('cannot be written yet')]);
  });
});

describe('a write of a row that another transaction holds', () => {
  it.each([
    ['a record', { type: 'create', record: { LastName: 'Dyer' } }, { result: { success: true } }],
    ['a batch', { type: 'create', batch: [{ record: { LastName: 'Dyer' } }] }, { successCount: 1 }],
  ])('is sent again before %s is answered', async (_what, body, expected) => {
    const { driven } = await writing('salesforce');
    await using _ = driven;
    driven.tenon.sandbox.faults.next({ provider: 'salesforce', method: 'POST' }, { kind: 'lockedRow' }, 2);
    let answer: ApiAnswer | null = null;
    void ask(driven.tenon, 'salesforce', body).then((given) => {
      answer = given;
    });
    const { rowLanes } = driven.tenon.running.services;
    while (answer === null) {
      await flush();
      if (rowLanes.waitingForTimeCount > 0) await driven.clock.advance(LOCKED_BACKOFF_MS_MAX);
    }
    expect(answer).toMatchObject({ status: 200, json: expected });
  });
});

describe('a write that the provider refuses', () => {
  it('is answered with what it said, and shown with its operation', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const answer = await ask(driven.tenon, 'hubspot', { type: 'create', record: { shoesize: 44 } });
    const { operationId, rawResponse } = answer.json as { operationId: string; rawResponse: string };
    expect(answer).toMatchObject({
      status: 422,
      json: {
        errors: [{ message: expect.stringContaining('"shoesize\\" does not exist') }],
        result: { success: false },
      },
    });
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(rawResponse).toContain('PROPERTY_DOESNT_EXIST');
    expect(await operations(driven, 'hubspot', installationId)).toMatchObject([
      { id: operationId, actionType: 'write', status: 'failure', metadata: { objects: ['contacts'] } },
    ]);
    const logs = await driven.tenon.ok<JsonObject[]>('GET', driven.tenon.inProject(`/operations/${operationId}/logs`));
    expect(logs).toMatchObject([{ severity: 'INFO' }, { severity: 'ERROR' }]);
  });

  it.each<[Provider, string, JsonObject]>([
    ['hubspot', '1', { phone: '1' }],
    ['salesforce', '003000000000000AAA', { Phone: '1' }],
  ])('is one of %s that is not there', async (provider, id, fields) => {
    const { driven } = await writing(provider);
    await using _ = driven;
    expect(await ask(driven.tenon, provider, { type: 'update', record: { id, ...fields } })).toMatchObject({
      status: 422,
      json: { result: { success: false } },
    });
  });

  it('as a whole is a batch of which nothing was written', async () => {
    const { driven } = await writing('hubspot');
    await using _ = driven;
    const batch = [{ record: { email: 'a@b' } }, { record: { shoesize: 44 } }];
    const policy = { batchPolicy: { allOrNone: true } };
    expect(await ask(driven.tenon, 'hubspot', { type: 'create', batch, ...policy })).toMatchObject({
      status: 422,
      json: { successCount: 0, failureCount: 2, errors: [{ message: expect.stringContaining('shoesize') }] },
    });
  });

  it.each([
    [429, 429, true],
    [503, 502, true],
    [477, 502, true],
    [502, 504, false],
  ])('with %i is a problem, and says whether the same may be sent again', async (status, shown, retryable) => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    failing(driven.tenon, status);
    const answer = await ask(driven.tenon, 'hubspot', { type: 'create', record: { email: 'a@b' } });
    expect(answer).toMatchObject({ status: shown, json: { status: shown, retryable } });
    expect(await operations(driven, 'hubspot', installationId)).toMatchObject([{ status: 'failure' }]);
  });

  it('says nothing of is not sent again, and not called a failure that may be repeated', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    driven.tenon.sandbox.faults.next(CONTACTS, { kind: 'rotateThenReset' }, 1);
    const answer = await ask(driven.tenon, 'hubspot', { type: 'create', record: { email: 'lost@b' } });
    const detail = expect.stringContaining('whether it was made is not known');
    expect(answer).toMatchObject({ status: 504, json: { code: 'outcome_unknown', retryable: false, detail } });
    expect(await created(driven.tenon, installationId, 'hubspot')).toBe(1);
  });

  it('says nothing of may be sent again where it comes to the same: a change, a deletion, a look before', async () => {
    const settings = { selectedFieldSettings: { city: { writeOnUpdate: 'ifEmpty' } } };
    const { driven } = await writing('hubspot', { deletionSettings: { enabled: true }, ...settings });
    await using _ = driven;
    const { tenon } = driven;
    for (const body of [
      { type: 'update', record: { id: '10001', phone: '1' } },
      { type: 'update', batch: [{ record: { id: '10001', phone: '1' } }] },
      { type: 'update', record: { id: '10001', city: 'Rome' } },
      { type: 'delete', record: { id: '10001' } },
    ]) {
      tenon.sandbox.faults.next({ provider: 'hubspot', pathPrefix: '/crm/' }, { kind: 'rotateThenReset' }, 1);
      const answer = await ask(tenon, 'hubspot', body);
      expect(answer).toMatchObject({ status: 504, json: { code: 'timeout', retryable: true } });
      expect((await ask(tenon, 'hubspot', body)).status).toBe(200);
    }
  });
});

describe('a single write', () => {
  it('to HubSpot creates with associations, changes and deletes', async () => {
    const { driven, installationId } = await writing('hubspot', { deletionSettings: { enabled: true } });
    await using _ = driven;
    const { tenon } = driven;
    const associations = [
      { to: { id: '10001' }, types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }] },
    ];
    const made = await ask(tenon, 'hubspot', { type: 'create', record: { email: 'new@b' }, associations });
    const { recordId } = resultOf(made);
    expect(resultOf(made)).toMatchObject({ success: true, data: { id: recordId, properties: { email: 'new@b' } } });
    const linked = await tenon.proxy(installationId, `/crm/v4/objects/contacts/${recordId}/associations/companies`);
    expect(await linked.json()).toMatchObject({ results: [{ toObjectId: '10001' }] });
    const changed = await ask(tenon, 'hubspot', { type: 'update', record: { id: recordId, phone: '1' } });
    expect(resultOf(changed)).toMatchObject({ success: true, recordId, data: { properties: { phone: '1' } } });
    const deleted = await ask(tenon, 'hubspot', { type: 'delete', record: { id: recordId } });
    expect([deleted.status, resultOf(deleted)]).toEqual([200, { success: true, recordId }]);
    expect((await tenon.proxy(installationId, `/crm/v3/objects/contacts/${recordId}`)).status).toBe(404);
    const shown = await operations(driven, 'hubspot', installationId);
    expect(shown.map(({ status, result }) => `${status} ${result}`).sort()).toEqual([
      'success [contacts] Record created',
      'success [contacts] Record deleted',
      'success [contacts] Record updated',
    ]);
  });

  it('to Salesforce creates with headers, changes and deletes', async () => {
    const { driven, installationId } = await writing('salesforce', { deletionSettings: { enabled: true } });
    await using _ = driven;
    const { tenon } = driven;
    const headers = [{ key: 'Sforce-Auto-Assign', value: 'FALSE' }];
    const made = await ask(tenon, 'salesforce', { type: 'create', record: { LastName: 'Dyer' }, headers });
    const { recordId } = resultOf(made);
    expect(resultOf(made)).toEqual({ success: true, recordId: expect.any(String) });
    const changed = await ask(tenon, 'salesforce', { type: 'update', record: { id: recordId, Phone: '1' } });
    expect(resultOf(changed)).toEqual({ success: true, recordId });
    const path = `/services/data/v60.0/sobjects/Contact/${recordId}`;
    expect(await (await tenon.proxy(installationId, path)).json()).toMatchObject({ LastName: 'Dyer', Phone: '1' });
    expect((await ask(tenon, 'salesforce', { type: 'delete', record: { id: recordId } })).status).toBe(200);
    expect((await tenon.proxy(installationId, path)).status).toBe(404);
  });

  it('takes names and values of the builder, where the manifest inherits them, also of the object', async () => {
    const { driven, installationId } = await writing('hubspot', {}, { inherits: true });
    await using _ = driven;
    const answer = await ask(
      driven.tenon,
      'hubspot',
      { type: 'create', record: { mail: 'new@b', stage: 'ours', notes: 'x' } },
      'people',
    );
    const { recordId } = resultOf(answer);
    const [record] = await records(driven.tenon, installationId, 'hubspot', [recordId], ['email', 'lifecyclestage']);
    expect([answer.status, record]).toEqual([200, expect.objectContaining({ email: 'new@b', lifecyclestage: 'lead' })]);
  });

  it('fills in defaults, and leaves out what the config does not let it write', async () => {
    const selectedFieldSettings = {
      city: { default: { stringValue: 'Rome' } },
      country: { writeOnCreate: 'never' },
      jobtitle: { writeOnUpdate: 'ifEmpty' },
      company: { writeOnUpdate: 'ifEmpty' },
      phone: { writeOnUpdate: 'never' },
    };
    const { driven, installationId } = await writing('hubspot', { selectedFieldSettings });
    await using _ = driven;
    const { tenon } = driven;
    const record = { email: 'new@b', country: 'IT', jobtitle: '', company: 'Old', phone: '1' };
    const { recordId } = resultOf(await ask(tenon, 'hubspot', { type: 'create', record }));
    const names = ['city', 'country', 'jobtitle', 'company', 'phone'];
    const read = async () => (await records(tenon, installationId, 'hubspot', [recordId], names))[0];
    expect(await read()).toMatchObject({
      city: 'Rome',
      country: expect.not.stringMatching(/^IT$/),
      jobtitle: null,
      company: 'Old',
      phone: '1',
    });
    const change = { id: recordId, city: 'Bonn', jobtitle: 'CEO', company: 'New', phone: '2' };
    expect((await ask(tenon, 'hubspot', { type: 'update', record: change })).status).toBe(200);
    expect(await read()).toMatchObject({ city: 'Bonn', jobtitle: 'CEO', company: 'Old', phone: '1' });
  });

  it('to HubSpot of which no field is to be written is no failure, alone and in a batch', async () => {
    const settings = {
      selectedFieldSettings: { phone: { writeOnUpdate: 'never' }, city: { writeOnUpdate: 'ifEmpty' } },
    };
    const { driven, installationId } = await writing('hubspot', settings);
    await using _ = driven;
    const { tenon } = driven;
    const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }];
    const associations = [{ to: { id: '10001' }, types }];
    const blank = { id: '10001', phone: '1', city: 'Nowhere' };
    const answer = await ask(tenon, 'hubspot', { type: 'update', record: blank, associations });
    expect(resultOf(answer)).toEqual({ success: true, recordId: '10001' });
    const linked = await tenon.proxy(installationId, '/crm/v4/objects/contacts/10001/associations/companies');
    expect(await linked.json()).toMatchObject({ results: [{ toObjectId: '10001' }] });
    const batch = [{ record: blank }, { record: { id: '10002', jobtitle: 'CEO' } }];
    expect(await ask(tenon, 'hubspot', { type: 'update', batch })).toMatchObject({
      status: 200,
      json: { successCount: 2, results: [{ recordId: '10001' }, { recordId: '10002' }] },
    });
  });

  it('asks Salesforce what is empty too', async () => {
    const settings = { selectedFieldSettings: { Phone: { writeOnUpdate: 'ifEmpty' } } };
    const { driven, installationId } = await writing('salesforce', settings);
    await using _ = driven;
    const { tenon } = driven;
    const record = { LastName: 'Dyer', Phone: '1' };
    const { recordId } = resultOf(await ask(tenon, 'salesforce', { type: 'create', record }));
    const change = { id: recordId, LastName: 'Blevins', Phone: '2' };
    expect((await ask(tenon, 'salesforce', { type: 'update', record: change })).status).toBe(200);
    const [after] = await records(tenon, installationId, 'salesforce', [recordId], ['LastName', 'Phone']);
    expect(after).toMatchObject({ LastName: 'Blevins', Phone: '1' });
  });

  it('goes once, and with a new token where the old one is refused', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    await pass(driven, 10 * MINUTE_MS);
    failing(driven.tenon, 401);
    expect((await ask(driven.tenon, 'hubspot', { type: 'create', record: { email: 'a@b' } })).status).toBe(200);
    expect(await created(driven.tenon, installationId, 'hubspot')).toBe(1);
  });

  it('that a crash cut off has an operation that says so', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const { tenon } = driven;
    const { store } = tenon.running.services;
    const answer = await ask(tenon, 'hubspot', { type: 'create', record: { email: 'a@b' } });
    const { operationId } = answer.json as { operationId: string };
    const row = { status: 'in_progress', result: null, metadata: '{"objects":["contacts"]}' };
    await store.commit([
      { statement: 'operations.update', params: [row.status, row.result, row.metadata, 0, operationId] },
    ]);
    await tenon.halt();
    await tenon.resume();
    expect(await operations(driven, 'hubspot', installationId)).toMatchObject([
      { status: 'failure', result: expect.stringContaining('not known') },
    ]);
  });
});

describe('a batch', () => {
  it.each<[Provider, JsonObject, JsonObject]>([
    ['hubspot', { email: 'a@b' }, { shoesize: 44 }],
    ['salesforce', { LastName: 'Dyer' }, { FirstName: 'Siena' }],
  ])('of %s of which a part is written says which, and why the others are not', async (provider, good, bad) => {
    const { driven, installationId } = await writing(provider);
    await using _ = driven;
    const batch = [{ record: bad }, { record: good }];
    const answer = await ask(driven.tenon, provider, { type: 'create', batch });
    const [, second] = (answer.json as { results: { recordId: string }[] }).results;
    expect(answer).toMatchObject({
      status: 200,
      json: {
        successCount: 1,
        failureCount: 1,
        results: [{ success: false }, { success: true }],
        errors: [{ message: expect.stringMatching(/^record 0: /) }],
      },
    });
    expect(await operations(driven, provider, installationId)).toMatchObject([
      {
        status: 'success',
        result: 'Batch write completed (1 succeeded, 1 failed)',
        metadata: { successfulRecordIds: [second?.recordId] },
      },
    ]);
  });

  it.each<[Provider, JsonObject, JsonObject]>([
    ['hubspot', { email: 'a@b' }, { phone: '1' }],
    ['salesforce', { LastName: 'Dyer' }, { Phone: '1' }],
  ])('of %s of a hundred is made in one call, and changed in one', async (provider, fields, change) => {
    const { driven, installationId } = await writing(provider);
    await using _ = driven;
    const { tenon } = driven;
    const made = await ask(tenon, provider, { type: 'create', batch: new Array(100).fill({ record: fields }) });
    const results = (made.json as { results: { recordId: string }[] }).results;
    expect([made.status, new Set(results.map(({ recordId }) => recordId)).size]).toEqual([200, 100]);
    const before = tenon.sandbox.stats().requestsByProvider[provider];
    const batch = results.map(({ recordId }) => ({ record: { id: recordId, ...change } }));
    const changed = await ask(tenon, provider, { type: 'update', batch });
    expect(changed).toMatchObject({ status: 200, json: { successCount: 100, failureCount: 0 } });
    expect(tenon.sandbox.stats().requestsByProvider[provider]).toBe(before + 1);
    const ids = results.slice(0, 2).map(({ recordId }) => recordId);
    const [one] = await records(tenon, installationId, provider, ids, Object.keys(change));
    expect(one).toMatchObject(change);
  });

  it('of Salesforce is rolled back whole where it is all or none', async () => {
    const { driven } = await writing('salesforce');
    await using _ = driven;
    const batch = [{ record: { LastName: 'Dyer' } }, { record: { FirstName: 'Siena' } }];
    const policy = { batchPolicy: { allOrNone: true } };
    expect(await ask(driven.tenon, 'salesforce', { type: 'create', batch, ...policy })).toMatchObject({
      status: 422,
      json: { successCount: 0, failureCount: 2, results: [{ success: false }, { success: false }] },
    });
  });
});

it('leaves triggers of reads what they were', async () => {
  await using driven = await startDriven();
  await driven.tenon.addWebhook('hook');
  const read = { objects: [{ objectName: 'contacts', destination: 'hook', requiredFields: [{ fieldName: 'email' }] }] };
  await driven.tenon.deploy(manifest({ name: 'hubspot', provider: 'hubspot', read }));
  await installed(driven, 'hubspot', { contacts: {} });
  expect((await ask(driven.tenon, 'hubspot', { mode: 'async' })).status).toBe(201);
  const neither = await ask(driven.tenon, 'hubspot', {});
  expect([neither.status, neither.headers.get('content-type')]).toEqual([400, 'application/json']);
});

function resultOf({ status, text, json }: ApiAnswer): { readonly recordId: string } & JsonObject {
  expect([status, text]).toEqual([200, expect.any(String)]);
  return (json as { result: { recordId: string } & Record<string, JsonValue> }).result;
}

import { describe, expect, it } from 'vitest';
import type { WriteRecord } from '../../../../src/connectors/contract.ts';
import { createHubspotWriter } from '../../../../src/connectors/hubspot/writer.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import { WRITE_WARNINGS_MAX } from '../../../../src/core/limits.ts';
import { answer, providerAnswering } from '../provider.ts';

const writer = createHubspotWriter(() => 0);
const COMPANY = [{ to: { id: 7 }, types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }] }];
const SCHEMA = { associations: [{ id: '279', fromObjectTypeId: '0-1', toObjectTypeId: '0-2' }] };

function params(type: 'create' | 'update') {
  return { objectName: 'contacts', type, headers: {}, writeId: 'op1' };
}

function record(differences: Partial<WriteRecord> = {}): WriteRecord {
  return { recordId: null, fields: { email: 'a@example.com' }, associations: [], ...differences };
}

describe('a record that HubSpot does not write', () => {
  it.each([
    [400, 'bad_request'],
    [401, 'auth_invalidated'],
    [404, 'not_found'],
    [409, 'conflict_upstream'],
    [429, 'rate_limited'],
    [503, 'provider_5xx'],
  ])('is refused with the code of %i', async (status, code) => {
    const { call } = providerAnswering(answer(status, { message: 'no' }));
    const refusal = { code, upstreamStatus: status };
    await expect(writer.write(params('create'), record(), call)).rejects.toMatchObject(refusal);
    await expect(writer.remove(params('create'), '1', call)).rejects.toMatchObject(refusal);
  });

  it('may be sent again if others have it, and its value is at fault where HubSpot speaks of types', async () => {
    const locked = providerAnswering(answer(423, { category: 'LOCKED', message: 'locked' }));
    await expect(writer.write(params('update'), record({ recordId: '1' }), locked.call)).rejects.toMatchObject({
      code: 'conflict_upstream',
      isRetryable: true,
    });
    const typed = providerAnswering(answer(400, { message: 'Cannot deserialize value of type `int`' }));
    await expect(writer.write(params('create'), record(), typed.call)).rejects.toMatchObject({
      code: 'bad_request',
      isRetryable: false,
    });
  });

  it('is refused with the words of HubSpot in a batch, whose records are then all unwritten', async () => {
    const { call } = providerAnswering(answer(409, { message: 'Contact already exists' }));
    const outcome = await writer.writeBatch(params('create'), [record(), record()], true, call);
    expect(outcome).toEqual({ results: [], errors: ['Contact already exists'] });
  });

  it('is not taken for written where a batch does not tell of it', async () => {
    const { call } = providerAnswering(answer(200, { results: [{ id: '2', properties: {} }] }));
    const batch = [record({ recordId: '1' }), record({ recordId: '2' })];
    const { results } = await writer.writeBatch(params('update'), batch, false, call);
    expect(results.map(({ isWritten }) => isWritten)).toEqual([false, true]);
  });

  it('nobody knows of when the answer is broken', async () => {
    const { call } = providerAnswering(answer(200, '<html>'));
    await expect(writer.write(params('create'), record(), call)).rejects.toMatchObject({ code: 'provider_malformed' });
    const pending = providerAnswering(answer(202, { status: 'PENDING' }));
    await expect(writer.writeBatch(params('create'), [record()], false, pending.call)).rejects.toMatchObject({
      code: 'provider_malformed',
    });
  });
});

describe('a record that is written', () => {
  it('is made with its associations and a trace id that no attempt changes', async () => {
    const { call, requests } = providerAnswering(answer(201, { id: '151', properties: { email: 'a@example.com' } }));
    const outcome = await writer.write(params('create'), record({ associations: COMPANY }), call);
    expect(requests).toEqual([
      {
        method: 'POST',
        path: '/crm/v3/objects/contacts',
        body: { properties: { email: 'a@example.com' }, associations: COMPANY, objectWriteTraceId: 'op1:0' },
      },
    ]);
    expect(outcome).toMatchObject({ isWritten: true, recordId: '151', data: { id: '151' }, warnings: [] });
  });

  it('has values as HubSpot writes them: choices with semicolons, nothing as an empty text', async () => {
    const { call, requests } = providerAnswering(answer(200, { id: '1' }));
    const fields = { tags: ['a', 'b'], age: 7, isOpen: false, phone: null };
    await writer.write(params('update'), record({ recordId: 'a/1', fields }), call);
    expect(requests).toMatchObject([
      {
        method: 'PATCH',
        path: '/crm/v3/objects/contacts/a%2F1',
        body: { properties: { tags: 'a;b', age: '7', isOpen: 'false', phone: '' } },
      },
    ]);
  });

  it('is associated in calls of their own after a change, and what fails of that is a warning', async () => {
    const changed = record({ recordId: '1', associations: COMPANY });
    const good = providerAnswering(answer(200, { id: '1' }), answer(200, SCHEMA), answer(201, { results: [] }));
    expect(await writer.write(params('update'), changed, good.call)).toMatchObject({ isWritten: true, warnings: [] });
    expect(good.requests[2]).toEqual({
      method: 'POST',
      path: '/crm/associations/2026-03/0-1/0-2/batch/create',
      body: {
        inputs: [
          {
            from: { id: '1' },
            to: { id: '7' },
            types: [{ associationTypeId: 279, associationCategory: 'HUBSPOT_DEFINED' }],
          },
        ],
      },
    });
    const bad = providerAnswering(answer(200, { id: '1' }), answer(404, { message: 'no such schema' }));
    const outcome = await writer.write(params('update'), changed, bad.call);
    expect(outcome).toMatchObject({ isWritten: true, warnings: [expect.stringContaining('no such schema')] });
  });

  it('has only its associations written where no field of it is to be', async () => {
    const blank = record({ recordId: '1', fields: {} });
    const silent = providerAnswering();
    const unchanged = { isWritten: true, recordId: '1', data: null, warnings: [] };
    expect(await writer.write(params('update'), blank, silent.call)).toMatchObject(unchanged);
    expect(await writer.writeBatch(params('update'), [blank], false, silent.call)).toMatchObject({
      results: [unchanged],
      errors: [],
    });
    expect(silent.requests).toEqual([]);
    const linked = { ...blank, associations: COMPANY };
    const { call, requests } = providerAnswering(answer(200, SCHEMA), answer(201, { results: [] }));
    expect(await writer.write(params('update'), linked, call)).toMatchObject(unchanged);
    expect(requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  it('is sent in a batch without those of which no field is written, and they keep their places', async () => {
    const ids = ['1', '2', '3', '4'];
    const batch = ids.map((recordId) => record({ recordId, ...(recordId === '3' ? {} : { fields: {} }) }));
    const missing = { errors: [{ message: 'gone', context: { ids: ['3'] } }], results: [] };
    const { call, requests } = providerAnswering(answer(207, missing));
    const { results } = await writer.writeBatch(params('update'), batch, false, call);
    expect(requests.map(({ body }) => body)).toMatchObject([{ inputs: [{ id: '3' }] }]);
    expect(results.map(({ isWritten, recordId }) => [isWritten, recordId])).toEqual(
      ids.map((recordId) => [recordId !== '3', recordId]),
    );
  });

  it('is warned of once with its batch, not with each of the records, and of thousands the first', async () => {
    const linked = Array.from({ length: 90 }, () => COMPANY).flat();
    const batch = ['1', '2'].map((recordId) => record({ recordId, associations: linked }));
    const updated = answer(200, { results: [{ id: '1' }, { id: '2' }] });
    const refused = answer(207, { errors: new Array(90).fill({ message: 'no' }) });
    const { call, requests } = providerAnswering(updated, answer(200, SCHEMA), refused);
    const { results, warnings } = await writer.writeBatch(params('update'), batch, false, call);
    expect([requests.length, results.map((result) => result.warnings)]).toEqual([4, [[], []]]);
    expect(warnings).toEqual(new Array(WRITE_WARNINGS_MAX).fill('an association was not written: no'));
  });

  it('is warned of each association that lacks a part, and has the others', async () => {
    const whole = COMPANY[0] as JsonObject;
    const lacking = [{ to: { id: 8 } }, { ...whole, to: {} }, { ...whole, types: [] }, { ...whole, types: ['279'] }];
    const warned = lacking.map(() => 'an association of 1 was not written: it needs a to.id, and types');
    const some = record({ recordId: '1', associations: [...lacking, whole] });
    const { call, requests } = providerAnswering(answer(200, { id: '1' }), answer(200, SCHEMA), answer(201, {}));
    expect((await writer.write(params('update'), some, call)).warnings).toEqual(warned);
    expect(requests[2]?.body).toMatchObject({ inputs: [{ to: { id: '7' } }] });
    const none = record({ recordId: '1', associations: lacking });
    const silent = providerAnswering(answer(200, { id: '1' }));
    expect((await writer.write(params('update'), none, silent.call)).warnings).toEqual(warned);
    expect(silent.requests.length).toBe(1);
  });

  it('is warned of what failed before, where a later call fails as a whole', async () => {
    const linked = Array.from({ length: 101 }, () => COMPANY).flat();
    const refused = answer(207, { errors: [{ message: 'no such company' }] });
    const broken = answer(502, 'bad gateway');
    const { call } = providerAnswering(answer(200, { id: '1' }), answer(200, SCHEMA), refused, broken);
    const { warnings } = await writer.write(params('update'), record({ recordId: '1', associations: linked }), call);
    expect(warnings).toEqual([
      expect.stringContaining('HubSpot answered 502'),
      'an association was not written: no such company',
    ]);
  });

  it('has a trace id in a batch of which a part may fail, by which errors and records find each other', async () => {
    const context = { objectWriteTraceId: ['op1:1'] };
    const { call, requests } = providerAnswering(
      answer(207, {
        results: [
          { id: '30', objectWriteTraceId: 'op1:2', properties: { n: 'c' } },
          { id: '10', objectWriteTraceId: 'op1:0', properties: { n: 'a' } },
        ],
        errors: [{ message: 'bad', context }],
      }),
    );
    const { results, errors } = await writer.writeBatch(params('create'), [record(), record(), record()], false, call);
    expect(requests[0]?.path).toBe('/crm/objects/2026-03/contacts/batch/create');
    expect(results.map(({ recordId }) => recordId)).toEqual(['10', null, '30']);
    expect([results[1]?.errors, errors]).toEqual([[{ message: 'bad' }], [{ message: 'bad' }]]);
  });

  it('is read before it is changed, by id, with names in lower case', async () => {
    const { call, requests } = providerAnswering(answer(207, { results: [{ id: '1', properties: { Phone: null } }] }));
    const current = await writer.current('contacts', ['1', '2'], ['Phone'], call);
    expect([...current]).toEqual([['1', { phone: null }]]);
    expect(requests[0]).toMatchObject({
      path: '/crm/v3/objects/contacts/batch/read',
      body: { inputs: [{ id: '1' }, { id: '2' }], properties: ['Phone'] },
    });
  });
});

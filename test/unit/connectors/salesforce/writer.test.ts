import { describe, expect, it } from 'vitest';
import type { WriteRecord } from '../../../../src/connectors/contract.ts';
import { createSalesforceWriter } from '../../../../src/connectors/salesforce/writer.ts';
import { answer, providerAnswering } from '../provider.ts';

const writer = createSalesforceWriter(() => 0);

function params(type: 'create' | 'update', objectName = 'Contact') {
  return { objectName, type, headers: { 'sforce-auto-assign': 'FALSE' }, writeId: 'op1' };
}

function record(differences: Partial<WriteRecord> = {}): WriteRecord {
  return { recordId: null, fields: { LastName: 'Dyer' }, associations: [], ...differences };
}

describe('a record that Salesforce does not write', () => {
  it('is not sent where the object is no name', async () => {
    const { call, requests } = providerAnswering(answer(200, {}));
    const wrong = params('create', '../Contact');
    await expect(writer.write(wrong, record(), call)).rejects.toMatchObject({ code: 'bad_request' });
    await expect(writer.writeBatch(wrong, [record()], false, call)).rejects.toMatchObject({ code: 'bad_request' });
    await expect(writer.remove(wrong, '1', call)).rejects.toMatchObject({ code: 'bad_request' });
    expect(requests).toEqual([]);
  });

  it('may be sent again if it was locked', async () => {
    const { call } = providerAnswering(answer(400, [{ errorCode: 'UNABLE_TO_LOCK_ROW', message: 'locked' }]));
    await expect(writer.write(params('create'), record(), call)).rejects.toMatchObject({ isRetryable: true });
    const errors = [{ statusCode: 'UNABLE_TO_LOCK_ROW', message: 'locked', fields: [] }];
    const locked = providerAnswering(answer(200, [{ success: false, errors }]));
    const { results } = await writer.writeBatch(params('create'), [record()], false, locked.call);
    expect(results).toMatchObject([{ isWritten: false, isWorthRepeating: true, errors }]);
  });

  it('may be sent again with all others if one of all or none was locked, and not if one is wrong', async () => {
    const results = async (statusCode: string) => {
      const errors = [statusCode, 'ALL_OR_NONE_OPERATION_ROLLED_BACK'].map((code) => [
        { statusCode: code, message: '' },
      ]);
      const { call } = providerAnswering(
        answer(
          200,
          errors.map((each) => ({ success: false, errors: each })),
        ),
      );
      const outcome = await writer.writeBatch(params('create'), [record(), record()], true, call);
      return outcome.results.map(({ isWorthRepeating }) => isWorthRepeating);
    };
    expect(await results('UNABLE_TO_LOCK_ROW')).toEqual([true, true]);
    expect(await results('REQUIRED_FIELD_MISSING')).toEqual([false, true]);
  });

  it('nobody knows of when the answer does not tell of each', async () => {
    const { call } = providerAnswering(answer(200, [{ id: '003', success: true, errors: [] }]));
    const batch = [record(), record()];
    await expect(writer.writeBatch(params('create'), batch, false, call)).rejects.toMatchObject({
      code: 'provider_malformed',
    });
  });
});

describe('headers of the builder', () => {
  it.each(['authorization', 'cookie', 'host', 'connection', 'content-length', 'transfer-encoding', 'x-api-key', 'te'])(
    'do not have %s among them',
    (name) => expect(writer.acceptsHeader(name)).toBe(false),
  );

  it.each(['sforce-auto-assign', 'sforce-duplicate-rule-header', 'if-match'])('may have %s', (name) =>
    expect(writer.acceptsHeader(name)).toBe(true),
  );
});

describe('a record that is written', () => {
  it('is sent with the headers of the builder and cannot choose another object', async () => {
    const { call, requests } = providerAnswering(answer(200, [{ id: '003', success: true, errors: [] }]));
    const fields = { LastName: 'Dyer', attributes: { type: 'User' } };
    await writer.writeBatch(params('update'), [record({ recordId: '003', fields })], true, call);
    expect(requests).toEqual([
      {
        method: 'PATCH',
        path: '/services/data/v60.0/composite/sobjects',
        headers: { 'sforce-auto-assign': 'FALSE' },
        body: { allOrNone: true, records: [{ LastName: 'Dyer', id: '003', attributes: { type: 'Contact' } }] },
      },
    ]);
  });

  it('has several choices of one field joined, and none of them as nothing', async () => {
    const fields = { Tags__c: ['a', 'b'], Sizes__c: [1, 2], None__c: [], Odd: [{ a: 1 }], Name: 'x;y' };
    const expected = { Tags__c: 'a;b', Sizes__c: '1;2', None__c: null, Odd: [{ a: 1 }], Name: 'x;y' };
    const one = providerAnswering(answer(204, ''));
    await writer.write(params('update'), record({ recordId: '003', fields }), one.call);
    expect(one.requests[0]?.body).toEqual(expected);
    const many = providerAnswering(answer(200, [{ id: '003', success: true, errors: [] }]));
    await writer.writeBatch(params('create'), [record({ fields })], false, many.call);
    expect(many.requests[0]?.body).toMatchObject({ records: [expected] });
  });

  it('keeps its id where the answer has none', async () => {
    const { call } = providerAnswering(answer(204, ''));
    expect(await writer.write(params('update'), record({ recordId: '003' }), call)).toMatchObject({ recordId: '003' });
  });

  it('is read before it is changed; one that is not there is left out', async () => {
    const { call, requests } = providerAnswering(answer(200, [null, { Id: '2', Phone: '1' }]));
    expect([...(await writer.current('Contact', ['1', '2'], ['Phone'], call))]).toEqual([['2', { phone: '1' }]]);
    expect(requests[0]).toMatchObject({ body: { ids: ['1', '2'], fields: ['Id', 'Phone'] } });
  });
});

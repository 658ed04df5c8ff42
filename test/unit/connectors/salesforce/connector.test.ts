import { describe, expect, it } from 'vitest';
import { createSalesforceConnector } from '../../../../src/connectors/salesforce/connector.ts';
import { type JsonValue, jsonAt } from '../../../../src/core/json.ts';
import { answer, providerAnswering, readParams } from '../provider.ts';

const connector = createSalesforceConnector(() => Date.UTC(2026, 0, 5, 9));
const NEXT = '/services/data/v60.0/query/01gD0000002HU6KIAW-2000';
const account = { attributes: { type: 'Account' }, Id: '001', Name: 'Acme' };
const params = readParams({ objectName: 'account', fields: ['name'] });

describe('a page that Salesforce answers badly', () => {
  it.each<[string, JsonValue | string]>([
    ['a login page', '<html>Log in</html>'],
    ['half a document', '{"records":['],
    ['no records', { totalSize: 0 }],
    ['records that are no list', { records: {} }],
    ['an unfinished result without a next page', { records: [account], done: false }],
    ['a record without an id', { records: [{ Name: 'Acme' }], done: true }],
    ['a record with a null id', { records: [{ Id: null }], done: true }],
    ['a record that is text', { records: ['001'], done: true }],
    [
      'a next page on another host',
      { records: [account], done: false, nextRecordsUrl: 'https://evil.example/query/01g-1' },
    ],
    [
      'a next page on another resource',
      { records: [], done: false, nextRecordsUrl: '/services/data/v60.0/sobjects/User' },
    ],
    ['a next page that climbs', { records: [], done: false, nextRecordsUrl: `${NEXT}/../../sobjects` }],
    ['a next page with a query', { records: [], done: false, nextRecordsUrl: `${NEXT}?q=SELECT+Id+FROM+User` }],
    ['a next page with an encoded slash', { records: [], done: false, nextRecordsUrl: `${NEXT}%2f..%2fx` }],
    ['a next page that is a number', { records: [], done: false, nextRecordsUrl: 7 }],
    ['a next page that is null', { records: [], done: false, nextRecordsUrl: null }],
  ])('is malformed with %s: no record is passed on', async (_what, body) => {
    const read = connector.read(params, providerAnswering(answer(200, body)).call);
    await expect(read).rejects.toMatchObject({ code: 'provider_malformed' });
  });
});

describe('a read', () => {
  it('queries, then follows the path of the next page to the end', async () => {
    const provider = providerAnswering(
      answer(200, { records: [account], done: false, nextRecordsUrl: NEXT }),
      answer(200, { records: [{ Id: '002', Name: null }], done: true }),
    );
    const first = await connector.read(params, provider.call);
    const last = await connector.read({ ...params, cursor: first.nextCursor }, provider.call);
    expect([first.nextCursor, last.nextCursor]).toEqual([NEXT, null]);
    expect(provider.requests).toEqual([
      { method: 'GET', path: '/services/data/v60.0/query?q=SELECT%20Id%2Cname%20FROM%20account' },
      { method: 'GET', path: NEXT },
    ]);
    expect(first.rows.map(({ id, fields, raw }) => ({ id, fields: { ...fields }, raw }))).toEqual([
      { id: '001', fields: { name: 'Acme', id: '001' }, raw: account },
    ]);
  });

  it('asks with the times and filters of the question', async () => {
    const provider = providerAnswering(answer(200, { records: [] }));
    const sinceMs = Date.UTC(2026, 0, 4);
    await connector.read({ ...params, sinceMs, filters: [{ fieldName: 'Industry', value: "O'Neil" }] }, provider.call);
    const query = new URL(provider.requests[0]?.path ?? '', 'http://x').searchParams.get('q');
    expect(query).toBe(
      "SELECT Id,name FROM account WHERE SystemModstamp > 2026-01-04T00:00:00Z AND Industry = 'O\\'Neil'",
    );
  });
});

describe('more fields than an address takes', () => {
  const COLLECTION = '/services/data/v60.0/composite/sobjects/account';
  const fields = ['Owner.Name', ...Array.from({ length: 700 }, (_, n) => `Custom_Field_${n}__c`)];
  const queried = { attributes: { type: 'Account' }, Id: '001', Owner: { Name: 'Ann' }, Custom_Field_0__c: 'a' };
  const rest = { attributes: { type: 'Account' }, Id: '001', Custom_Field_699__c: 'z' };
  const wide = { ...params, fields };

  it('are queried as far as they fit, and the rest of each page is read by its ids', async () => {
    const gone = { ...queried, Id: '002' };
    const provider = providerAnswering(
      answer(200, { records: [queried, gone], done: false, nextRecordsUrl: NEXT }),
      answer(200, [rest, null]),
      answer(200, { records: [{ ...queried, Id: '003' }], done: true }),
      answer(200, [{ ...rest, Id: '003' }]),
    );
    const first = await connector.read(wide, provider.call);
    // The object has become narrower meanwhile, and the cursor is of the query as it was.
    const later = { ...params, fields: fields.slice(-2), cursor: first.nextCursor };
    const last = await connector.read(later, provider.call);
    const [query, collection, next, second] = provider.requests;
    expect(query?.path.length).toBeLessThan(8_000);
    expect(query?.path.length).toBeGreaterThan(7_900);
    expect(query?.path).toContain('SELECT%20Id%2COwner.Name%2CCustom_Field_0__c%2C');
    expect(collection).toMatchObject({ method: 'POST', path: COLLECTION, body: { ids: ['001', '002'] } });
    const asked = (jsonAt(collection?.body ?? null, 'fields') ?? []) as string[];
    expect([asked[0], asked.at(-1), asked.includes('Custom_Field_0__c')]).toEqual(['Id', 'Custom_Field_699__c', false]);
    expect(asked.includes('Owner.Name')).toBe(false);
    expect(first.rows).toMatchObject([{ id: '001', fields: { custom_field_0__c: 'a', custom_field_699__c: 'z' } }]);
    expect(first.rows[0]?.raw).toEqual({ ...queried, ...rest });
    expect([next?.path, last.nextCursor]).toEqual([NEXT, null]);
    expect(second?.body).toEqual({ ids: ['003'], fields: ['Id', 'Custom_Field_698__c', 'Custom_Field_699__c'] });
    expect(last.rows).toMatchObject([{ id: '003', fields: { custom_field_699__c: 'z' } }]);
  });

  it('come by id as well', async () => {
    const id = '001A0000006Vm9rIAC';
    const provider = providerAnswering(
      answer(200, { records: [{ ...queried, Id: id }], done: true }),
      answer(200, [{ ...rest, Id: id }]),
    );
    const rows = await connector.readByIds?.('account', [id], fields, provider.call);
    expect(rows?.get(id)).toMatchObject({ fields: { custom_field_0__c: 'a', custom_field_699__c: 'z' } });
    expect(provider.requests[0]?.path.length).toBeLessThan(8_000);
    expect(provider.requests[1]).toMatchObject({ method: 'POST', path: COLLECTION });
  });

  it('are malformed where the rest is not one record for each', async () => {
    const provider = providerAnswering(answer(200, { records: [queried], done: true }), answer(200, []));
    await expect(connector.read(wide, provider.call)).rejects.toMatchObject({ code: 'provider_malformed' });
  });
});

describe('the fields of an object', () => {
  it.each(['Account/describe?x', '../Account', 'Account;', '', '0Account'])(
    'are not asked for under the name %j',
    async (objectName) => {
      const provider = providerAnswering(answer(200, { fields: [] }));
      await expect(connector.listFields(objectName, provider.call)).rejects.toMatchObject({ code: 'bad_request' });
      expect(provider.requests).toEqual([]);
    },
  );

  it('are the names that describe gives', async () => {
    const provider = providerAnswering(
      answer(200, { fields: [{ name: 'Id' }, { label: 'nameless' }, { name: 'X__c' }] }),
    );
    expect(await connector.listFields('Account', provider.call)).toEqual(['Id', 'X__c']);
    expect(provider.requests[0]?.path).toBe('/services/data/v60.0/sobjects/Account/describe');
  });

  it('come with the help that users see', async () => {
    const fields = [
      { name: 'Id', inlineHelpText: null },
      { name: 'X__c', inlineHelpText: 'What it is for' },
    ];
    const described = await connector.describe?.('Account', providerAnswering(answer(200, { fields })).call);
    expect(described?.descriptions).toEqual(new Map([['X__c', 'What it is for']]));
  });

  it('are not guessed from an answer without a list', async () => {
    const asked = connector.listFields('Account', providerAnswering(answer(200, {})).call);
    await expect(asked).rejects.toMatchObject({ code: 'provider_malformed' });
  });
});

describe('records by id', () => {
  const FIRST = '001A0000006Vm9rIAC';
  const SECOND = '001A0000006Vm9s';
  const row = (Id: string) => ({ attributes: { type: 'Account' }, Id, Name: 'Acme' });

  it('are refused like pages, and nobody is asked for what is no id', async () => {
    const refused = providerAnswering(answer(400, [{ errorCode: 'INVALID_FIELD', message: "No such column 'x'" }]));
    const byIds = connector.readByIds?.('account', [FIRST], ['x'], refused.call);
    await expect(byIds).rejects.toMatchObject({ code: 'schema_drift_missing_field' });
    const provider = providerAnswering(answer(200, { records: [], done: true }));
    expect(await connector.readByIds?.('account', ["' OR Name != '"], ['name'], provider.call)).toEqual(new Map());
    expect(provider.requests).toEqual([]);
  });

  it('come with one query by the id that was asked for, followed to its end, without those that are gone', async () => {
    const provider = providerAnswering(
      answer(200, { records: [row(FIRST)], done: false, nextRecordsUrl: NEXT }),
      answer(200, { records: [row(`${SECOND}IAC`)], done: true }),
    );
    const ids = [FIRST, SECOND, '001A0000006VmGON'];
    const rows = await connector.readByIds?.('account', ids, ['name'], provider.call);
    expect([...(rows ?? [])].map(([id, { fields }]) => [id, fields['name']])).toEqual([
      [FIRST, 'Acme'],
      [SECOND, 'Acme'],
    ]);
    const soql = `SELECT Id,name FROM account WHERE Id IN ('${FIRST}','${SECOND}')`;
    expect(provider.requests.map(({ path }) => path)).toEqual([
      `/services/data/v60.0/query?q=${encodeURIComponent(soql)}`,
      NEXT,
    ]);
  });
});

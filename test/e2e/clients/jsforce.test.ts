// Salesforce's widely used client, unchanged, through the proxy: errors first, then a developer's first day.

import type { Connection } from 'jsforce';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { salesforceThrough } from '../../support/clients/jsforce.ts';
import { startVendor, type Vendor } from '../../support/vendor.ts';

let vendor: Vendor;
let salesforce: Connection;

beforeAll(async () => {
  vendor = await startVendor('salesforce', { sandbox: { salesforceAccounts: 4500 } });
  salesforce = salesforceThrough(vendor.through);
});

beforeEach(() => vendor.clock.advance(MINUTE_MS));

afterAll(() => vendor[Symbol.asyncDispose]());

describe('jsforce is told', () => {
  it('that a record is not there, as its own error', async () => {
    const reading = salesforce.sobject('Account').retrieve('0015g0000zzzzzzAAA');
    await expect(reading).rejects.toMatchObject({ errorCode: 'NOT_FOUND' });
  });

  it('what is wrong with a query', async () => {
    await expect(salesforce.query('SELECT Nothing FROM Account')).rejects.toMatchObject({ errorCode: 'INVALID_FIELD' });
  });

  it('which fields are missing', async () => {
    const creating = salesforce.sobject('Account').create({ Phone: '1' });
    await expect(creating).rejects.toMatchObject({ errorCode: 'REQUIRED_FIELD_MISSING', data: { fields: ['Name'] } });
  });

  it('by Tenon that its key is wrong, without a token to refresh', async () => {
    const { url, headers } = vendor.through;
    const stranger = salesforceThrough({ url, headers: { ...headers, 'x-api-key': 'tnn_wrong' } });
    await expect(stranger.query('SELECT Id FROM Account')).rejects.toMatchObject({
      errorCode: 'ERROR_HTTP_401',
      message: expect.stringContaining('the API key is missing or not valid'),
    });
  });
});

describe('jsforce', () => {
  it('queries page by page', async () => {
    const ids = new Set<string | undefined>();
    const asked = await vendor.asked(async () => {
      let page = await salesforce.query('SELECT Id, Name FROM Account');
      expect(page.totalSize).toBe(4500);
      for (;;) {
        for (const { Id } of page.records) ids.add(Id);
        if (page.done || page.nextRecordsUrl === undefined) break;
        page = await salesforce.queryMore(page.nextRecordsUrl);
      }
    });
    expect([ids.size, asked]).toEqual([4500, 3]);
  });

  it('creates, reads, changes and removes', async () => {
    const accounts = salesforce.sobject('Account');
    const { id = '', success } = await accounts.create({ Name: 'Größe & Söhne' });
    expect(success).toBe(true);
    await accounts.update({ Id: id, Industry: 'Media' });
    expect(await accounts.retrieve(id)).toMatchObject({ Id: id, Name: 'Größe & Söhne', Industry: 'Media' });
    await accounts.destroy(id);
    await expect(accounts.retrieve(id)).rejects.toMatchObject({ errorCode: 'NOT_FOUND' });
  });

  it('works on collections, where each record has a result of its own', async () => {
    const accounts = salesforce.sobject('Account');
    const made = await accounts.create([{ Name: 'One' }, { Phone: 'no name' }, { Name: 'Two' }]);
    expect(made.map(({ success }) => success)).toEqual([true, false, true]);
    expect(made[1]).toMatchObject({ errors: [{ statusCode: 'REQUIRED_FIELD_MISSING', fields: ['Name'] }] });
    const ids = made.flatMap(({ id }) => id ?? []);
    await accounts.update(ids.map((Id) => ({ Id, Industry: 'Banking' })));
    const read = await accounts.retrieve(ids, { fields: ['Name', 'Industry'] });
    expect(read).toMatchObject([
      { Name: 'One', Industry: 'Banking' },
      { Name: 'Two', Industry: 'Banking' },
    ]);
    expect((await accounts.destroy(ids)).every(({ success }) => success)).toBe(true);
    const none = await accounts.create([{ Name: 'One' }, { Phone: 'no name' }], { allOrNone: true });
    expect(none.map(({ success }) => success)).toEqual([false, false]);
  });

  it('loads in bulk', async () => {
    salesforce.bulk2.pollInterval = 1;
    const input = Array.from({ length: 300 }, (_, n) => ({ LastName: `Bulk "${n}", Jr`, Email: `${n}@bulk.example` }));
    const result = await salesforce.bulk2.loadAndWaitForResults({ object: 'Contact', operation: 'insert', input });
    expect([result.successfulResults.length, result.failedResults.length]).toEqual([300, 0]);
    const soql = `SELECT LastName FROM Contact WHERE Id = '${result.successfulResults[0]?.sf__Id}'`;
    expect((await salesforce.query(soql)).records).toMatchObject([{ LastName: 'Bulk "0", Jr' }]);
  });

  it('describes what there is, and knows what is left of the daily limit', async () => {
    const { sobjects } = await salesforce.describeGlobal();
    expect(sobjects.map(({ name }) => name)).toContain('Account');
    const { fields } = await salesforce.sobject('Account').describe();
    expect(fields.find(({ name }) => name === 'Industry')).toMatchObject({ type: 'picklist' });
    expect(salesforce.limitInfo.apiUsage?.limit).toBe(100_000);
  });

  it('does not wait itself for an outage that passes soon: Tenon does', async () => {
    vendor.fail({ kind: 'status', status: 503, retryAfterSeconds: 3 });
    let ms = 0;
    const asked = await vendor.asked(async () => {
      ({ ms } = await vendor.passing(Promise.resolve(salesforce.query('SELECT Id FROM Account LIMIT 1'))));
    });
    expect([asked, ms >= 3 * SECOND_MS]).toEqual([2, true]);
  });

  it('never learns that its session ended and its token was rotated in the middle of its calls', async () => {
    const { refreshes } = vendor.tenon.sandbox.stats();
    vendor.tenon.sandbox.expireAccessTokens();
    const queries = Array.from({ length: 10 }, () => salesforce.query('SELECT Id FROM Account LIMIT 1'));
    expect((await Promise.all(queries)).every(({ records }) => records.length === 1)).toBe(true);
    expect(vendor.tenon.sandbox.stats().refreshes).toBe(refreshes + 1);
  });

  it('makes fifty calls at once, each answered with its own', async () => {
    const { records } = await salesforce.query('SELECT Id FROM Account LIMIT 50');
    const ids = records.map(({ Id }) => Id ?? '');
    const answers = await Promise.all(ids.map((id) => salesforce.sobject('Account').retrieve(id)));
    expect(answers.map(({ Id }) => Id)).toEqual(ids);
  });
});

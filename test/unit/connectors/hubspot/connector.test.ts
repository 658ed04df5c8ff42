import { describe, expect, it } from 'vitest';
import type { ReadRow } from '../../../../src/connectors/contract.ts';
import { createHubspotConnector } from '../../../../src/connectors/hubspot/connector.ts';
import type { JsonObject, JsonValue } from '../../../../src/core/json.ts';
import { HUBSPOT_FIELD_FILTERS_MAX } from '../../../../src/core/limits.ts';
import { answer, providerAnswering, readParams } from '../provider.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 9);
const SINCE_MS = Date.UTC(2026, 0, 4, 12, 0, 0, 250);
const UNTIL_MS = Date.UTC(2026, 0, 5, 8);
const connector = createHubspotConnector(() => NOW_MS);

function records(fromId: number, count: number): JsonObject[] {
  return Array.from({ length: count }, (_, index) => {
    const id = String(fromId + index);
    return { id, properties: { hs_object_id: id, email: `${id}@example.com` } };
  });
}

describe('a page that HubSpot answers badly', () => {
  it.each<[string, JsonValue | string]>([
    ['a login page', '<!doctype html><title>Log in</title>'],
    ['half a document', '{"results":[{"id":"1",'],
    ['no results', { total: 0 }],
    ['results that are no list', { results: { id: '1' } }],
    ['a record without an id', { results: [{ properties: { email: 'a@b' } }] }],
    ['a record with a number as id', { results: [{ id: 1, properties: {} }] }],
    ['a record that is null', { results: [null] }],
  ])('is malformed with %s: no record is passed on', async (_what, body) => {
    const read = (params = readParams()) => connector.read(params, providerAnswering(answer(200, body)).call);
    await expect(read()).rejects.toMatchObject({ code: 'provider_malformed' });
    await expect(read(readParams({ sinceMs: SINCE_MS }))).rejects.toMatchObject({ code: 'provider_malformed' });
  });
});

describe('a full read', () => {
  it('lists, asks for the largest page and hands the cursor back as it came', async () => {
    const provider = providerAnswering(
      answer(200, { results: records(1, 2), paging: { next: { after: 'a&b=1', link: 'https://elsewhere' } } }),
      answer(200, { results: records(3, 1) }),
    );
    const first = await connector.read(readParams({ fields: ['email', 'firstname'] }), provider.call);
    const last = await connector.read(readParams({ cursor: first.nextCursor }), provider.call);
    expect([first.nextCursor, last.nextCursor]).toEqual(['a&b=1', null]);
    expect(provider.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /crm/v3/objects/contacts?properties=email%2Cfirstname&limit=100',
      'GET /crm/v3/objects/contacts?properties=email&limit=100&after=a%26b%3D1',
    ]);
  });

  it('ends with an empty page, even one that points on', async () => {
    const { call } = providerAnswering(answer(200, { results: [], paging: { next: { after: '7' } } }));
    expect(await connector.read(readParams(), call)).toEqual({ rows: [], nextCursor: null });
  });

  it('selects properties by name without case, the record itself second, and keeps the raw record', async () => {
    const record = { id: '7', properties: { Email: 'a@b', phone: null }, archived: false };
    const { call } = providerAnswering(answer(200, { results: [record] }));
    const { rows } = await connector.read(readParams({ fields: ['eMail', 'phone', 'ID', 'none'] }), call);
    const [row] = rows as [ReadRow];
    expect(row.id).toBe('7');
    expect({ ...row.fields }).toEqual({ email: 'a@b', phone: null, id: '7' });
    expect(row.raw).toEqual(record);
  });

  it('does not let an object name leave its place in the path', async () => {
    const provider = providerAnswering(answer(200, { results: [] }));
    await connector.read(readParams({ objectName: '../../oauth/v1?x=' }), provider.call);
    expect(provider.requests[0]?.path).toMatch(/^\/crm\/v3\/objects\/\.\.%2F\.\.%2Foauth%2Fv1%3Fx%3D\?properties=/);
  });
});

describe('a full read of more properties than an address takes', () => {
  const fields = Array.from({ length: 700 }, (_, n) => `custom_property_${n}`);

  it('lists the ids and reads their properties with a body', async () => {
    const wide = { id: '2', properties: { custom_property_699: 'x' } };
    const provider = providerAnswering(
      answer(200, { results: records(1, 2), paging: { next: { after: '2' } } }),
      // One of the two is gone meanwhile.
      answer(207, { results: [wide], numErrors: 1 }),
    );
    const page = await connector.read(readParams({ fields }), provider.call);
    expect(page.rows.map(({ id, fields: read, raw }) => [id, { ...read }, raw])).toEqual([
      ['2', { custom_property_699: 'x' }, wide],
    ]);
    expect(page.nextCursor).toBe('2');
    expect(provider.requests).toEqual([
      { method: 'GET', path: '/crm/v3/objects/contacts?properties=hs_object_id&limit=100' },
      {
        method: 'POST',
        path: '/crm/v3/objects/contacts/batch/read',
        body: { inputs: [{ id: '1' }, { id: '2' }], properties: fields },
      },
    ]);
  });

  it('goes on where all of a page are gone, and asks for nothing where there is nothing', async () => {
    const gone = providerAnswering(
      answer(200, { results: records(1, 1), paging: { next: { after: '1' } } }),
      answer(207, { results: [], numErrors: 1 }),
    );
    expect(await connector.read(readParams({ fields }), gone.call)).toEqual({ rows: [], nextCursor: '1' });
    const empty = providerAnswering(answer(200, { results: [] }));
    expect(await connector.read(readParams({ fields }), empty.call)).toEqual({ rows: [], nextCursor: null });
    expect(empty.requests).toHaveLength(1);
  });
});

describe('a read with a time or a filter', () => {
  it.each([
    ['contacts', 'lastmodifieddate'],
    ['Contacts', 'lastmodifieddate'],
    ['companies', 'hs_lastmodifieddate'],
    ['2-1234', 'hs_lastmodifieddate'],
  ])('of %s searches by %s', async (objectName, modified) => {
    const provider = providerAnswering(answer(200, { results: [] }));
    await connector.read(readParams({ objectName, sinceMs: SINCE_MS, untilMs: UNTIL_MS }), provider.call);
    expect(provider.requests).toEqual([
      {
        method: 'POST',
        path: `/crm/v3/objects/${objectName}/search`,
        body: {
          limit: '200',
          filterGroups: [
            {
              filters: [
                { propertyName: modified, operator: 'GTE', value: '2026-01-04T12:00:00.250Z' },
                { propertyName: modified, operator: 'LTE', value: '2026-01-05T08:00:00.000Z' },
              ],
            },
          ],
          sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
          properties: ['email'],
        },
      },
    ]);
  });

  it('sends filters as text, joined with the times', async () => {
    const provider = providerAnswering(answer(200, { results: [] }));
    const filters = [
      { fieldName: 'vip', value: true },
      { fieldName: 'score', value: 7 },
      { fieldName: 'city', value: "O'Fallon" },
    ];
    await connector.read(readParams({ filters }), provider.call);
    const body = provider.requests[0]?.body as { filterGroups: [{ filters: JsonObject[] }] };
    expect(body.filterGroups[0].filters).toEqual([
      { propertyName: 'vip', operator: 'EQ', value: 'true' },
      { propertyName: 'score', operator: 'EQ', value: '7' },
      { propertyName: 'city', operator: 'EQ', value: "O'Fallon" },
    ]);
  });

  it('has room for four filters, both times and the position', async () => {
    const provider = providerAnswering(answer(200, { results: [] }));
    const filters = ['a', 'b', 'c', 'd'].map((fieldName) => ({ fieldName, value: 1 }));
    expect(filters).toHaveLength(HUBSPOT_FIELD_FILTERS_MAX);
    const params = readParams({ filters, sinceMs: SINCE_MS, untilMs: UNTIL_MS, cursor: '7' });
    await connector.read(params, provider.call);
    const body = provider.requests[0]?.body as { filterGroups: [{ filters: JsonObject[] }] };
    expect(body.filterGroups[0].filters).toHaveLength(6);
    expect(body.filterGroups[0].filters[4]).toEqual({
      propertyName: 'lastmodifieddate',
      operator: 'BETWEEN',
      value: '2026-01-04T12:00:00.250Z',
      highValue: '2026-01-05T08:00:00.000Z',
    });
  });

  it('seeks above the last id instead of paging by offset, so that it has no end at 10,000', async () => {
    const provider = providerAnswering(
      answer(200, { results: records(1000, 200), paging: { next: { after: '200' } } }),
      answer(200, { results: records(1200, 3) }),
    );
    const params = readParams({ sinceMs: SINCE_MS });
    const first = await connector.read(params, provider.call);
    expect(first.nextCursor).toBe('1199');
    const last = await connector.read({ ...params, cursor: first.nextCursor }, provider.call);
    expect(last.nextCursor).toBeNull();
    const body = provider.requests[1]?.body as { filterGroups: [{ filters: JsonObject[] }] };
    expect(body.filterGroups[0].filters).toContainEqual({
      propertyName: 'hs_object_id',
      operator: 'GT',
      value: '1199',
    });
    expect(body).not.toHaveProperty('after');
  });

  it('reads nothing more after a page that is exactly full and an empty one', async () => {
    const provider = providerAnswering(answer(200, { results: records(1, 200) }), answer(200, { results: [] }));
    const params = readParams({ sinceMs: SINCE_MS });
    const { nextCursor } = await connector.read(params, provider.call);
    expect(await connector.read({ ...params, cursor: nextCursor }, provider.call)).toEqual({
      rows: [],
      nextCursor: null,
    });
  });
});

describe('questions beside reading', () => {
  it.each<[string, JsonValue]>([
    ['no list', { results: 7 }],
    ['nothing', {}],
  ])('refuse properties that are %s', async (_what, body) => {
    const asked = connector.listFields('contacts', providerAnswering(answer(200, body)).call);
    await expect(asked).rejects.toMatchObject({ code: 'provider_malformed' });
  });

  it('list the names of properties', async () => {
    const provider = providerAnswering(
      answer(200, { results: [{ name: 'email' }, { label: 'nameless' }, { name: 'city' }] }),
    );
    expect(await connector.listFields('contacts', provider.call)).toEqual(['email', 'city']);
    expect(provider.requests[0]?.path).toBe('/crm/v3/properties/contacts');
  });

  it('say what properties are for, where HubSpot does', async () => {
    const results = [
      { name: 'email', description: 'Where to write to' },
      { name: 'city', description: '' },
      { name: 'state', description: 7 },
      { description: 'nameless' },
      'no property',
    ];
    const described = await connector.describe?.('contacts', providerAnswering(answer(200, { results })).call);
    expect(described?.fields.map(({ fieldName }) => fieldName)).toEqual(['email', 'city', 'state']);
    expect(described?.descriptions).toEqual(new Map([['email', 'Where to write to']]));
  });

  it.each<[JsonValue, string]>([
    [{ portalId: 62515 }, '62515'],
    [{ portalId: '62515' }, '62515'],
  ])('find the portal in %j', async (body, portalId) => {
    expect(await connector.identifyAccount?.(providerAnswering(answer(200, body)).call)).toBe(portalId);
  });

  it('refuse an account without a portal', async () => {
    const asked = connector.identifyAccount?.(providerAnswering(answer(200, { portalId: null })).call);
    await expect(asked).rejects.toMatchObject({ code: 'provider_malformed' });
  });
});

describe('records by id', () => {
  const byIds = (given: ReturnType<typeof answer>) => {
    const provider = providerAnswering(given);
    return { provider, rows: connector.readByIds?.('contacts', ['1', '9'], ['eMail'], provider.call) };
  };

  it('are refused like pages', async () => {
    await expect(byIds(answer(200, { results: {} })).rows).rejects.toMatchObject({ code: 'provider_malformed' });
    await expect(byIds(answer(429, {})).rows).rejects.toMatchObject({ code: 'rate_limited' });
    await expect(byIds(answer(401, {})).rows).rejects.toMatchObject({ code: 'auth_invalidated' });
  });

  it('come in one call, in the shape of pages, without those that are gone', async () => {
    const record = { id: '1', properties: { email: 'a@b', hs_object_id: '1' } };
    const { provider, rows } = byIds(answer(207, { results: [record], numErrors: 1, errors: [{ status: 'error' }] }));
    expect(await rows).toEqual(new Map([['1', { id: '1', fields: { email: 'a@b' }, raw: record }]]));
    expect(provider.requests).toEqual([
      {
        method: 'POST',
        path: '/crm/v3/objects/contacts/batch/read',
        body: { inputs: [{ id: '1' }, { id: '9' }], properties: ['eMail'] },
      },
    ]);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { MINUTE_MS, toRfc3339 } from '../../../src/core/time.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { type Answer, ask, hubspotAccess, listAt, TestClock, textAt } from './client.ts';

let clock: TestClock;
let sandbox: Sandbox;
let token: string;

beforeAll(async () => {
  clock = new TestClock();
  const unlimited = { hubspotRequestsPer10s: null, hubspotSearchesPerSecond: null };
  sandbox = await startSandbox({ clock, autoConsent: true, hubspotContacts: 5000, ...unlimited });
});
afterAll(() => sandbox.close());
/** Every test has a portal of its own. */
beforeEach(async (context) => {
  token = await hubspotAccess(sandbox, context.task.id);
});

const get = (path: string) => ask(sandbox, path, { token });
const send = (method: string, path: string, body: JsonObject) => ask(sandbox, path, { method, token, body });
const search = (body: JsonObject, object = 'contacts') => send('POST', `/crm/v3/objects/${object}/search`, body);
const ids = (answer: Answer) => listAt(answer, 'results').map((record) => String(record['id']));

describe('a request is refused', () => {
  test.each([
    ['without a token', undefined],
    ['with a token nobody issued', 'nobody'],
  ])('%s', async (_case, unknown) => {
    const answer = await ask(sandbox, '/crm/v3/objects/contacts', unknown === undefined ? {} : { token: unknown });
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ status: 'error', category: 'INVALID_AUTHENTICATION' });
    expect(answer.headers['x-hubspot-correlation-id']).toBe(textAt(answer, 'correlationId'));
  });

  test.each([
    ['for an unknown object', '/crm/v3/objects/spaceships', 400],
    ['for a page of 101', '/crm/v3/objects/contacts?limit=101', 400],
    ['for a page of none', '/crm/v3/objects/contacts?limit=0', 400],
    ['for a cursor that is none', '/crm/v3/objects/contacts?after=x', 400],
    ['for a record that is not there', '/crm/v3/objects/contacts/1', 404],
    ['for an endpoint that is not there', '/crm/v3/nothing', 404],
  ])('%s', async (_case, path, status) => {
    const answer = await get(path);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ status: 'error' });
  });

  test.each([
    ['that is not JSON', '{'],
    ['for a page of 201', { limit: 201 }],
    ['that pages past 10,000 results', { limit: 200, after: '9801' }],
    ['with an offset that is not a number', { after: 'abc' }],
    ['by an unknown property', { filterGroups: [{ filters: [{ propertyName: 'nope', operator: 'EQ', value: 1 }] }] }],
    [
      'with an unknown operator',
      { filterGroups: [{ filters: [{ propertyName: 'email', operator: 'LIKE', value: 1 }] }] },
    ],
    [
      'with a time that is none',
      { filterGroups: [{ filters: [{ propertyName: 'createdate', operator: 'GT', value: 'x' }] }] },
    ],
    ['sorted by an unknown property', { sorts: [{ propertyName: 'nope' }] }],
    ['with six groups', { filterGroups: [{}, {}, {}, {}, {}, {}] }],
  ])('for a search %s', async (_case, body) => {
    const answer = await ask(sandbox, '/crm/v3/objects/contacts/search', { method: 'POST', token, body });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ status: 'error', category: 'VALIDATION_ERROR' });
  });

  test.each([
    ['an unknown property', { spaceship: 'x' }, 'PROPERTY_DOESNT_EXIST'],
    ['a read-only property', { hs_object_id: '1' }, 'READ_ONLY_VALUE'],
  ])('for writing %s', async (_case, properties, error) => {
    const answer = await send('POST', '/crm/v3/objects/contacts', { properties });
    expect(answer.status).toBe(400);
    expect(textAt(answer, 'message')).toContain(error);
  });

  test('over the limit of the portal, with the policy that was broken', async () => {
    const limited = await startSandbox({
      clock,
      autoConsent: true,
      hubspotRequestsPer10s: 2,
      hubspotSearchesPerSecond: 1,
    });
    try {
      const access = await hubspotAccess(limited);
      const list = () => ask(limited, '/crm/v3/objects/contacts', { token: access });
      const find = () => ask(limited, '/crm/v3/objects/contacts/search', { method: 'POST', token: access, body: {} });
      expect((await list()).headers).toMatchObject({
        'x-hubspot-ratelimit-max': '2',
        'x-hubspot-ratelimit-remaining': '1',
        'x-hubspot-ratelimit-interval-milliseconds': '10000',
      });
      expect((await list()).status).toBe(200);
      const over = await list();
      expect(over.status).toBe(429);
      expect(over.json).toMatchObject({ errorType: 'RATE_LIMIT', policyName: 'TEN_SECONDLY_ROLLING' });
      expect((await find()).status).toBe(200);
      expect((await find()).json).toMatchObject({ policyName: 'SECONDLY' });
      expect(limited.stats().rateLimited).toBe(2);
      expect(
        (await ask(limited, '/crm/v3/objects/contacts', { token: await hubspotAccess(limited, 'globex') })).status,
      ).toBe(200);
      clock.ms += 10_000;
      expect((await list()).status).toBe(200);
      expect((await find()).status).toBe(200);
    } finally {
      await limited.close();
    }
  });
});

test('following the absolute next links finds all 5,000 contacts once', async () => {
  const seen = new Set<string>();
  let pages = 0;
  let link: string | null = '/crm/v3/objects/contacts?limit=100&properties=email,firstname';
  while (link !== null) {
    const answer: Answer = await get(link);
    for (const id of ids(answer)) seen.add(id);
    pages += 1;
    const next: string = textAt(answer, 'paging.next.link');
    link = next === 'undefined' ? null : next.replace(sandbox.origin, '');
    if (link !== null) expect(next).toBe(`${sandbox.origin}${link}`);
  }
  expect(pages).toBe(50);
  expect(seen.size).toBe(5000);
});

test('a record has the asked properties, the system ones, and never an unknown one', async () => {
  const [record] = listAt(
    await get('/crm/v3/objects/contacts?limit=1&properties=email,nope&properties=city'),
    'results',
  );
  expect(Object.keys((record?.['properties'] ?? {}) as JsonObject).sort()).toEqual(
    ['city', 'createdate', 'email', 'hs_object_id', 'lastmodifieddate'].sort(),
  );
  const again = await get(`/crm/v3/objects/contacts/${String(record?.['id'])}?properties=email,city`);
  expect(again.json).toEqual(record);
});

test('two portals share neither records nor changes', async () => {
  const other = await hubspotAccess(sandbox, 'globex');
  const path = '/crm/v3/objects/contacts/10001?properties=email,phone,city,company';
  expect((await get(path)).text).not.toBe((await ask(sandbox, path, { token: other })).text);
});

test('a search pages to the end of its window and names the offset after it', async () => {
  const body = { limit: '200', properties: ['email'] };
  expect((await search(body)).json).toMatchObject({ total: 5000, paging: { next: { after: '200' } } });
  const last = await search({ ...body, after: '4800' });
  expect(ids(last)).toHaveLength(200);
  expect(last.json).not.toHaveProperty('paging');
});

test('a backfill by record id seeks through a million contacts, past the search window', async () => {
  const large = await startSandbox({
    clock,
    autoConsent: true,
    hubspotContacts: 1_000_000,
    hubspotSearchesPerSecond: null,
  });
  try {
    const access = await hubspotAccess(large);
    const body = (from: number, after: number) => ({
      filterGroups: [{ filters: [{ propertyName: 'hs_object_id', operator: 'GT', value: String(from) }] }],
      sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
      limit: 200,
      after: String(after),
    });
    const find = (from: number, after: number) =>
      ask(large, '/crm/v3/objects/contacts/search', { method: 'POST', token: access, body: body(from, after) });
    const edge = await find(510_000, 9800);
    expect(ids(edge)[199]).toBe('520000');
    expect(textAt(edge, 'paging.next.after')).toBe('10000');
    expect((await find(510_000, 10_000)).status).toBe(400);
    const restarted = await find(520_000, 0);
    expect(ids(restarted)[0]).toBe('520001');
    expect(restarted.json).toMatchObject({ total: 1_010_000 - 520_000 });
  } finally {
    await large.close();
  }
});

test('an incremental search finds exactly what changed, in either order', async (context) => {
  const account = context.task.id;
  const sinceMs = clock.ms;
  const change = { provider: 'hubspot', account, object: 'contacts' } as const;
  const modified = sandbox.change({
    ...change,
    kind: 'modify',
    count: 3,
    fromIndex: 4000,
    atMs: sinceMs + 2 * MINUTE_MS,
  });
  const created = sandbox.change({
    ...change,
    kind: 'create',
    count: 2,
    atMs: sinceMs + MINUTE_MS,
    values: { email: 'new@x.example' },
  });
  sandbox.change({ ...change, kind: 'remove', count: 1, fromIndex: 10, atMs: sinceMs + MINUTE_MS });
  const filters = [{ propertyName: 'lastmodifieddate', operator: 'GTE', value: toRfc3339(sinceMs) }];
  const found = await search({ filterGroups: [{ filters }], sorts: [{ propertyName: 'hs_object_id' }], limit: 100 });
  expect(ids(found)).toEqual([...modified, ...created]);
  const sorts = [{ propertyName: 'lastmodifieddate', direction: 'ASCENDING' }];
  const byTime = await search({ filterGroups: [{ filters }], sorts, limit: 100, properties: ['email'] });
  expect(ids(byTime)).toEqual([...created, ...modified]);
  expect(textAt(byTime, 'results')).not.toBe('undefined');
  const until = { propertyName: 'lastmodifieddate', operator: 'LTE', value: String(sinceMs + MINUTE_MS) };
  expect(ids(await search({ filterGroups: [{ filters: [...filters, until] }], limit: 100 }))).toEqual(created);
  const both = { ...filters[0], operator: 'BETWEEN', highValue: until.value };
  expect(ids(await search({ filterGroups: [{ filters: [both] }], limit: 100 }))).toEqual(created);
  expect((await search({ limit: 1 })).json).toMatchObject({ total: 5001 });
  const archived = await get('/crm/v3/objects/contacts?archived=true');
  expect(ids(archived)).toEqual(['10011']);
  expect(listAt(archived, 'results')[0]).toMatchObject({ archived: true });
});

test('groups are alternatives, filters in a group are conditions, values compare by their type', async () => {
  const eq = (value: string) => ({ filters: [{ propertyName: 'hs_object_id', operator: 'EQ', value }] });
  expect(ids(await search({ filterGroups: [eq('10007'), eq('10003')] }))).toEqual(['10003', '10007']);
  const size = [{ propertyName: 'numberofemployees', operator: 'GTE', value: '4000' }];
  const large = await search(
    { filterGroups: [{ filters: size }], properties: ['numberofemployees'], limit: 200 },
    'companies',
  );
  const sizes = listAt(large, 'results').map((record) =>
    Number((record['properties'] as JsonObject)['numberofemployees']),
  );
  expect(sizes.length).toBeGreaterThan(10);
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(4000);
  const sorts = [{ propertyName: 'numberofemployees', direction: 'DESCENDING' }];
  const sorted = await search({ sorts, properties: ['numberofemployees'], limit: 200 }, 'companies');
  const all = listAt(sorted, 'results').map((record) =>
    Number((record['properties'] as JsonObject)['numberofemployees']),
  );
  expect(all).toEqual([...all].sort((a, b) => b - a));
});

test('a record is created, read, changed, found by its new value, read in a batch and removed', async () => {
  const created = await send('POST', '/crm/v3/objects/contacts', {
    properties: { email: 'a@b.example', FirstName: 'Ann' },
  });
  expect(created.status).toBe(201);
  expect(created.json).toMatchObject({ id: '15001', properties: { email: 'a@b.example', firstname: 'Ann' } });
  const path = '/crm/v3/objects/contacts/15001';
  clock.ms += 1000;
  const changed = await send('PATCH', path, { properties: { email: 'c@d.example', city: '' } });
  expect(changed.json).toMatchObject({ updatedAt: toRfc3339(clock.ms), properties: { firstname: 'Ann', city: null } });
  const filters = [{ propertyName: 'email', operator: 'EQ', value: 'C@D.example' }];
  expect(ids(await search({ filterGroups: [{ filters }] }))).toEqual(['15001']);
  const batch = await send('POST', '/crm/v3/objects/contacts/batch/read', {
    inputs: [{ id: '15001' }, { id: '3' }],
    properties: ['email'],
  });
  expect(batch.status).toBe(207);
  expect(ids(batch)).toEqual(['15001']);
  expect((await ask(sandbox, '/crm/objects/2026-03/contacts/15001', { method: 'DELETE', token })).status).toBe(204);
  expect((await get(path)).status).toBe(404);
  expect((await send('PATCH', path, { properties: { city: 'x' } })).status).toBe(404);
});

test('a change of no properties is refused, and with it the whole batch', async () => {
  const words = { message: 'No properties found to update, please provide at least one.' };
  const one = await send('PATCH', '/crm/v3/objects/contacts/10001', { properties: {} });
  expect([one.status, one.json]).toEqual([400, expect.objectContaining(words)]);
  const inputs = [
    { id: '10001', properties: { city: 'Nowhere' } },
    { id: '10002', properties: {} },
  ];
  const batch = await send('POST', '/crm/v3/objects/contacts/batch/update', { inputs });
  expect([batch.status, batch.json]).toEqual([400, expect.objectContaining(words)]);
  const after = await get('/crm/v3/objects/contacts/10001?properties=city');
  expect(after.json).not.toMatchObject({ properties: { city: 'Nowhere' } });
});

test('the property definitions name what can be written', async () => {
  const results = listAt(await get('/crm/v3/properties/contacts'), 'results');
  expect(results.find((property) => property['name'] === 'hs_object_id')).toMatchObject({
    type: 'number',
    modificationMetadata: { readOnlyValue: true },
  });
  expect(results.find((property) => property['name'] === 'lifecyclestage')).toMatchObject({
    type: 'enumeration',
    fieldType: 'select',
  });
  expect((await get('/crm/v3/properties/spaceships')).status).toBe(400);
});

test('the same seed gives the same records, another seed others', async () => {
  const contact = async (seed: number) => {
    const twin = await startSandbox({ clock, seed, autoConsent: true });
    try {
      return (await ask(twin, '/crm/v3/objects/contacts?limit=20', { token: await hubspotAccess(twin) })).json;
    } finally {
      await twin.close();
    }
  };
  const [first, again, other] = [await contact(1), await contact(1), await contact(2)];
  const withoutLinks = (answer: unknown) => (answer as { results: unknown }).results;
  expect(withoutLinks(first)).toEqual(withoutLinks(again));
  expect(withoutLinks(first)).not.toEqual(withoutLinks(other));
});

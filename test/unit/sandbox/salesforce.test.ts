import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { MINUTE_MS, toRfc3339 } from '../../../src/core/time.ts';
import { salesforceIdOf, salesforceIndexOf } from '../../../src/sandbox/salesforceObjects.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { type Answer, ask, listAt, salesforceAccess, TestClock, textAt } from './client.ts';

const DATA = '/services/data/v60.0';
let clock: TestClock;
let sandbox: Sandbox;
let token: string;
let account: string;

beforeAll(async () => {
  clock = new TestClock();
  sandbox = await startSandbox({ clock, autoConsent: true, salesforceAccounts: 5000 });
});
afterAll(() => sandbox.close());
/** Every test has an org of its own. */
beforeEach(async (context) => {
  account = `org${context.task.id.replaceAll(/[^a-z0-9]/gi, '').toLowerCase()}`;
  token = await salesforceAccess(sandbox, account);
});

const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  ask(sandbox, path, { account, token, headers });
const query = (soql: string, headers?: Readonly<Record<string, string>>) =>
  get(`${DATA}/query?q=${encodeURIComponent(soql)}`, headers);
const send = (method: string, path: string, body: JsonObject) =>
  ask(sandbox, `${DATA}/sobjects/${path}`, { method, account, token, body });
const ids = (answer: Answer) => listAt(answer, 'records').map((record) => String(record['Id']));

describe('record ids', () => {
  test.each(['', '001', '001B0000000001', '003B00000000015', '001B0000000001!', '0015g0000000001AAB'])(
    '%o is not an id of an account',
    (id) => {
      expect(salesforceIndexOf('001', id)).toBeNaN();
    },
  );

  test('carry their index and sort like it, and their suffix carries the case', () => {
    const indexes = [0, 9, 10, 35, 36, 61, 62, 3843, 3844, 1_000_000, 99_999_999];
    const made = indexes.map((index) => salesforceIdOf('001', index));
    expect([...made].sort()).toEqual(made);
    for (const [at, id] of made.entries()) {
      expect(id).toHaveLength(18);
      expect(salesforceIndexOf('001', id)).toBe(indexes[at]);
      expect(salesforceIndexOf('001', id.slice(0, 15))).toBe(indexes[at]);
    }
  });
});

describe('a query is refused', () => {
  test.each([
    ['that is not SOQL', 'SELECT', 'MALFORMED_QUERY', 'unexpected token'],
    ['of an unknown object', 'SELECT Id FROM Spaceship', 'INVALID_TYPE', "sObject type 'Spaceship' is not supported."],
    [
      'of an unknown column',
      'SELECT Id, Nope FROM Account',
      'INVALID_FIELD',
      "No such column 'Nope' on entity 'Account'",
    ],
    ['by an unknown column', "SELECT Id FROM Account WHERE Nope = 'x'", 'INVALID_FIELD', "No such column 'Nope'"],
    ['ordered by an unknown column', 'SELECT Id FROM Account ORDER BY Nope', 'INVALID_FIELD', "No such column 'Nope'"],
    [
      'with a quoted time',
      "SELECT Id FROM Account WHERE SystemModstamp > '2026-01-01'",
      'INVALID_FIELD',
      'not be enclosed',
    ],
    ['with a bare text', 'SELECT Id FROM Account WHERE Name = 5', 'INVALID_FIELD', 'should be enclosed in quotes'],
    [
      'by an id that is none',
      "SELECT Id FROM Account WHERE Id > 'x'",
      'INVALID_QUERY_FILTER_OPERATOR',
      'invalid ID field',
    ],
  ])('%s', async (_case, soql, errorCode, message) => {
    const answer = await query(soql);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject([{ errorCode, message: expect.stringContaining(message) }]);
  });

  test('over the quota of the org', async () => {
    const small = await startSandbox({ clock, autoConsent: true, salesforceRequestsPerDay: 1 });
    try {
      const access = await salesforceAccess(small);
      const limits = () => ask(small, `${DATA}/limits`, { account: 'acme', token: access });
      const first = await limits();
      expect(first.headers['sforce-limit-info']).toBe('api-usage=1/1');
      expect(first.json).toEqual({ DailyApiRequests: { Max: 1, Remaining: 0 } });
      const over = await limits();
      expect(over.status).toBe(403);
      expect(over.json).toMatchObject([{ errorCode: 'REQUEST_LIMIT_EXCEEDED' }]);
    } finally {
      await small.close();
    }
  });

  test('without a session', async () => {
    const answer = await ask(sandbox, `${DATA}/query?q=SELECT+Id+FROM+Account`, { account });
    expect(answer.status).toBe(401);
    expect(answer.json).toEqual([{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }]);
  });
});

test('the versions are public', async () => {
  const answer = await ask(sandbox, '/services/data', { account });
  expect(answer.json).toMatchObject([{ url: DATA, version: '60.0' }]);
  expect(answer.headers['sforce-limit-info']).toBeUndefined();
});

test('following the relative next URLs finds all 5,000 accounts once, 2,000 at a time', async () => {
  const seen = new Set<string>();
  const sizes: number[] = [];
  let answer = await query('SELECT Id, Name FROM Account');
  for (;;) {
    expect(textAt(answer, 'totalSize')).toBe('5000');
    for (const id of ids(answer)) seen.add(id);
    sizes.push(ids(answer).length);
    if (textAt(answer, 'done') === 'true') break;
    expect(textAt(answer, 'nextRecordsUrl')).toMatch(/^\/services\/data\/v60\.0\/query\/01g\w+-\d+$/);
    answer = await get(textAt(answer, 'nextRecordsUrl'));
  }
  expect(sizes).toEqual([2000, 2000, 1000]);
  expect(seen.size).toBe(5000);
  expect(listAt(answer, 'records')[0]).toMatchObject({ attributes: { type: 'Account' }, Name: expect.any(String) });
});

test('the batch size is the asked one within 200 and 2,000, and a limit bounds the whole result', async () => {
  expect(ids(await query('SELECT Id FROM Account', { 'sforce-query-options': 'batchSize=300' }))).toHaveLength(300);
  expect(ids(await query('SELECT Id FROM Account', { 'sforce-query-options': 'batchSize=1' }))).toHaveLength(200);
  const limited = await query('SELECT Id FROM Account LIMIT 250', { 'sforce-query-options': 'batchSize=200' });
  expect(limited.json).toMatchObject({ totalSize: 250, done: false });
  const rest = await get(textAt(limited, 'nextRecordsUrl'), { 'sforce-query-options': 'batchSize=200' });
  expect(ids(rest)).toHaveLength(50);
  expect((await query('SELECT COUNT() FROM Account')).json).toEqual({ totalSize: 5000, done: true, records: [] });
  expect((await query('SELECT FIELDS(ALL) FROM Account LIMIT 1')).json).toMatchObject({ totalSize: 1, done: true });
});

test('the eleventh cursor ends the first one, and a made-up one is refused', async () => {
  const cursors: string[] = [];
  for (let count = 0; count < 11; count += 1)
    cursors.push(textAt(await query('SELECT Id FROM Account'), 'nextRecordsUrl'));
  const [first = '', second = ''] = cursors;
  const gone = await get(first);
  expect(gone.status).toBe(400);
  expect(gone.json).toMatchObject([{ errorCode: 'INVALID_QUERY_LOCATOR' }]);
  expect((await get(second)).status).toBe(200);
  expect((await get(`${DATA}/query/01gnothing-2000`)).json).toMatchObject([{ errorCode: 'INVALID_QUERY_LOCATOR' }]);
});

test('an incremental query finds exactly what changed, also while its pages are read', async () => {
  const change = { provider: 'salesforce', account, object: 'Account' } as const;
  const modified = sandbox.change({ ...change, kind: 'modify', count: 250, atMs: clock.ms + MINUTE_MS });
  const created = sandbox.change({
    ...change,
    kind: 'create',
    count: 1,
    atMs: clock.ms + MINUTE_MS,
    values: { Name: 'New' },
  });
  const since = toRfc3339(clock.ms).replace('.000', '');
  const until = toRfc3339(clock.ms + MINUTE_MS);
  const soql = `SELECT Id FROM Account WHERE SystemModstamp > ${since} AND SystemModstamp <= ${until}`;
  const first = await query(soql, { 'sforce-query-options': 'batchSize=200' });
  expect(first.json).toMatchObject({ totalSize: 251, done: false });
  sandbox.change({ ...change, kind: 'modify', count: 100, atMs: clock.ms + 2 * MINUTE_MS });
  const second = await get(textAt(first, 'nextRecordsUrl'));
  expect([...ids(first), ...ids(second)]).toEqual([...modified, ...created]);
  expect((await query(soql)).json).toMatchObject({ totalSize: 151 });
});

test('removed records are left out of query and shown by queryAll', async () => {
  const [removed = ''] = sandbox.change({
    provider: 'salesforce',
    account,
    object: 'Account',
    kind: 'remove',
    count: 1,
  });
  const soql = 'SELECT Id FROM Account WHERE IsDeleted = true';
  expect(ids(await query(soql))).toEqual([]);
  expect(ids(await get(`${DATA}/queryAll?q=${encodeURIComponent(soql)}`))).toEqual([removed]);
});

test('records are found by id, by value and in order', async () => {
  const wanted = [17, 3].map((index) => salesforceIdOf('001', index));
  expect(ids(await query(`SELECT Id FROM Account WHERE Id IN ('${wanted.join("','")}')`))).toEqual(
    [...wanted].reverse(),
  );
  expect(ids(await query(`SELECT Id FROM Account WHERE Id > '${salesforceIdOf('001', 4997)}'`))).toHaveLength(2);
  const large = await query(
    "SELECT Id, NumberOfEmployees FROM Account WHERE NumberOfEmployees >= 4000 AND Industry = 'Media'",
  );
  expect(ids(large).length).toBeGreaterThan(10);
  for (const record of listAt(large, 'records')) expect(record['NumberOfEmployees']).toBeGreaterThanOrEqual(4000);
  const named = listAt(await query('SELECT Name FROM Account ORDER BY Name DESC LIMIT 100'), 'records');
  const names = named.map((record) => String(record['Name']).toLowerCase());
  expect(names).toEqual([...names].sort().reverse());
});

test.each([
  ['=', 5000],
  ['!=', 0],
  ['>', 0],
  ['<=', 0],
])('a field without a value stands in the relation %s to null in %d accounts', async (sign, total) => {
  expect((await query(`SELECT Id FROM Account WHERE Description ${sign} null`)).json).toMatchObject({
    totalSize: total,
  });
});

test('a contact belongs to an account that exists', async () => {
  const [contact] = listAt(await query('SELECT AccountId FROM Contact LIMIT 1'), 'records');
  const parent = await get(`${DATA}/sobjects/Account/${String(contact?.['AccountId'])}`);
  expect(parent.status).toBe(200);
});

describe('a write is refused', () => {
  test.each([
    [
      'of an unknown field',
      { Name: 'x', Nope: 1 },
      'INVALID_FIELD',
      "No such column 'Nope' on sobject of type Account",
    ],
    ['of a system field', { Name: 'x', SystemModstamp: 'x' }, 'INVALID_FIELD_FOR_INSERT_UPDATE', 'SystemModstamp'],
    ['without a required field', { Phone: '1' }, 'REQUIRED_FIELD_MISSING', '[Name]'],
  ])('%s', async (_case, body, errorCode, message) => {
    const answer = await send('POST', 'Account', body);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject([{ errorCode, message: expect.stringContaining(message) }]);
  });

  test('to a record or an object that is not there', async () => {
    expect((await send('PATCH', `Account/${salesforceIdOf('001', 9999)}`, { Name: 'x' })).status).toBe(404);
    expect((await send('POST', 'Spaceship', { Name: 'x' })).status).toBe(404);
    expect((await send('POST', `Account/${salesforceIdOf('001', 1)}`, { Name: 'x' })).status).toBe(405);
  });
});

test('an account is created, read, changed both ways and removed', async () => {
  const created = await send('POST', 'Account', { name: 'Initech' });
  expect(created.status).toBe(201);
  expect(created.json).toMatchObject({ success: true, errors: [] });
  const path = `Account/${textAt(created, 'id')}`;
  expect((await send('PATCH', path, { Phone: '1' })).status).toBe(204);
  expect((await send('POST', `${path}?_HttpMethod=PATCH`, { Website: 'https://x.example' })).status).toBe(204);
  expect((await get(`${DATA}/sobjects/${path}`)).json).toMatchObject({
    Name: 'Initech',
    Phone: '1',
    Website: 'https://x.example',
    attributes: { type: 'Account', url: `${DATA}/sobjects/${path}` },
  });
  const remove = () => ask(sandbox, `${DATA}/sobjects/${path}`, { method: 'DELETE', account, token });
  expect((await remove()).status).toBe(204);
  expect((await remove()).json).toMatchObject([{ errorCode: 'ENTITY_IS_DELETED' }]);
  expect((await get(`${DATA}/sobjects/${path}`)).status).toBe(404);
});

test('describe names fields, types and references', async () => {
  const fields = listAt(await get(`${DATA}/sobjects/Contact/describe`), 'fields');
  expect(fields.find((field) => field['name'] === 'AccountId')).toMatchObject({
    type: 'reference',
    referenceTo: ['Account'],
  });
  expect(fields.find((field) => field['name'] === 'Id')).toMatchObject({ type: 'id', createable: false });
});

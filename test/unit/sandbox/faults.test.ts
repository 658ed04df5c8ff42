import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IntegrationError } from '../../../src/core/errors.ts';
import { SANDBOX_FAULT_RULES_MAX } from '../../../src/core/limits.ts';
import { FaultPlan } from '../../../src/sandbox/faults.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import {
  type Ask,
  ask,
  connectSalesforce,
  hubspotAccess,
  salesforceAccess,
  salesforceToken,
  TestClock,
  textAt,
} from './client.ts';

let sandbox: Sandbox;
let token: string;

beforeEach(async () => {
  sandbox = await startSandbox({ clock: new TestClock(), autoConsent: true });
  token = await hubspotAccess(sandbox);
});
afterEach(() => sandbox.close());

const LIST = '/crm/v3/objects/contacts';
const list = () => ask(sandbox, LIST, { token });

test('more rules than may wait are refused', () => {
  const plan = new FaultPlan();
  for (let count = 0; count < SANDBOX_FAULT_RULES_MAX; count += 1) plan.next({}, { kind: 'reset' });
  expect(() => plan.next({}, { kind: 'reset' })).toThrow(IntegrationError);
});

test('a rule meets as many matching requests as it was told, in order, and no others', async () => {
  sandbox.faults.next({ provider: 'salesforce' }, { kind: 'status', status: 500 });
  sandbox.faults.next({ pathPrefix: '/crm/', method: 'get' }, { kind: 'status', status: 500 }, 2);
  sandbox.faults.next({ pathPrefix: '/crm/' }, { kind: 'status', status: 502 });
  const statuses: number[] = [];
  for (let count = 0; count < 4; count += 1) statuses.push((await list()).status);
  expect(statuses).toEqual([500, 500, 502, 200]);
  expect(sandbox.stats().faultsMet).toBe(3);
});

test.each([
  ['hubspot', '/crm/v3/objects/contacts', { status: 'error', policyName: 'TEN_SECONDLY_ROLLING' }],
  ['salesforce', '/services/data/v60.0/limits', [{ errorCode: 'REQUEST_LIMIT_EXCEEDED' }]],
  ['stripe', '/v1/customers', { error: { type: 'invalid_request_error' } }],
  ['freshdesk', '/api/v2/tickets', { code: 'status_429' }],
] as const)('a status is answered in the shape of %s', async (provider, path, body) => {
  sandbox.faults.next({ provider }, { kind: 'status', status: 429, retryAfterSeconds: 7 });
  const answer = await ask(sandbox, path, { token });
  expect(answer.status).toBe(429);
  expect(answer.headers['retry-after']).toBe('7');
  expect(answer.json).toMatchObject(body);
});

test('a status may come as an HTML page', async () => {
  sandbox.faults.next({}, { kind: 'status', status: 503, isHtml: true });
  const answer = await list();
  expect(answer.status).toBe(503);
  expect(answer.headers['content-type']).toContain('text/html');
});

test('a login page and half a document come with status 200', async () => {
  sandbox.faults.next({}, { kind: 'html200' });
  sandbox.faults.next({}, { kind: 'malformedJson' });
  expect((await list()).headers['content-type']).toContain('text/html');
  const half = await list();
  expect(half.status).toBe(200);
  expect(half.headers['content-type']).toBe('application/json');
  expect(() => JSON.parse(half.text)).toThrow(SyntaxError);
});

test('a reset and a truncated body break the connection, and the next request is fine', async () => {
  sandbox.faults.next({}, { kind: 'reset' });
  sandbox.faults.next({}, { kind: 'truncated' });
  await expect(list()).rejects.toThrow(/socket hang up|ECONNRESET/);
  await expect(list()).rejects.toThrow(/aborted|ECONNRESET/);
  expect((await list()).status).toBe(200);
});

test('a slow head comes when it is released, not before', async () => {
  const rule = sandbox.faults.next({}, { kind: 'slowHead' });
  let hasAnswered = false;
  const answer = list().then((it) => {
    hasAnswered = true;
    return it;
  });
  await rule.reached;
  expect((await list()).status).toBe(200);
  expect(hasAnswered).toBe(false);
  rule.release();
  expect((await answer).status).toBe(200);
  expect(rule.hits).toBe(1);
});

test('clearing forgets rules and releases what is held', async () => {
  const rule = sandbox.faults.next({}, { kind: 'slowHead' });
  const held = list();
  await rule.reached;
  sandbox.faults.next({}, { kind: 'status', status: 500 }, 10);
  sandbox.faults.clear();
  expect((await held).status).toBe(200);
  expect((await list()).status).toBe(200);
});

test('a lost answer of the token endpoint: the rotation happened and the old token counts as reused', async () => {
  const tokens = await connectSalesforce(sandbox);
  const refresh = () =>
    salesforceToken(sandbox, 'acme', { grant_type: 'refresh_token', refresh_token: textAt(tokens, 'refresh_token') });
  sandbox.faults.next({ pathPrefix: '/services/oauth2/token' }, { kind: 'rotateThenReset' });
  await expect(refresh()).rejects.toThrow(/socket hang up|ECONNRESET/);
  expect(sandbox.stats()).toMatchObject({ refreshes: 1, refreshTokensReused: 0 });
  expect(textAt(await refresh(), 'error')).toBe('invalid_grant');
  expect(sandbox.stats()).toMatchObject({ refreshes: 1, refreshTokensReused: 1 });
});

describe('over HTTP', () => {
  const control = (method: string, path: string, body?: Ask['body']) =>
    ask(sandbox, `/__sandbox/${path}`, { method, ...(body === undefined ? {} : { body }) });

  test.each([
    ['faults', '{'],
    ['faults', {}],
    ['faults', { fault: { kind: 'nothing' } }],
    ['faults', { fault: { kind: 'status', status: 99 } }],
    ['faults', { fault: { kind: 'reset' }, times: -1 }],
    ['faults', { fault: { kind: 'reset' }, times: 0 }],
    ['faults', { fault: { kind: 'reset' }, match: { provider: 'other' } }],
    ['changes', { kind: 'modify', provider: 'hubspot', account: 'acme', object: 'contacts' }],
    ['changes', { kind: 'create', provider: 'hubspot', account: 'acme', object: 'contacts', count: 100_001 }],
    ['grants/revoke', { provider: 'stripe', account: 'acme' }],
  ])('%s refuses %o', async (path, body) => {
    expect((await control('POST', path, body)).status).toBe(400);
  });

  test('an unknown object cannot be changed', async () => {
    const body = { kind: 'create', provider: 'hubspot', account: 'acme', object: 'toString', count: 1 };
    expect((await control('POST', 'changes', body)).status).toBe(404);
  });

  test('faults are planned, held requests released, and rules forgotten', async () => {
    const planned = await control('POST', 'faults', { match: { provider: 'hubspot' }, fault: { kind: 'slowHead' } });
    expect(planned.status).toBe(201);
    const held = list();
    while (textAt(await control('GET', 'stats'), 'faultsMet') !== '1');
    expect((await control('POST', `faults/${textAt(planned, 'id')}/release`)).json).toEqual({ released: true });
    expect((await held).status).toBe(200);
    await control('POST', 'faults', { fault: { kind: 'status', status: 500, retryAfterSeconds: 1 }, times: 2 });
    expect((await list()).status).toBe(500);
    await control('DELETE', 'faults');
    expect((await list()).status).toBe(200);
  });

  test('records change, tokens expire and grants end', async () => {
    const change = { kind: 'modify', provider: 'hubspot', account: 'acme', object: 'contacts', count: 2, fromIndex: 5 };
    expect((await control('POST', 'changes', change)).json).toEqual({ ids: ['10006', '10007'] });
    const salesforce = await salesforceAccess(sandbox);
    expect((await control('POST', 'tokens/expire')).json).toEqual({ expired: 2 });
    expect((await list()).status).toBe(401);
    const revoke = { provider: 'salesforce', account: 'acme' };
    expect((await control('POST', 'grants/revoke', revoke)).json).toEqual({ revoked: 1 });
    const userInfo = await ask(sandbox, '/services/oauth2/userinfo', { account: 'acme', token: salesforce });
    expect(userInfo.status).toBe(401);
  });
});

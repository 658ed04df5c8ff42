import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IntegrationError } from '../../../src/core/errors.ts';
import { SANDBOX_BODY_BYTES_MAX, SANDBOX_RECORDS_MAX, SANDBOX_STREAM_BYTES_MAX } from '../../../src/core/limits.ts';
import { toRfc3339 } from '../../../src/core/time.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { type Answer, ask, hubspotAccess, listAt, salesforceAccess, TestClock, textAt } from './client.ts';

const STRIPE_KEY = 'sk_test_abc';
const BASIC = { authorization: `Basic ${btoa('key:X')}` };
let sandbox: Sandbox;
let clock: TestClock;

beforeAll(async () => {
  clock = new TestClock();
  sandbox = await startSandbox({ clock, autoConsent: true });
});
afterAll(() => sandbox.close());

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test.each([-1, 0.5, SANDBOX_RECORDS_MAX + 1])('%d contacts are refused', async (hubspotContacts) => {
  await expect(startSandbox({ hubspotContacts })).rejects.toThrow(IntegrationError);
});

test('a taken port is refused with the reason of the system', async () => {
  await expect(startSandbox({ port: sandbox.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('a body beyond the bound is refused', async () => {
  const token = await hubspotAccess(sandbox);
  const body = 'x'.repeat(SANDBOX_BODY_BYTES_MAX + 1);
  const answer = await ask(sandbox, '/crm/v3/objects/contacts', { method: 'POST', token, body });
  expect(answer.status).toBe(413);
  const headers = { 'transfer-encoding': 'chunked' };
  const chunked = await ask(sandbox, '/crm/v3/objects/contacts', { method: 'POST', token, body, headers });
  expect(chunked.status).toBe(413);
});

test('closing drops what is open and frees the port', async () => {
  const short = await startSandbox({ autoConsent: true });
  const { port } = short;
  const held = short.faults.next({}, { kind: 'slowHead' });
  const request = ask(short, '/v1/customers').catch((error: Error) => error);
  await held.reached;
  await short.close();
  await request;
  const again = await startSandbox({ port });
  expect(again.origin).toBe(`http://127.0.0.1:${port}`);
  await again.close();
});

test('the catalog overrides lead every provider here, accounts by host name', () => {
  const { port, origin } = sandbox;
  expect(sandbox.catalogOverrides()).toMatchObject({
    hubspot: { baseURL: origin, modules: { crm: { baseURL: `${origin}/crm` } } },
    salesforce: {
      baseURL: `http://{{.workspace}}.localhost:${port}`,
      oauth2Opts: { tokenURL: `http://{{.workspace}}.localhost:${port}/services/oauth2/token` },
    },
    stripe: { baseURL: origin },
    freshdesk: { baseURL: `http://{{.workspace}}.localhost:${port}` },
  });
});

describe('Stripe', () => {
  test.each([
    ['without a key', {}, '/v1/customers', 401],
    ['with a live key', { token: 'sk_live_abc' }, '/v1/customers', 401],
    ['for a page of 101', { token: STRIPE_KEY }, '/v1/customers?limit=101', 400],
    ['after a customer that is none', { token: STRIPE_KEY }, '/v1/customers?starting_after=x', 404],
    ['for a customer that is not there', { token: STRIPE_KEY }, '/v1/customers/cus_x', 404],
    [
      'to write an unknown parameter',
      { token: STRIPE_KEY, method: 'POST', body: new URLSearchParams({ nope: '1' }) },
      '/v1/customers',
      400,
    ],
  ])('refuses a request %s', async (_case, options, path, status) => {
    const answer = await ask(sandbox, path, options);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ error: { type: 'invalid_request_error', message: expect.any(String) } });
  });

  test('lists all customers newest first, and a form creates and changes one', async () => {
    const created = await ask(sandbox, '/v1/customers', {
      token: STRIPE_KEY,
      method: 'POST',
      body: new URLSearchParams({ email: 'a@b.example' }),
    });
    const path = `/v1/customers/${textAt(created, 'id')}`;
    const body = new URLSearchParams({ name: 'Ann' });
    await ask(sandbox, path, { token: STRIPE_KEY, method: 'POST', body });
    expect((await ask(sandbox, path, { token: STRIPE_KEY })).json).toMatchObject({ email: 'a@b.example', name: 'Ann' });
    const seen: string[] = [];
    let after = '';
    for (;;) {
      const page: Answer = await ask(sandbox, `/v1/customers?limit=100${after}`, { token: STRIPE_KEY });
      seen.push(...listAt(page, 'data').map((customer) => String(customer['id'])));
      after = `&starting_after=${seen.at(-1)}`;
      if (textAt(page, 'has_more') === 'false') break;
    }
    expect(seen[0]).toBe(textAt(created, 'id'));
    expect(new Set(seen).size).toBe(501);
    expect(seen).toHaveLength(501);
    const since = Math.floor(clock.ms / 1000);
    const recent = await ask(sandbox, `/v1/customers?created[gte]=${since}`, { token: STRIPE_KEY });
    expect(listAt(recent, 'data')).toHaveLength(1);
  });
});

describe('Freshdesk', () => {
  test.each([
    ['without a key', {}, '', 401],
    ['with an empty key', { headers: { authorization: `Basic ${btoa(':X')}` } }, '', 401],
    ['for a page of 101', { headers: BASIC }, '?per_page=101', 400],
    ['for page 301', { headers: BASIC }, '?page=301', 400],
    ['since a time that is none', { headers: BASIC }, '?updated_since=x', 400],
  ])('refuses a request %s', async (_case, options, query, status) => {
    const answer = await ask(sandbox, `/api/v2/tickets${query}`, { account: 'acme', ...options });
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ code: expect.any(String) });
  });

  test('refuses more than its limit per minute and says when to come back', async () => {
    const limited = await startSandbox({ clock, freshdeskRequestsPerMinute: 1 });
    try {
      const list = () => ask(limited, '/api/v2/tickets', { headers: BASIC });
      expect((await list()).headers).toMatchObject({ 'x-ratelimit-total': '1', 'x-ratelimit-remaining': '0' });
      const over = await list();
      expect(over.status).toBe(429);
      clock.ms += Number(over.headers['retry-after']) * 1000;
      expect((await list()).status).toBe(200);
    } finally {
      await limited.close();
    }
  });

  test('the links lead through all tickets once, and a time finds what changed', async () => {
    const seen = new Set<number>();
    let path = '/api/v2/tickets?per_page=100';
    for (;;) {
      const page = await ask(sandbox, path, { account: 'acme', headers: BASIC });
      for (const ticket of page.json as readonly { readonly id: number }[]) seen.add(ticket.id);
      const link = /^<([^>]+)>; rel="next"$/.exec(String(page.headers.link ?? ''))?.[1];
      if (link === undefined) break;
      expect(link).toContain(`http://acme.localhost:${sandbox.port}/`);
      path = link.slice(link.indexOf('/api/'));
    }
    expect(seen.size).toBe(500);
    const [id] = sandbox.change({
      provider: 'freshdesk',
      account: 'acme',
      object: 'tickets',
      kind: 'modify',
      count: 1,
      fromIndex: 7,
    });
    const since = encodeURIComponent(toRfc3339(clock.ms));
    const changed = await ask(sandbox, `/api/v2/tickets?updated_since=${since}`, { account: 'acme', headers: BASIC });
    expect(changed.json).toMatchObject([{ id: Number(id) }]);
  });
});

describe('echo', () => {
  test('refuses callers without a credential', async () => {
    expect((await ask(sandbox, '/echo/x')).status).toBe(401);
    expect((await ask(sandbox, '/bytes/1')).status).toBe(401);
    expect((await ask(sandbox, '/echo/x', { token: 'unknown' })).status).toBe(401);
  });

  test('tells every provider what arrived, credentials as digests', async () => {
    const salesforce = await salesforceAccess(sandbox);
    const callers = [
      ['hubspot', { token: await hubspotAccess(sandbox) }],
      ['salesforce', { token: salesforce, account: 'acme' }],
      ['stripe', { token: STRIPE_KEY }],
      ['freshdesk', { headers: BASIC, account: 'acme' }],
    ] as const;
    for (const [provider, caller] of callers) {
      const answer = await ask(sandbox, '/echo/a%2Fb?x=1&x=%20', { ...caller, method: 'PUT', body: 'héllo' });
      expect(answer.json).toMatchObject({
        provider,
        method: 'PUT',
        path: '/echo/a%2Fb',
        query: 'x=1&x=%20',
        body: { bytes: 6, sha256: sha256('héllo') },
      });
    }
    const seen = await ask(sandbox, '/echo', { token: salesforce, account: 'acme', headers: { 'x-own': 'yes' } });
    expect(seen.text).not.toContain(salesforce);
    expect(textAt(seen, 'headers.authorization')).toBe(`sha256:${sha256(`Bearer ${salesforce}`)}`);
    expect(textAt(seen, 'headers.x-own')).toBe('yes');
    expect(textAt(seen, 'body.sha256')).toBe(sha256(''));
  });

  test.each([0, 1, 65_536, 1_000_001])('streams %d bytes with their length', async (count) => {
    const answer = await ask(sandbox, `/bytes/${count}`, { token: STRIPE_KEY });
    expect(answer.headers['content-length']).toBe(String(count));
    expect(answer.text).toHaveLength(count);
  });

  test.each(['x', '-1', String(SANDBOX_STREAM_BYTES_MAX + 1)])('does not stream %s bytes', async (count) => {
    expect((await ask(sandbox, `/bytes/${count}`, { token: STRIPE_KEY })).status).toBe(400);
  });
});

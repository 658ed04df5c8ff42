// Proxied calls over real HTTP, from the builder's client through Tenon to a provider: who is let through, what of a
// call crosses in each direction, and what happens when either side misbehaves. Stripe's address is a server of this
// file, which shows raw requests; the other providers are simulated.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { newId, type ProjectId } from '../../src/core/ids.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { REPLAYABLE_BODY_BYTES_MAX } from '../../src/core/limits.ts';
import { MINUTE_MS } from '../../src/core/time.ts';
import { hashApiKey, insertApiKey, insertProject } from '../../src/store/tables/accounts.ts';
import { fakeClock } from '../support/clock.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';

const MANIFEST = `specVersion: 1.0.0
integrations:
  - {name: hubspot, provider: hubspot, proxy: {enabled: true}}
  - {name: salesforce, provider: salesforce, proxy: {enabled: true}}
  - {name: stripe, provider: stripe, proxy: {enabled: true}}
  - {name: freshdesk, provider: freshdesk, proxy: {enabled: true}}
  - {name: off, provider: stripe, proxy: {enabled: false}}
  - {name: closed, provider: freshdesk, proxy: {enabled: true}}
`;
const STRIPE_KEY = 'sk_test_of-the-customer';
const OTHER_KEY = 'tnn_the-key-of-another-project';
/** More than every buffer on the way can hold, and less. */
const LONG_BYTES = 192 * 1_048_576;
const BUFFERED_BYTES_MAX = 48 * 1_048_576;
const PIECE = Buffer.alloc(65_536, 'x');

let tenon: Tenon;
let upstream: Server;
/** What the server behind Stripe's address does with the next requests. */
let answer: RequestListener;
let otherProject: ProjectId;
const installed: Record<string, string> = {};

beforeAll(async () => {
  upstream = createServer((incoming, outgoing) => answer(incoming, outgoing));
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const baseURL = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  tenon = await startTenon({ overrides: { stripe: { baseURL } } });
  await tenon.deploy(MANIFEST);
  await tenon.connect('hubspot');
  await tenon.connect('salesforce', { workspace: 'acme' });
  await generate({ provider: 'stripe', apiKey: STRIPE_KEY });
  await generate({ provider: 'freshdesk', basicAuth: { username: 'key', password: '' }, providerWorkspaceRef: 'acme' });
  for (const name of ['hubspot', 'salesforce', 'stripe', 'freshdesk']) {
    installed[name] = (await tenon.install(name, { provider: name })).id;
  }
  installed['off'] = (await tenon.install('off', { provider: 'stripe' })).id;
  installed['closed'] = (await tenon.install('closed', { provider: 'freshdesk', proxy: { enabled: false } })).id;
  otherProject = newId<ProjectId>();
  const createdAtMs = Date.now();
  const keyHash = hashApiKey(OTHER_KEY);
  await tenon.running.services.store.commit([
    insertProject({ projectId: otherProject, name: 'other', appName: 'Other', orgId: 'org', createdAtMs }),
    insertApiKey({ keyHash, projectId: otherProject, label: 'test', scopes: '["full"]', createdAtMs }),
  ]);
});

afterAll(async () => {
  await tenon.stop();
  upstream.closeAllConnections();
  upstream.close();
});

function generate(credential: JsonObject, groupRef = 'acme', consumerRef = 'ada'): Promise<unknown> {
  return tenon.ok('POST', tenon.inProject('/connections:generate'), { groupRef, consumerRef, ...credential });
}

/** The headers of a call for an installation, as pairs. */
function headersFor(name: string): Record<string, string> {
  return {
    'x-api-key': tenon.apiKey,
    'x-amp-proxy-version': '1',
    'x-amp-project-id': tenon.projectId,
    'x-amp-installation-id': installed[name] ?? '',
  };
}

/** A call whose request line and headers are exactly these. */
async function send(path: string, headers: Record<string, string | string[]>, method = 'GET', body?: string) {
  const { port } = tenon.running;
  const call = request({ port, host: '127.0.0.1', path, method, headers, agent: false });
  call.end(body);
  const [incoming] = (await once(call, 'response')) as [IncomingMessage];
  return { status: incoming.statusCode, headers: incoming.headers, text: await text(incoming) };
}

async function echoOf(name: string, path = '/echo/x', init: RequestInit = {}): Promise<JsonObject> {
  const response = await tenon.proxy(installed[name] ?? '', path, init);
  expect(response.status).toBe(200);
  return (await response.json()) as JsonObject;
}

const digestOf = (value: string) => `sha256:${createHash('sha256').update(value).digest('hex')}`;

describe('the proxy lets nobody through', () => {
  const without = (name: string) => () =>
    Object.fromEntries(Object.entries(headersFor('stripe')).filter(([key]) => key !== name));
  const withOther = (changed: Record<string, string>) => () => ({ ...headersFor('stripe'), ...changed });
  const byGroup = (integration: string, group: string) => () => ({
    ...without('x-amp-installation-id')(),
    'x-amp-integration-name': integration,
    'x-amp-group-ref': group,
  });
  it.each<[string, () => Record<string, string>, number, string]>([
    ['without a key', without('x-api-key'), 401, 'API key'],
    ['with a wrong key', withOther({ 'x-api-key': 'tnn_no' }), 401, 'API key'],
    ['of another version of the protocol', withOther({ 'x-amp-proxy-version': '2' }), 400, 'x-amp-proxy-version'],
    ['without a project', without('x-amp-project-id'), 400, 'x-amp-project-id'],
    ['with a project that cannot be', withOther({ 'x-amp-project-id': '../x' }), 400, 'x-amp-project-id'],
    ['with the project of somebody else', withOther({ 'x-amp-project-id': 'other' }), 404, 'no such project'],
    ['without an installation', without('x-amp-installation-id'), 400, 'x-amp-installation-id'],
    ['with half a name of one', withOther({ 'x-amp-installation-id': '' }), 404, 'no such installation'],
    ['with an unknown installation', withOther({ 'x-amp-installation-id': 'none' }), 404, 'no such installation'],
    ['with an unknown integration', byGroup('none', 'acme'), 404, 'no integration named "none"'],
    ['with a group that has not installed', byGroup('stripe', 'nobody'), 404, 'has not installed'],
    ['where the manifest says no', () => headersFor('off'), 403, 'proxy is not enabled'],
    ['where the installation says no', () => headersFor('closed'), 403, 'proxy is not enabled'],
  ])('%s', async (_what, headers, status, says) => {
    answer = () => expect.unreachable('nothing may reach the provider');
    const refused = await send('/v1/customers', headers());
    expect(refused.status).toBe(status);
    expect(refused.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(JSON.parse(refused.text)).toMatchObject({ status, detail: expect.stringContaining(says) });
  });

  it('to an installation of another project', async () => {
    answer = () => expect.unreachable('nothing may reach the provider');
    const theirs = { ...headersFor('stripe'), 'x-api-key': OTHER_KEY };
    expect((await send('/', { ...theirs, 'x-amp-project-id': otherProject })).status).toBe(404);
    expect((await send('/', theirs)).status).toBe(404);
  });

  it('to one of several installations of a group, unless it is named', async () => {
    const connection = { provider: 'stripe', apiKey: 'sk_test_2' };
    await generate(connection, 'twice', 'one');
    const path = tenon.inProject('/integrations/stripe/installations');
    const made = await tenon.ok<JsonObject[]>('GET', tenon.inProject('/connections?groupRef=twice'));
    await generate(connection, 'twice', 'two');
    const both = await tenon.ok<JsonObject[]>('GET', tenon.inProject('/connections?groupRef=twice'));
    expect([made.length, both.length]).toEqual([1, 2]);
    for (const { id } of both) {
      await tenon.ok('POST', path, {
        groupRef: 'twice',
        connectionId: id,
        config: { content: { provider: 'stripe' } },
      });
    }
    const refused = await send('/', byGroup('stripe', 'twice')());
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.text)).toMatchObject({ remedy: expect.stringContaining('x-amp-installation-id') });
  });

  it('to an address inside the network, unless the operator permits it', async () => {
    await using guarded = await startTenon({ env: { TENON_EGRESS_ALLOW: '' } });
    await guarded.deploy(MANIFEST);
    const basicAuth = { username: 'key', password: '' };
    const body = {
      provider: 'freshdesk',
      groupRef: 'acme',
      consumerRef: 'ada',
      providerWorkspaceRef: 'acme',
      basicAuth,
    };
    await guarded.ok('POST', guarded.inProject('/connections:generate'), body);
    const { id } = await guarded.install('freshdesk', { provider: 'freshdesk' });
    const response = await guarded.proxy(id, '/api/v2/tickets');
    expect(response.status).toBe(403);
    const problem = (await response.json()) as JsonObject;
    expect(problem).toMatchObject({ code: 'egress_refused', remedy: expect.stringContaining('TENON_EGRESS_ALLOW') });
    expect(problem['detail']).not.toContain('127.0.0.1');
    expect(guarded.sandbox.stats().requestsByProvider.freshdesk).toBe(0);
  });

  it('to another host by an absolute request target', async () => {
    answer = () => expect.unreachable('nothing may reach the provider');
    const refused = await send('http://evil.example/x', headersFor('stripe'));
    expect(refused.status).toBe(400);
  });
});

describe('the proxy attaches', () => {
  const bearer = (name: string) => {
    const { connectionId } = tenon.running.services.targets.ofInstallation(
      tenon.projectId as ProjectId,
      installed[name] ?? '',
    ).lease;
    const credential = tenon.credentialOf(connectionId);
    return credential.scheme === 'oauth2' ? `Bearer ${credential.accessToken}` : '';
  };

  it.each(['hubspot', 'salesforce'])('the token of %s in place of what the caller sent', async (name) => {
    const echo = await echoOf(name, '/echo/x', { headers: { authorization: 'Bearer of-the-caller' } });
    expect(echo['headers']).toMatchObject({ authorization: digestOf(bearer(name)) });
    expect(echo).toMatchObject({ provider: name });
  });

  it('a user name and password', async () => {
    const echo = await echoOf('freshdesk');
    expect(echo).toMatchObject({ provider: 'freshdesk', account: 'acme' });
    const basic = `Basic ${Buffer.from('key:X').toString('base64')}`;
    const plain = `Basic ${Buffer.from('key:').toString('base64')}`;
    expect([digestOf(basic), digestOf(plain)]).toContain((echo['headers'] as JsonObject)['authorization']);
  });

  it('an API key as a header', async () => {
    answer = (incoming, outgoing) => outgoing.end(incoming.headers.authorization);
    expect(await (await tenon.proxy(installed['stripe'] ?? '', '/')).text()).toBe(`Bearer ${STRIPE_KEY}`);
  });

  it('an API key as a query parameter, behind the query of the caller', async () => {
    const apiKeyOpts = { attachmentType: 'query', query: { name: 'api key' } };
    const { port } = upstream.address() as AddressInfo;
    const overrides = { stripe: { baseURL: `http://127.0.0.1:${port}/base/`, apiKeyOpts } };
    await using other = await startTenon({ overrides });
    await other.deploy(MANIFEST);
    const body = { provider: 'stripe', groupRef: 'acme', consumerRef: 'ada', apiKey: 'a&b=c' };
    await other.ok('POST', other.inProject('/connections:generate'), body);
    const { id } = await other.install('stripe', { provider: 'stripe' });
    answer = (incoming, outgoing) => outgoing.end(incoming.url);
    expect(await (await other.proxy(id, '/x')).text()).toBe('/base/x?api%20key=a%26b%3Dc');
    expect(await (await other.proxy(id, '/x?y=1')).text()).toBe('/base/x?y=1&api%20key=a%26b%3Dc');
  });
});

describe('the proxy carries', () => {
  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])('the method %s', async (method) => {
    let seen: string | undefined;
    answer = (incoming, outgoing) => {
      seen = incoming.method;
      outgoing.writeHead(200, { 'x-seen': '1' }).end();
    };
    // The server says there when an answer is written twice.
    const complaints = vi.spyOn(console, 'error');
    onTestFinished(() => complaints.mockRestore());
    const { status, headers } = await send('/v1/projects', headersFor('stripe'), method);
    expect([status, headers['x-seen'], seen]).toEqual([200, '1', method]);
    expect(complaints).not.toHaveBeenCalled();
  });

  it.each([
    '/v1/x?a=1&a=2&b=%20+%2B&c',
    '/v1/x?',
    '/v1//x/../y/%2e%2e/%2F?q=%zz',
    '/callbacks/v1/oauth?state=1',
    '/health',
    "/v1/q?query=SELECT+Id+FROM+A+WHERE+x='y'",
  ])('path and query byte for byte: %s', async (path) => {
    answer = (incoming, outgoing) => outgoing.end(incoming.url);
    expect((await send(path, headersFor('stripe'))).text).toBe(path);
  });

  it('calls that name integration and group', async () => {
    answer = (_incoming, outgoing) => outgoing.end('here');
    const { 'x-amp-installation-id': _id, ...headers } = headersFor('stripe');
    const named = { ...headers, 'x-amp-integration-name': 'stripe', 'x-amp-group-ref': 'acme' };
    expect(await send('/', named)).toMatchObject({ status: 200, text: 'here' });
  });

  it('the headers of the caller, but none that are for Tenon or for one connection', async () => {
    let seen: string[] = [];
    answer = (incoming, outgoing) => {
      seen = incoming.rawHeaders;
      outgoing.end();
    };
    await send('/', {
      ...headersFor('stripe'),
      'X-Custom': ['one', 'two'],
      'Stripe-Version': '2026-01-01',
      authorization: 'Bearer of-the-caller',
      cookie: 'session=1',
      connection: 'close, x-private',
      'x-private': '1',
      te: 'trailers',
      'proxy-authorization': 'Basic x',
      'x-forwarded-for': '10.0.0.1',
      'x-amp-rate-limiter-mode': 'throttle',
    });
    const names = seen.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    expect(names.filter((name) => name === 'x-custom')).toHaveLength(2);
    expect(seen).toContain('Stripe-Version');
    expect(seen).not.toContain(tenon.apiKey);
    expect(seen).not.toContain('Bearer of-the-caller');
    const dropped = ['x-api-key', 'cookie', 'x-private', 'te', 'proxy-authorization', 'x-forwarded-for'];
    for (const name of dropped) expect(names).not.toContain(name);
    expect(names.filter((name) => name.startsWith('x-amp-'))).toEqual([]);
  });

  it('the headers of the provider, but none about its own connection, cookies or Tenon', async () => {
    answer = (_incoming, outgoing) => {
      outgoing.writeHead(200, [
        ...['X-Rate-Left', '7', 'X-Twice', '1', 'X-Twice', '2', 'Content-Type', 'text/x; charset=latin1'],
        ...['Connection', 'close, x-private', 'X-Private', '1', 'Set-Cookie', 'a=b', 'X-Amp-Retryable', 'true'],
        ...['Strict-Transport-Security', 'max-age=1', 'Keep-Alive', 'timeout=99'],
      ]);
      outgoing.end('x');
    };
    const { headers } = await send('/', headersFor('stripe'));
    expect(headers).toMatchObject({ 'x-rate-left': '7', 'x-twice': '1, 2', 'content-type': 'text/x; charset=latin1' });
    for (const name of ['x-private', 'set-cookie', 'x-amp-retryable', 'strict-transport-security']) {
      expect(headers).not.toHaveProperty(name);
    }
    expect(headers['keep-alive'] ?? '').not.toContain('99');
  });

  it('a compressed body as it is', async () => {
    const body = Buffer.from([0x1f, 0x8b, 8, 0, 0xff, 0xfe]);
    answer = (_incoming, outgoing) =>
      outgoing.writeHead(200, { 'content-encoding': 'gzip', 'content-length': String(body.length) }).end(body);
    const { port } = tenon.running;
    const call = request({ port, host: '127.0.0.1', path: '/', headers: headersFor('stripe'), agent: false }).end();
    const [incoming] = (await once(call, 'response')) as [IncomingMessage];
    expect(incoming.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': '6' });
    expect(await buffer(incoming)).toEqual(body);
  });

  it.each([
    [404, 'application/json', '{"error":"none"}'],
    [429, 'application/json', '{"error":"slow"}'],
    [500, 'text/html', '<h1>Oops</h1>'],
    [503, 'text/html', '<h1>Down</h1>'],
    [200, 'text/html', '<h1>Log in</h1>'],
    [302, 'text/plain', ''],
    [304, 'text/plain', ''],
    [204, 'text/plain', ''],
  ])('an answer with %i as it is', async (status, type, body) => {
    answer = (_incoming, outgoing) =>
      outgoing
        .writeHead(status, 'Own Words', {
          'content-type': type,
          'retry-after': '99',
          location: 'https://else.example/',
        })
        .end(body);
    const answered = await send('/', headersFor('stripe'));
    expect(answered).toMatchObject({ status, text: body });
    expect(answered.headers).toMatchObject({ 'retry-after': '99', location: 'https://else.example/' });
  });
});

describe('the proxy streams', () => {
  /** Resolves when the number has stopped growing: what flows under back-pressure has come to rest. */
  async function rested(count: () => number): Promise<number> {
    for (let before = -1; before !== count() || before === 0; ) {
      before = count();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return count();
  }

  /** Writes pieces as fast as the stream takes them. */
  async function pour(into: NodeJS.WritableStream, sent: (bytes: number) => void): Promise<void> {
    for (let bytes = 0; bytes < LONG_BYTES; ) {
      const isRoom = into.write(PIECE);
      bytes += PIECE.length;
      sent(bytes);
      if (!isRoom) await once(into, 'drain');
    }
    into.end();
  }

  it('a long download no faster than the client reads it', async () => {
    let sent = 0;
    answer = (_incoming, outgoing) => void pour(outgoing, (bytes) => (sent = bytes));
    const { port } = tenon.running;
    const call = request({ port, host: '127.0.0.1', path: '/', headers: headersFor('stripe'), agent: false }).end();
    const [incoming] = (await once(call, 'response')) as [IncomingMessage];
    incoming.pause();
    expect(await rested(() => sent)).toBeLessThan(BUFFERED_BYTES_MAX);
    let received = 0;
    incoming.on('data', (chunk: Buffer) => (received += chunk.length));
    incoming.resume();
    await once(incoming, 'end');
    expect(received).toBe(LONG_BYTES);
  });

  it('a long upload no faster than the provider reads it', async () => {
    const arrived = Promise.withResolvers<IncomingMessage>();
    answer = (incoming, outgoing) => {
      let bytes = 0;
      incoming.on('data', (chunk: Buffer) => (bytes += chunk.length));
      incoming.on('end', () => outgoing.end(String(bytes)));
      incoming.pause();
      arrived.resolve(incoming);
    };
    const { port } = tenon.running;
    const options = { port, host: '127.0.0.1', path: '/', method: 'POST', headers: headersFor('stripe'), agent: false };
    const call = request(options);
    let sent = 0;
    const poured = pour(call, (bytes) => (sent = bytes));
    const incoming = await arrived.promise;
    expect(await rested(() => sent)).toBeLessThan(BUFFERED_BYTES_MAX);
    incoming.resume();
    await poured;
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    expect(await text(response)).toBe(String(LONG_BYTES));
  });

  it('the first piece of a body before the last one is there', async () => {
    const last = Promise.withResolvers<void>();
    answer = (_incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
      last.promise.then(() => outgoing.end('data: 2\n\n'));
    };
    const response = await tenon.proxy(installed['stripe'] ?? '', '/');
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: 1\n\n');
    last.resolve();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: 2\n\n');
  });
});

describe('when something goes wrong', () => {
  it('a provider that breaks off before its answer is a problem, of which the outcome is not known', async () => {
    answer = (incoming) => incoming.socket.destroy();
    const refused = await send('/', headersFor('stripe'));
    expect(refused.status).toBe(504);
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'outcome_unknown', detail: expect.stringMatching(/\S/) });
  });

  it('a provider that cannot be reached is a problem', async () => {
    const overrides = { stripe: { baseURL: 'http://127.0.0.1:9' } };
    await using other = await startTenon({ overrides });
    await other.deploy(MANIFEST);
    const body = { provider: 'stripe', groupRef: 'acme', consumerRef: 'ada', apiKey: 'key' };
    await other.ok('POST', other.inProject('/connections:generate'), body);
    const { id } = await other.install('stripe', { provider: 'stripe' });
    const response = await other.proxy(id, '/');
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ code: 'network', retryable: true });
  });

  it('an answer that breaks off in the middle breaks off for the client too', async () => {
    answer = (_incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-length': '100' });
      outgoing.write('half', () => outgoing.destroy());
    };
    await expect(send('/', headersFor('stripe'))).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('a client that leaves takes the call to the provider with it', async () => {
    const arrived = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    answer = (_incoming, outgoing) => {
      outgoing.on('close', () => left.resolve());
      arrived.resolve();
    };
    const gone = new AbortController();
    const call = tenon.proxy(installed['stripe'] ?? '', '/', { signal: gone.signal });
    await arrived.promise;
    gone.abort();
    await expect(call).rejects.toThrow();
    await left.promise;
  });

  it('a 401 renews the token once and repeats a call without a body', async () => {
    await using aged = await agedToken();
    aged.tenon.sandbox.expireAccessTokens();
    const calls = Array.from({ length: 5 }, () => aged.tenon.proxy(aged.id, '/echo/x'));
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(aged.tenon.sandbox.stats().refreshes).toBe(1);
  });

  it('a 401 to a call whose body is short renews the token and repeats it whole', async () => {
    await using aged = await agedToken();
    aged.tenon.sandbox.expireAccessTokens();
    const response = await aged.tenon.proxy(aged.id, '/echo/x', { method: 'POST', body: 'x'.repeat(10_000) });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ method: 'POST', body: { bytes: 10_000 } });
    expect(aged.tenon.sandbox.stats().refreshes).toBe(1);
  });

  it.each([
    ['is long', () => 'x'.repeat(REPLAYABLE_BODY_BYTES_MAX + 1)],
    ['came without a length', () => new Blob(['x']).stream()],
  ])('a 401 to a call whose body %s belongs to the caller, and asks for the next token', async (_what, body) => {
    await using aged = await agedToken();
    aged.tenon.sandbox.expireAccessTokens();
    const send = () => aged.tenon.proxy(aged.id, '/echo/x', { method: 'POST', body: body(), duplex: 'half' });
    expect((await send()).status).toBe(401);
    expect((await aged.tenon.proxy(aged.id, '/echo/x')).status).toBe(200);
    expect((await send()).status).toBe(200);
    expect(aged.tenon.sandbox.stats().refreshes).toBe(1);
  });

  it('a 401 to a key is the answer, once', async () => {
    let calls = 0;
    answer = (_incoming, outgoing) => {
      calls += 1;
      outgoing.writeHead(401).end('no');
    };
    expect(await send('/', headersFor('stripe'))).toMatchObject({ status: 401, text: 'no' });
    expect(calls).toBe(1);
  });

  it('a 401 right after a token was issued means a missing permission, and asks for no other token', async () => {
    await using aged = await agedToken(0);
    aged.tenon.sandbox.faults.next({ pathPrefix: '/echo' }, { kind: 'status', status: 401 }, 2);
    expect((await aged.tenon.proxy(aged.id, '/echo/x')).status).toBe(401);
    expect((await aged.tenon.proxy(aged.id, '/echo/x')).status).toBe(401);
    expect((await aged.tenon.proxy(aged.id, '/echo/x')).status).toBe(200);
    expect(aged.tenon.sandbox.stats().refreshes).toBe(0);
  });
});

/** A Tenon with one HubSpot installation whose token was issued `ageMs` ago. */
async function agedToken(ageMs = MINUTE_MS) {
  const clock = fakeClock();
  const aged = await startTenon({ clock });
  await aged.deploy(MANIFEST);
  await aged.connect('hubspot');
  const { id } = await aged.install('hubspot', { provider: 'hubspot' });
  await clock.advance(ageMs);
  return { tenon: aged, id, [Symbol.asyncDispose]: () => aged.stop() };
}

// Two edge threads before one owner thread, over real connections: what builders and providers see must be what one
// thread does. Calls are made on a connection each, so that the kernel gives both threads some.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { THREAD_CRASHES_MAX, THREAD_RESTART_MS_MAX, THREAD_STEADY_MS } from '../../src/core/limits.ts';
import { MINUTE_MS } from '../../src/core/time.ts';
import { startDriven } from '../support/drive.ts';
import { spawnServe } from '../support/process.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';

const MANIFEST = `specVersion: 1.0.0
integrations:
  - {name: hub, provider: hubspot, proxy: {enabled: true}}
  - {name: pay, provider: stripe, proxy: {enabled: true}}
  - {name: desk, provider: freshdesk, proxy: {enabled: true}}
`;
/** So many connections that both threads have some, but for one time in 2^39. */
const CONNECTIONS = 40;
const LIMIT = 60;
const PLACES = 4;
/** A refusal of the provider takes some time to get from one thread to the other. */
const SOON = { timeout: 10_000, interval: 20 };

let tenon: Tenon;
let upstream: Server;
let answer: RequestListener;
const sockets = new Set<Socket>();
let arrivals = 0;
const installed: Record<string, string> = {};
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

const fine: RequestListener = (_incoming, outgoing) => void outgoing.end('fine');

beforeAll(async () => {
  upstream = createServer((incoming, outgoing) => {
    arrivals += 1;
    sockets.add(incoming.socket);
    answer(incoming, outgoing);
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const baseURL = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const quotas = [{ name: 'hourly', scope: 'user', limit: LIMIT, windowMs: 60 * MINUTE_MS }];
  const concurrency = [{ name: 'places', scope: 'user', limit: PLACES }];
  tenon = await startTenon({
    env: { TENON_WORKERS: '2', TENON_LOG_LEVEL: 'silent' },
    overrides: { stripe: { baseURL, tenon: { quotas } }, freshdesk: { baseURL, tenon: { quotas: [], concurrency } } },
  });
  await tenon.deploy(MANIFEST);
  await tenon.connect('hubspot');
  const groupRef = 'acme';
  const typed = { groupRef, consumerRef: 'ada' };
  await tenon.ok('POST', tenon.inProject('/connections:generate'), { ...typed, provider: 'stripe', apiKey: 'sk' });
  const basic = { provider: 'freshdesk', basicAuth: { username: 'k', password: '' }, providerWorkspaceRef: 'acme' };
  await tenon.ok('POST', tenon.inProject('/connections:generate'), { ...typed, ...basic });
  for (const [name, provider] of Object.entries({ hub: 'hubspot', pay: 'stripe', desk: 'freshdesk' })) {
    installed[name] = (await tenon.install(name, { provider })).id;
  }
});

beforeEach(() => {
  answer = fine;
  arrivals = 0;
});

afterAll(async () => {
  agent.destroy();
  await tenon.stop();
  upstream.closeAllConnections();
  upstream.close();
});

interface Answered {
  readonly status: number;
  readonly body: string;
}

/** A call on a connection of its own, or on one that such a call left. */
async function call(name: string, path = '/x', headers: Record<string, string> = {}, body?: string): Promise<Answered> {
  const own = {
    'x-api-key': tenon.apiKey,
    'x-amp-proxy-version': '1',
    'x-amp-project-id': tenon.projectId,
    'x-amp-installation-id': installed[name],
  };
  const method = body === undefined ? 'GET' : 'POST';
  const sent = request({ agent, method, port: tenon.running.port, path, headers: { ...own, ...headers } }).end(body);
  const [incoming] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: incoming.statusCode ?? 0, body: await text(incoming) };
}

const calls = (name: string, path?: string, headers?: Record<string, string>, count = CONNECTIONS) =>
  Promise.all(Array.from({ length: count }, () => call(name, path, headers)));
const statusesOf = (answers: readonly Answered[]) => [...new Set(answers.map(({ status }) => status))].sort();

describe('a call of a kind that its provider counts apart', () => {
  it('is told from others in a thread too', async () => {
    const isCounted = () => tenon.running.services.budgets.view().some(({ key }) => key.endsWith('/search'));
    await call('hub', '/crm/v3/objects/contacts');
    expect(isCounted()).toBe(false);
    const found = await call('hub', '/crm/v3/objects/contacts/search', { 'content-type': 'application/json' }, '{}');
    expect([found.status, isCounted()]).toEqual([200, true]);
  });
});

describe('both threads', () => {
  it('make calls, each over connections of its own', async () => {
    sockets.clear();
    // One after the other: a thread needs no second connection to the provider.
    for (let connection = 0; connection < CONNECTIONS; connection++) {
      const agentOfOne = new Agent();
      const headers = { 'x-api-key': tenon.apiKey, 'x-amp-proxy-version': '1', 'x-amp-project-id': tenon.projectId };
      const named = { ...headers, 'x-amp-installation-id': installed['desk'] };
      const sent = request({ agent: agentOfOne, port: tenon.running.port, path: '/x', headers: named }).end();
      const [incoming] = (await once(sent, 'response')) as [IncomingMessage];
      expect([incoming.statusCode, await text(incoming)]).toEqual([200, 'fine']);
      agentOfOne.destroy();
    }
    expect(sockets.size).toBe(2);
  });

  it('hand on what is not proxied: pages, problems, the API with bodies', async () => {
    const answers = await Promise.all(Array.from({ length: CONNECTIONS }, () => fetch(`${tenon.origin}/health`)));
    for (const response of answers) expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
    expect((await tenon.api('GET', '/nowhere')).json).toMatchObject({ status: 404 });
    expect((await fetch(`${tenon.origin}/v1/projects/x`, { headers: { 'x-api-key': 'no' } })).status).toBe(401);
    const [integration] = await tenon.deploy(MANIFEST);
    expect(integration).toMatchObject({ name: 'hub' });
  });

  it('never make more calls together than a declared limit allows', async () => {
    const answers = await calls('pay', '/x', {}, 4 * LIMIT);
    expect(statusesOf(answers)).toEqual([200, 429]);
    expect(arrivals).toBeLessThanOrEqual(LIMIT);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(arrivals);
    // Nor leave much of it unused: what one thread holds and does not need comes back.
    await vi.waitFor(async () => {
      await call('pay');
      expect(arrivals).toBe(LIMIT);
    }, SOON);
  });

  it('never make more calls at the same time than a provider has places', async () => {
    let open = 0;
    let openMost = 0;
    answer = (_incoming, outgoing) => {
      open += 1;
      openMost = Math.max(openMost, open);
      setImmediate(() => {
        open -= 1;
        outgoing.end('fine');
      });
    };
    expect(statusesOf(await calls('desk', '/x', {}, 400))).toEqual([200]);
    expect(openMost).toBeLessThanOrEqual(PLACES);
    expect(arrivals).toBe(400);
  });

  it('leave an account alone after either was told to', async () => {
    answer = (_incoming, outgoing) => void outgoing.writeHead(429, { 'retry-after': '600' }).end();
    const throttled = { 'x-amp-rate-limiter-mode': 'throttle' };
    expect((await call('desk', '/x', throttled)).status).toBe(429);
    await vi.waitFor(async () => {
      arrivals = 0;
      expect(statusesOf(await calls('desk', '/x', throttled))).toEqual([429]);
      expect(arrivals).toBe(0);
    }, SOON);
  });

  it('have one refresh between them when tokens end under load', async () => {
    const path = '/crm/v3/objects/contacts?limit=1';
    expect(statusesOf(await calls('hub', path))).toEqual([200]);
    const before = tenon.sandbox.stats();
    for (const round of [1, 2, 3]) {
      // A token that is younger than a second is not renewed for a 401.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      tenon.sandbox.expireAccessTokens();
      expect(statusesOf(await calls('hub', path))).toEqual([200]);
      expect(tenon.sandbox.stats().refreshes - before.refreshes).toBe(round);
    }
  });
});

describe('what is changed', () => {
  it('is seen by the next call, whichever thread has its connection', async () => {
    expect(statusesOf(await calls('desk'))).toEqual([200]);
    const key = await tenon.ok<{ key: string }>('POST', tenon.inProject('/api-keys'), { label: 'other' });
    expect(statusesOf(await calls('desk', '/x', { 'x-api-key': key.key }))).toEqual([200]);
    const keys = await tenon.ok<{ key: string; label: string }[]>('GET', tenon.inProject('/api-keys'));
    const name = keys.find(({ label }) => label === 'other')?.key ?? '';
    await tenon.ok('DELETE', tenon.inProject(`/api-keys/${encodeURIComponent(name)}`));
    expect(statusesOf(await calls('desk', '/x', { 'x-api-key': key.key }))).toEqual([401]);

    await tenon.deploy(MANIFEST.replace('freshdesk, proxy: {enabled: true}', 'freshdesk, proxy: {enabled: false}'));
    expect(statusesOf(await calls('desk'))).toEqual([403]);
    await tenon.deploy(MANIFEST);
    expect(statusesOf(await calls('desk'))).toEqual([200]);
    await tenon.ok('DELETE', tenon.inProject(`/integrations/desk/installations/${installed['desk']}`));
    expect(statusesOf(await calls('desk'))).toEqual([404]);
  });
});

describe('a thread that ends', () => {
  it('is replaced, and what it had in hand counts as spent', async () => {
    const path = '/crm/v3/objects/contacts?limit=1';
    const [victim] = tenon.running.pool?.workers ?? [];
    await victim?.terminate();
    // The other one serves.
    expect(tenon.running.pool?.isHealthy).toBe(true);
    await vi.waitFor(() => expect(tenon.running.pool?.workers).toHaveLength(2), SOON);
    await vi.waitFor(async () => expect(statusesOf(await calls('hub', path))).toEqual([200]), SOON);
    expect((await fetch(`${tenon.origin}/ready`)).status).toBe(200);
  });
});

describe('threads that end again and again', () => {
  it('make the process not ready, until the one that took their place has run for a minute', async () => {
    await using driven = await startDriven({ env: { TENON_WORKERS: '1', TENON_LOG_LEVEL: 'silent' } });
    const { clock } = driven;
    const { pool } = driven.tenon.running;
    for (let end = 1; end <= THREAD_CRASHES_MAX; end++) {
      await pool?.workers[0]?.terminate();
      expect([end, pool?.isHealthy]).toEqual([end, false]);
      await clock.advanceTo(clock.nowMs() + THREAD_RESTART_MS_MAX);
      await vi.waitFor(() => expect(pool?.workers).toHaveLength(1), SOON);
      expect([end, pool?.isHealthy]).toEqual([end, end < THREAD_CRASHES_MAX]);
    }
    await clock.advanceTo(clock.nowMs() + THREAD_STEADY_MS);
    expect(pool?.isHealthy).toBe(true);
  });
});

describe('a thread that hangs', () => {
  it('is noticed, ended and replaced, and the others serve meanwhile', async () => {
    const hang = join(tenon.folder, 'hang');
    const preload = new URL('../support/hang.ts', import.meta.url).href;
    const env = { TENON_DATA_DIR: join(tenon.folder, 'hung'), TENON_WORKERS: '2', TENON_TEST_HANG: hang };
    const server = spawnServe({ ...env, NODE_OPTIONS: `--import=${preload}` });
    const origin = await server.printed(/serves (http:\S+)/);
    writeFileSync(hang, '');
    await server.printed(/"silentMs":(\d+),"msg":"an edge thread hangs/);
    await server.printed(/(ended and is started again)/);
    const ask = () => fetch(`${origin}/ready`, { headers: { connection: 'close' } }).then(({ status }) => status);
    await vi.waitFor(async () => {
      const statuses = await Promise.all(Array.from({ length: CONNECTIONS }, ask));
      expect(new Set(statuses)).toEqual(new Set([200]));
    }, SOON);
    server.child.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0 });
  });
});

describe('the process', () => {
  const env = () => ({ TENON_DATA_DIR: `${tenon.folder}/other`, TENON_WORKERS: '2' });

  it('starts again after SIGKILL, and ends cleanly on SIGTERM', async () => {
    const killed = spawnServe(env());
    const origin = await killed.printed(/serves (http:\S+)/);
    expect((await fetch(`${origin}/ready`)).status).toBe(200);
    killed.child.kill('SIGKILL');
    await killed.ended;
    const second = spawnServe(env());
    const again = await second.printed(/serves (http:\S+)/);
    expect((await fetch(`${again}/ready`)).status).toBe(200);
    second.child.kill('SIGTERM');
    expect(await second.ended).toMatchObject({ code: 0, stderr: '' });
  });
});

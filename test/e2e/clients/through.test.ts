// The fetch that vendors' clients are given: what it must not do first. Tenon and a stranger are servers of the test.

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { fetchThrough } from '../../support/clients/through.ts';

interface Arrival {
  readonly at: 'tenon' | 'stranger';
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
}

const arrivals: Arrival[] = [];
const servers: Server[] = [];
const urls = { tenon: '', stranger: '' };

async function serve(at: Arrival['at']): Promise<void> {
  const server = createServer((incoming, outgoing) => {
    const { method, url = '/', headers } = incoming;
    arrivals.push({ at, line: `${method} ${url}`, headers });
    const to = new URL(url, urls[at]).searchParams.get('to');
    outgoing.writeHead(to === null ? 200 : 302, to === null ? {} : { location: to }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  urls[at] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  await serve('tenon');
  await serve('stranger');
});

beforeEach(() => void arrivals.splice(0));

afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

const through = (path: string, init: RequestInit = {}) => {
  const tenon = { url: urls.tenon, headers: { 'x-api-key': 'tnn_secret' } };
  return fetchThrough(tenon)(path, init);
};
const keys = () => arrivals.map(({ at, headers }) => [at, headers['x-api-key']]);

it('a stranger never gets Tenon’s key: not when asked, not by a redirect', async () => {
  await through(`${urls.stranger}/x`);
  await through(`${urls.tenon}/x?to=${encodeURIComponent(`${urls.stranger}/y`)}`);
  expect(keys()).toEqual([
    ['stranger', undefined],
    ['tenon', 'tnn_secret'],
    ['stranger', undefined],
  ]);
});

it('a host that begins like Tenon’s is a stranger', async () => {
  await through(`${urls.tenon}@127.0.0.1:${new URL(urls.stranger).port}/x`).catch(() => null);
  expect(arrivals.every(({ headers }) => headers['x-api-key'] === undefined)).toBe(true);
});

it('a write is not repeated for a redirect, and redirects end', async () => {
  const to = encodeURIComponent(`${urls.tenon}/y`);
  expect((await through(`${urls.tenon}/x?to=${to}`, { method: 'POST', body: 'x' })).status).toBe(302);
  expect(arrivals).toHaveLength(1);
  arrivals.splice(0);
  const loop = createServer((_incoming, outgoing) => void outgoing.writeHead(302, { location: '/' }).end());
  loop.listen(0, '127.0.0.1');
  await once(loop, 'listening');
  servers.push(loop);
  expect((await through(`http://127.0.0.1:${(loop.address() as AddressInfo).port}/`)).status).toBe(302);
});

it('Tenon gets its headers, the method and the body', async () => {
  await through(`${urls.tenon}/x`, { method: 'PUT', body: 'abc', headers: { accept: 'text/plain' } });
  const [{ at, line, headers } = {} as Arrival] = arrivals;
  expect([at, line, headers['x-api-key'], headers['accept'], headers['content-length']]).toEqual([
    'tenon',
    'PUT /x',
    'tnn_secret',
    'text/plain',
    '3',
  ]);
});

// The floor of the proxy bench: what node:http and undici cost by themselves. It forwards one account's calls with an
// Authorization header put in, and does nothing else: no key, no lease, no budget, no log, no back-pressure, no limits.
// The upstream sees the same request from it as from Tenon.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { env } from 'node:process';
import { type Dispatcher, Pool } from 'undici';
import { serveParent } from '../harness/processes.ts';
import { CONNECTIONS } from './traffic.ts';

/** As many as the accounts that Tenon's calls are spread over: a pool of many connections is slower to pick from. */
const pools = (env['BENCH_ORIGINS'] ?? '').split(',').map((origin) => new Pool(origin, { connections: CONNECTIONS }));
let turn = 0;
const KEEP_ALIVE_MS = 300_000;

const server = createServer((request, response) => {
  const pool = pools[turn++ % pools.length];
  const { method = 'GET', url: path = '/' } = request;
  const body = method === 'GET' ? null : request;
  pool?.dispatch({ path, method, headers: forwarded(request), body }, handler(response));
});

/** The caller's headers without those for the proxy itself and its connection. */
function forwarded({ rawHeaders }: IncomingMessage): string[] {
  const headers = ['Authorization', 'Bearer token-of-the-bench'];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.startsWith('x-') || name === 'host' || name === 'connection') continue;
    headers.push(name, rawHeaders[index + 1] ?? '');
  }
  return headers;
}

function handler(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart() {},
    onResponseStart(_controller, status, headers) {
      response.writeHead(status, headers);
    },
    onResponseData(_controller, chunk) {
      response.write(chunk);
    },
    onResponseEnd() {
      response.end();
    },
    onResponseError() {
      response.destroy();
    },
  };
}

// Clients of the idle part stay longer than node's five seconds.
server.keepAliveTimeout = KEEP_ALIVE_MS;
server.listen(0, '127.0.0.1', () => {
  serveParent({ port: (server.address() as AddressInfo).port }, () => null);
});

// A proxy as one writes it in an afternoon: Hono and its proxy helper over fetch, a key looked up and replaced. No
// limits, no token that ends, no circuit, no address guard, no log.

import type { AddressInfo } from 'node:net';
import { env } from 'node:process';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { proxy } from 'hono/proxy';
import { serveParent } from '../harness/processes.ts';

const [origin = ''] = (env['BENCH_ORIGINS'] ?? '').split(',');
const tokens = new Map<string, string>();
const app = new Hono();

app.all('*', async (context) => {
  const { req } = context;
  const key = req.header('x-api-key');
  if (key === undefined) return context.json({ error: 'unauthorized' }, 401);
  const headers = new Headers(req.raw.headers);
  for (const name of [...headers.keys()]) if (name.startsWith('x-') || name === 'host') headers.delete(name);
  headers.set('authorization', `Bearer ${tokenOf(key)}`);
  const { pathname, search } = new URL(req.url);
  const { method } = req;
  const body = method === 'GET' ? {} : { body: req.raw.body, duplex: 'half' as const };
  return proxy(`${origin}${pathname}${search}`, { method, headers, ...body });
});

function tokenOf(key: string): string {
  let token = tokens.get(key);
  if (token === undefined) {
    token = 'token-of-the-bench';
    tokens.set(key, token);
  }
  return token;
}

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => {
  serveParent({ port: (server.address() as AddressInfo).port }, () => null);
});

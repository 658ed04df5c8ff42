import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { IntegrationError } from '../../../src/core/errors.ts';
import { HTTP_DRAIN_MS, REQUEST_BODY_MS_MAX } from '../../../src/core/limits.ts';
import { readBytes } from '../../../src/edge/body.ts';
import type { EdgeEnv } from '../../../src/edge/context.ts';
import { problemOf } from '../../../src/edge/problem.ts';
import { listen } from '../../../src/edge/server.ts';
import { fakeClock, flush } from '../../support/clock.ts';
import { RawClient } from '../../support/rawHttp.ts';

async function start() {
  const clock = fakeClock();
  const listening = await listen('127.0.0.1', 0, clock);
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const app = new Hono<EdgeEnv>();
  app.get('/slow', async (context) => {
    arrived.resolve();
    await gate.promise;
    return context.text('done');
  });
  app.get('/fast', (context) => context.text('done'));
  listening.serve({
    app,
    proxy: async (_incoming, outgoing) => void outgoing.writeHead(501).end(),
    unread: () => {},
  });
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const call = async (path: string): Promise<IncomingMessage> => {
    const [response] = await once(get({ host: '127.0.0.1', port: listening.port, path, agent }), 'response');
    return (response as IncomingMessage).resume();
  };
  return { clock, listening, call, gate, arrived: arrived.promise };
}

describe('a server that closes', () => {
  it('refuses new connections, cuts off what goes on after its bound, and not before', async () => {
    const { clock, listening, call, arrived } = await start();
    const slow = call('/slow').catch((error: NodeJS.ErrnoException) => error.code);
    await arrived;
    let hasClosed = false;
    const closed = listening.close().then(() => {
      hasClosed = true;
    });
    await expect(fetch(`http://127.0.0.1:${listening.port}/fast`)).rejects.toThrow();
    await clock.advance(HTTP_DRAIN_MS - 1);
    expect(hasClosed).toBe(false);
    await clock.advance(1);
    await closed;
    expect(await slow).toBe('ECONNRESET');
  });

  it('waits for nobody who only keeps a connection', async () => {
    const { listening, call } = await start();
    await once(await call('/fast'), 'end');
    await flush(2);
    await listening.close();
  });

  it('ends with the last answer, although its client would keep the connection', async () => {
    const { listening, call, gate, arrived } = await start();
    const slow = call('/slow');
    await arrived;
    const closed = listening.close();
    gate.resolve();
    expect((await slow).statusCode).toBe(200);
    // The clock stands still: the bound cannot be what ends it.
    await closed;
  });
});

describe('a proxied call', () => {
  it('goes to the proxy with its own objects, and everything else to the app', async () => {
    const listening = await listen('127.0.0.1', 0, fakeClock());
    const app = new Hono<EdgeEnv>();
    app.all('*', (context) => context.text('of the app'));
    listening.serve({
      app,
      async proxy(incoming, outgoing) {
        outgoing.end(`of the proxy: ${incoming.url}`);
      },
      unread: () => {},
    });
    const call = async (path: string, headers: Record<string, string>) => {
      const response = await fetch(`http://127.0.0.1:${listening.port}${path}`, { headers });
      return `${response.status} ${await response.text()}`;
    };
    const proxied = { 'x-amp-proxy-version': '1' };
    expect(await call('/x', proxied)).toBe('200 of the proxy: /x');
    expect(await call('/x', {})).toBe('200 of the app');
    await listening.close();
  });

  it('is told to come back as long as nothing is served', async () => {
    const listening = await listen('127.0.0.1', 0, fakeClock());
    const headers = { 'x-amp-proxy-version': '1' };
    const { status } = await fetch(`http://127.0.0.1:${listening.port}/x`, { headers });
    expect(status).toBe(503);
    await listening.close();
  });
});

it('a body that comes too slowly is answered, and its connection ends', async () => {
  const clock = fakeClock();
  const listening = await listen('127.0.0.1', 0, clock);
  const app = new Hono<EdgeEnv>();
  app.onError((error) => problemOf(error as IntegrationError, clock.nowMs()));
  const arrived = Promise.withResolvers<void>();
  app.post('/body', async (context) => {
    arrived.resolve();
    return context.text((await readBytes(clock, context.req.raw, 8)).toString());
  });
  listening.serve({
    app,
    proxy: async (_incoming, outgoing) => void outgoing.writeHead(501).end(),
    unread: () => {},
  });
  const client = new RawClient(listening.port).write('POST /body HTTP/1.1\r\nHost: a\r\ncontent-length: 2\r\n\r\n1');
  await arrived.promise;
  await clock.advance(REQUEST_BODY_MS_MAX);
  expect(await client.rest()).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"body_timeout"/);
  expect(client.errorCode).toBeUndefined();
  await listening.close();
});

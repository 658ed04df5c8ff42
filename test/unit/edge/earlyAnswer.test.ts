// Real connections, on a clock that stands still: what ends one is the client, or a bound.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { IntegrationError } from '../../../src/core/errors.ts';
import { HTTP_DRAIN_MS, UNREAD_BYTES_MAX, UNREAD_MS_MAX, UNREAD_SILENCE_MS_MAX } from '../../../src/core/limits.ts';
import { HOUR_MS } from '../../../src/core/time.ts';
import { readBytes } from '../../../src/edge/body.ts';
import type { EdgeEnv } from '../../../src/edge/context.ts';
import { problemOf } from '../../../src/edge/problem.ts';
import { answerWith, listen } from '../../../src/edge/server.ts';
import { fakeClock } from '../../support/clock.ts';
import { RawClient, upload } from '../../support/rawHttp.ts';

const SOON = { timeout: 10_000, interval: 5 };
/** More than the system holds for both sides. */
const LONG_BYTES = 16 * 1_048_576;
const PROXIED = 'x-amp-proxy-version: 1\r\n';

/** A server whose planes refuse what they get: the proxy as it is told, the API when it has read eight bytes. */
async function start(proxy = refuse) {
  const clock = fakeClock();
  const listening = await listen('127.0.0.1', 0, clock);
  onTestFinished(async () => {
    const closed = listening.close();
    await clock.advance(HTTP_DRAIN_MS);
    await closed;
  });
  const sockets: Socket[] = [];
  const app = new Hono<EdgeEnv>();
  app.onError((error) => problemOf(error as IntegrationError, clock.nowMs()));
  app.all('/read', async (context) => context.text(String(await readBytes(clock, context.req.raw, 8))));
  app.all('*', async () => {
    throw new IntegrationError('not_found', 'nothing here');
  });
  listening.serve({
    app,
    async proxy(incoming, outgoing) {
      sockets.push(incoming.socket);
      proxy(incoming, outgoing);
    },
    unread: () => {},
  });
  const { port } = listening;
  const client = (text: string) => new RawClient(port).write(text);
  return { clock, port, sockets, client };
}

/** As the proxy plane does it. */
function refuse(incoming: IncomingMessage, outgoing: ServerResponse): void {
  answerWith(problemOf(new IntegrationError('unauthenticated', 'no key'), 0), incoming, outgoing);
}

const post = (more: string) => `POST /x HTTP/1.1\r\nHost: a\r\n${PROXIED}${more}`;
const begun = post('content-length: 9\r\n\r\n1');

describe('a client that reads only when it has sent all', () => {
  it.each([
    ['refused by the proxy', 'POST /x', PROXIED, false, /^HTTP\/1\.1 401 [\s\S]*\r\nConnection: close\r\n[\s\S]*}$/],
    ['refused by the proxy, in chunks', 'POST /x', PROXIED, true, /^HTTP\/1\.1 401 [\s\S]*}$/],
    ['refused by the API', 'POST /x', '', false, /^HTTP\/1\.1 404 [\s\S]*}$/],
    ['refused for its length', 'POST /read', '', false, /^HTTP\/1\.1 413 [\s\S]*\r\nConnection: close\r\n[\s\S]*}$/],
    ['refused when some was read', 'POST /read', '', true, /^HTTP\/1\.1 413 [\s\S]*}$/],
  ])('has the whole answer: %s', async (_what, line, fields, isChunked, whole) => {
    const { port } = await start();
    for (let run = 0; run < 3; run++) {
      const { text, bytesSent, errorCode } = await upload(port, line, fields, LONG_BYTES, isChunked);
      expect([bytesSent, errorCode]).toEqual([LONG_BYTES, undefined]);
      expect(text).toMatch(whole);
    }
  });

  it('has it also if it is long, and is taken slowly', async () => {
    const { port, clock, sockets } = await start((_incoming, outgoing) => {
      outgoing.writeHead(413, { 'content-length': LONG_BYTES }).end(Buffer.alloc(LONG_BYTES, 'y'));
    });
    const { text, errorCode } = await upload(port, 'POST /x', PROXIED, LONG_BYTES, false, () =>
      clock.advance(UNREAD_SILENCE_MS_MAX),
    );
    expect([text.length - text.indexOf('\r\n\r\n') - 4, errorCode]).toEqual([LONG_BYTES, undefined]);
    await vi.waitFor(() => expect(sockets[0]?.destroyed).toBe(true), SOON);
    expect(clock.pendingCount).toBe(0);
  });
});

describe('a client that does not stop', () => {
  it('is cut off after so many bytes', async () => {
    const { port } = await start();
    const { bytesSent, errorCode } = await upload(port, 'POST /x', PROXIED, Number.MAX_SAFE_INTEGER);
    expect(errorCode).toMatch(/^(?:EPIPE|ECONNRESET)$/);
    expect(bytesSent).toBeGreaterThan(UNREAD_BYTES_MAX);
    expect(bytesSent).toBeLessThan(2 * UNREAD_BYTES_MAX);
  });

  it('is cut off after so long, if it sends slowly', async () => {
    const { clock, client, sockets } = await start();
    const sender = client(post('transfer-encoding: chunked\r\n\r\n'));
    expect(await sender.until('}')).toMatch(/^HTTP\/1\.1 401 /);
    const [socket] = sockets as [Socket];
    for (let ms = 0; ms < UNREAD_MS_MAX; ms += UNREAD_SILENCE_MS_MAX / 2) {
      expect(socket.destroyed).toBe(false);
      const { bytesRead } = socket;
      sender.write('1\r\nx\r\n');
      await vi.waitFor(() => expect(socket.bytesRead).toBe(bytesRead + 6), SOON);
      await clock.advance(UNREAD_SILENCE_MS_MAX / 2);
    }
    expect(socket.destroyed).toBe(true);
    expect(clock.pendingCount).toBe(0);
  });

  it('is cut off sooner, if it sends nothing and does not close', async () => {
    const { clock, client, sockets } = await start();
    const sender = client(begun);
    // The end of the answer is told at once.
    expect(await sender.until('\u{0}')).toMatch(/^HTTP\/1\.1 401 [\s\S]*}$/);
    await clock.advance(UNREAD_SILENCE_MS_MAX - 1);
    expect(sockets[0]?.destroyed).toBe(false);
    await clock.advance(1);
    expect(sockets[0]?.destroyed).toBe(true);
    expect(sender.errorCode).toBeUndefined();
  });
});

it('a clock that is put back keeps no such client for longer than twice the bound', async () => {
  const { clock, client, sockets } = await start();
  await client(begun).until('\u{0}');
  clock.jump(-HOUR_MS);
  await clock.advance(2 * UNREAD_SILENCE_MS_MAX);
  expect(sockets[0]?.destroyed).toBe(true);
});

it('what comes after the head of an early answer is no request, while the answer is still under way', async () => {
  const answers: ServerResponse[] = [];
  const { client, sockets } = await start((incoming, outgoing) => {
    answers.push(outgoing);
    incoming.resume();
    outgoing.writeHead(413, { 'content-length': 3 }).write('no');
  });
  const sender = client(begun);
  await sender.until('no');
  const [socket] = sockets as [Socket];
  const rest = `23456789${post('content-length: 0\r\n\r\n')}`;
  const bytes = socket.bytesRead + rest.length;
  sender.write(rest);
  await vi.waitFor(() => expect(socket.bytesRead).toBe(bytes), SOON);
  answers[0]?.end('!');
  expect((await sender.rest()).match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(sockets).toHaveLength(1);
});

it('what comes after an early answer is no request', async () => {
  const { client, sockets } = await start();
  const sender = client(begun);
  await sender.until('}');
  const [socket] = sockets as [Socket];
  const rest = `23456789${post('content-length: 0\r\n\r\n')}`;
  const bytes = socket.bytesRead + rest.length;
  sender.write(rest);
  await vi.waitFor(() => expect(socket.bytesRead).toBe(bytes), SOON);
  expect((await sender.rest()).match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(sockets).toHaveLength(1);
});

it('a body that was not asked for is not waited for', async () => {
  const { clock, client } = await start();
  const sender = client(post('content-length: 9\r\nexpect: 100-continue\r\n\r\n'));
  const text = await sender.rest();
  expect(text).toMatch(/^HTTP\/1\.1 401 [\s\S]*\r\nConnection: close\r\n[\s\S]*}$/);
  await vi.waitFor(() => expect(clock.pendingCount).toBe(0), SOON);
});

it('a client that leaves takes its bounds with it', async () => {
  const { clock, client } = await start();
  const sender = client(begun);
  await sender.until('}');
  expect(clock.pendingCount).toBe(1);
  sender.leave();
  await vi.waitFor(() => expect(clock.pendingCount).toBe(0), SOON);
});

it('the connection of a refused call is kept where its body has come, or there is none', async () => {
  const { client, clock, sockets } = await start();
  const sender = client(`${post('content-length: 5\r\n\r\nhello')}${post('content-length: 0\r\n\r\n')}${post('\r\n')}`);
  sender.write(post('connection: close\r\n\r\n'));
  const text = await sender.rest();
  expect(text.match(/^Connection: .*$/gm)).toEqual([...Array(3).fill('Connection: keep-alive'), 'Connection: close']);
  expect([sockets.length, clock.pendingCount]).toEqual([4, 0]);
});

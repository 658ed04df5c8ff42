// What node's parser refuses, over real connections: who gets an answer, once, and who must not.

import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { UNREAD_SILENCE_MS_MAX } from '../../../src/core/limits.ts';
import { listenOn } from '../../../src/edge/server.ts';
import { answerUnread, type Unread } from '../../../src/edge/unread.ts';
import { fakeClock, flush } from '../../support/clock.ts';
import { exchange, RawClient } from '../../support/rawHttp.ts';

const told: Unread[] = [];
const tell = (unread: Unread) => void told.push(unread);

/** A server whose only plane is the proxy's. */
async function serve(proxy: RequestListener) {
  told.length = 0;
  const clock = fakeClock();
  const planes = { proxy, rest: proxy, unread: tell };
  const listening = await listenOn(() => planes, { host: '127.0.0.1', port: 0 }, clock);
  onTestFinished(() => listening.close());
  return { clock, port: listening.port };
}

/** A connection of which node would tell an error: both of its ends. */
async function connected() {
  told.length = 0;
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new RawClient((server.address() as AddressInfo).port);
  const [socket] = (await once(server, 'connection')) as [Socket];
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  return { clock: fakeClock(), client, socket };
}

const fault = (code: string) => Object.assign(new Error('a word of somebody: sk_secret'), { code });

it.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', ''])('a connection that broke (%s) is told nothing', async (code) => {
  const { clock, client, socket } = await connected();
  answerUnread(fault(code), socket, clock, tell);
  expect(await client.rest()).toBe('');
  expect([socket.destroyed, told]).toEqual([true, []]);
});

it('one that takes nothing any more is ended', async () => {
  const { clock, client, socket } = await connected();
  socket.end();
  answerUnread(fault('HPE_INVALID_METHOD'), socket, clock, tell);
  expect(await client.rest()).toBe('');
  expect([socket.destroyed, told]).toEqual([true, []]);
});

it('one that was reset meanwhile throws nothing', async () => {
  const { clock, client, socket } = await connected();
  client.leave();
  await new Promise((closed) => socket.resume().once('close', closed));
  answerUnread(fault('HPE_INVALID_METHOD'), socket, clock, tell);
  expect(told).toEqual([]);
});

it('an answer that has begun gets no other inside of it, and the call hears that the rest never comes', async () => {
  const broken = Promise.withResolvers<void>();
  const { port } = await serve((incoming, outgoing) => {
    incoming.once('error', () => broken.resolve());
    outgoing.writeHead(200).write('half');
  });
  const head = 'POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n';
  const client = new RawClient(port).write(`${head}2\r\nab\r\n`);
  await client.until('half');
  expect(await client.write('ZZ\r\n').rest()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^{]*\r\n\r\n4\r\nhalf\r\n$/);
  await broken.promise;
  expect(told).toMatchObject([{ isOfCall: true, reason: 'HPE_INVALID_CHUNK_SIZE' }]);
});

it.each([
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout', 'body_timeout'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Payload Too Large', 'payload_too_large'],
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large', 'head_too_large'],
  ['HPE_INVALID_METHOD', '400 Bad Request', 'bad_request'],
])('%s is %s', async (name, status, code) => {
  const { clock, client, socket } = await connected();
  answerUnread(fault(name), socket, clock, tell);
  const text = await client.rest();
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status}\r\n`));
  const problem = JSON.parse(text.slice(text.indexOf('\r\n\r\n')));
  expect(problem).toMatchObject({ code, requestId: told[0]?.requestId });
  expect(text).not.toContain('secret');
});

it('what still comes is not parsed, told or answered, and whoever does not stop is cut off', async () => {
  const seen: (string | undefined)[] = [];
  const { clock, port } = await serve((incoming, outgoing) => {
    seen.push(incoming.url);
    outgoing.end();
  });
  const next = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
  const client = new RawClient(port).write(`GET / HTTP/1.1\r\nx y: 1\r\n\r\n${next}`);
  const text = await client.until('}}');
  client.write(next).write('GET / HTTP/1.1\r\nx y: 1\r\n\r\n');
  await flush();
  await clock.advance(UNREAD_SILENCE_MS_MAX);
  expect(await client.rest()).toBe(text);
  expect([seen, told.length]).toEqual([[], 1]);
});

it('a client that leaves in the middle of a head, with a reset or without, harms nobody', async () => {
  const { port } = await serve((_incoming, outgoing) => void outgoing.end('fine'));
  new RawClient(port).write('GET / HT').leave();
  expect(await new RawClient(port).write('GET / HT').halfClose().rest()).toMatch(/^HTTP\/1\.1 400 /);
  expect(told.map(({ reason }) => reason)).toEqual(['HPE_INVALID_EOF_STATE']);
  expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nconnection: close\r\n\r\n')).toMatch(/fine$/);
});

import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HTTP_DRAIN_MS, PIPED_CALLS_MAX, PIPED_PROBES_MAX } from '../../../src/core/limits.ts';
import { problemOf } from '../../../src/edge/problem.ts';
import { answerWith, listenOn } from '../../../src/edge/server.ts';
import { pipeTo } from '../../../src/threads/pipe.ts';
import { fakeClock } from '../../support/clock.ts';
import { exchange, RawClient } from '../../support/rawHttp.ts';
import { tempFolder } from '../../support/store.ts';

/** So many connections take a while on a busy machine. */
const SOON = { timeout: 10_000, interval: 20 };

/** A pipe between a port and an owner that answers what it likes. */
async function startPipe(owner: RequestListener) {
  const clock = fakeClock();
  const path = join(tempFolder(), 'owner.sock');
  const behind = createServer(owner).listen(path);
  await once(behind, 'listening');
  const pipe = pipeTo(
    path,
    clock,
    () => null,
    (error, incoming, outgoing) => answerWith(problemOf(error, clock.nowMs()), incoming, outgoing),
  );
  const planes = { proxy: async () => {}, rest: pipe.serve, unread: () => {} };
  const front = await listenOn(() => planes, { host: '127.0.0.1', port: 0 }, clock);
  onTestFinished(async () => {
    pipe.close();
    behind.closeAllConnections();
    behind.close();
    const closed = front.close();
    await clock.advance(HTTP_DRAIN_MS);
    await closed;
  });
  return { clock, port: front.port };
}

const slow = (line: string) => `${line} HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\n1`;
const quick = (line: string) => `${line} HTTP/1.1\r\nHost: a\r\nconnection: close\r\n\r\n`;

it('calls beyond the places are told to come again, and probes have places of their own', async () => {
  let arrived = 0;
  const { port } = await startPipe((incoming, outgoing) => {
    arrived += 1;
    if (incoming.url === '/health') outgoing.end('fine');
    else incoming.resume().on('end', () => outgoing.end('done'));
  });
  // One asks for a probe and is none: its body would come slowly.
  const lines = ['GET /health', ...Array.from({ length: PIPED_CALLS_MAX - 1 }, () => 'POST /v1/x')];
  const clients = lines.map((line) => new RawClient(port).write(slow(line.replace('/health', '/ready?x'))));
  onTestFinished(() => {
    for (const client of clients) client.leave();
  });
  await vi.waitFor(() => expect(arrived).toBe(PIPED_CALLS_MAX), SOON);
  const refused = await exchange(port, quick('GET /v1/x'));
  expect(refused).toMatch(/^HTTP\/1\.1 503 [\s\S]*\r\nretry-after: 1\r\n/i);
  expect(refused).toContain('"code":"overloaded"');
  expect(arrived).toBe(PIPED_CALLS_MAX);
  expect(await exchange(port, quick('GET /health'))).toMatch(/^HTTP\/1\.1 200 /);
  // A place is free as soon as one has left.
  clients.pop()?.leave();
  await vi.waitFor(async () => expect(await exchange(port, quick('GET /v1/x'))).toMatch(/^HTTP\/1\.1 200 /), SOON);
});

it('probes have so many places, and leave all others to calls', async () => {
  const waiting: (() => void)[] = [];
  const { port } = await startPipe((incoming, outgoing) => {
    if (incoming.url === '/ready') waiting.push(() => outgoing.end());
    else outgoing.end();
  });
  const clients = Array.from({ length: PIPED_PROBES_MAX }, () => new RawClient(port).write(quick('GET /ready')));
  await vi.waitFor(() => expect(waiting).toHaveLength(PIPED_PROBES_MAX), SOON);
  expect(await exchange(port, quick('GET /ready'))).toMatch(/^HTTP\/1\.1 503 /);
  expect(await exchange(port, quick('GET /v1/x'))).toMatch(/^HTTP\/1\.1 200 /);
  for (const end of waiting) end();
  for (const client of clients) expect(await client.rest()).toMatch(/^HTTP\/1\.1 200 /);
});

describe('a body that is answered before it has come whole', () => {
  it('is read for a moment, and then its connection ends, with the answer and without a reset', async () => {
    const { port, clock } = await startPipe((_incoming, outgoing) => void outgoing.writeHead(401).end('no'));
    const client = new RawClient(port).write(slow('POST /v1/x'));
    expect(await client.until('no')).toMatch(/^HTTP\/1\.1 401 [\s\S]*\r\nConnection: close\r\n/);
    await vi.waitFor(() => expect(clock.pendingCount).toBe(1), SOON);
    client.write('23');
    await client.rest();
    await vi.waitFor(() => expect(clock.pendingCount).toBe(0), SOON);
    expect(client.errorCode).toBeUndefined();
  });

  it('leaves its place at once', async () => {
    let arrived = 0;
    const { port } = await startPipe((_incoming, outgoing) => {
      arrived += 1;
      outgoing.writeHead(401).end('no');
    });
    const clients: RawClient[] = [];
    onTestFinished(() => {
      for (const client of clients) client.leave();
    });
    for (let call = 0; call <= PIPED_CALLS_MAX; call++) {
      const client = new RawClient(port).write(slow('POST /v1/x'));
      clients.push(client);
      expect(await client.until('no')).toMatch(/^HTTP\/1\.1 401 /);
    }
    expect(arrived).toBe(PIPED_CALLS_MAX + 1);
  });
});

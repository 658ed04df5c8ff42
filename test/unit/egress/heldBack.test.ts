// Calls of which one side takes nothing, or little: over real sockets, on a clock that the test moves. The provider
// speaks bytes, since a server of node:http reads whether anybody wants it or not.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { platform } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SILENCE_CHECK_MS, SILENCE_MS } from '../../../src/core/limits.ts';
import { SECOND_MS } from '../../../src/core/time.ts';
import { parseAllowList } from '../../../src/egress/address.ts';
import { createEgress, forwarded } from '../../../src/egress/egress.ts';
import type { ForwardOutcome } from '../../../src/egress/forward.ts';
import { NodeSink } from '../../../src/egress/sinkNode.ts';
import { type FakeClock, fakeClock, flush } from '../../support/clock.ts';
import { moment } from './upstream.ts';

/** More than the system holds of one connection. */
const LONG_BYTES = 64 * 1_048_576;
const PIECE = Buffer.alloc(65_536, 'x');

interface Route {
  readonly clock: FakeClock;
  readonly client: Socket;
  readonly provider: Socket;
  /** The call as the front has it. */
  readonly incoming: IncomingMessage;
  readonly outcome: Promise<ForwardOutcome>;
}

/** The system's table is read on another thread; whoever asks after the egress is answered after it. */
async function settled(): Promise<void> {
  await flush();
  for (let turn = 0; turn < 2; turn++) await readFile('/proc/self/net/tcp').catch(() => {});
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A client's connection through a front to a provider's; the client has sent `head`, the provider reads nothing. */
async function startRoute(head: string): Promise<Route> {
  const clock = fakeClock(0, settled);
  const called = moment<Socket>();
  const port = await portOf(createServer((socket) => called.reach(quiet(socket))));
  const egress = createEgress({ allowList: parseAllowList('127.0.0.1'), clock });
  onTestFinished(() => egress.close());
  const arrived = moment<IncomingMessage>();
  const outcome = moment<ForwardOutcome>();
  const front = createHttpServer(async (incoming, outgoing) => {
    arrived.reach(incoming);
    const { method = 'GET', url: path = '/' } = incoming;
    const body = method === 'GET' ? null : incoming;
    const call = { origin: `http://127.0.0.1:${port}`, path, method, headers: [], body };
    const ending = await forwarded(egress, call, new NodeSink(outgoing), { accept: () => true });
    outcome.reach(ending);
    if (!outgoing.destroyed && !outgoing.headersSent) outgoing.writeHead(502).end();
  });
  const client = quiet(connect(await portOf(front), '127.0.0.1'));
  client.write(head);
  const provider = await called.reached;
  return { clock, client, provider, incoming: await arrived.reached, outcome: outcome.reached };
}

function quiet(socket: Socket): Socket {
  onTestFinished(() => void socket.destroy());
  // Whoever listens for this reads only when told to, and takes little ahead.
  return socket.on('readable', () => {}).on('error', () => {});
}

/** Writes until nobody takes more. */
async function pour(socket: Socket, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes; sent += PIECE.length) socket.write(PIECE);
  for (let calm = 0, last = -1; calm < 10; calm = socket.writableLength === last ? calm + 1 : 0) {
    last = socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Lets time pass until the call is over; how long that took. */
async function passed({ clock, outcome }: Route, mostMs: number): Promise<[ForwardOutcome['kind'] | 'none', number]> {
  const startMs = clock.nowMs();
  let kind: ForwardOutcome['kind'] | 'none' = 'none';
  void outcome.then((ending) => {
    kind = ending.kind;
  });
  while (kind === 'none' && clock.nowMs() - startMs < mostMs) await clock.advance(SECOND_MS);
  return [kind, clock.nowMs() - startMs];
}

/** Takes so many bytes of what has come, one time after another. */
async function sip({ clock }: Route, socket: Socket, bytes: number, everyMs: number): Promise<void> {
  const endMs = clock.nowMs() + 3 * SILENCE_MS;
  while (clock.nowMs() < endMs) {
    for (let taken = 0; taken < bytes; ) {
      const piece = socket.read() as Buffer | null;
      if (piece === null) await once(socket, 'readable');
      else taken += piece.length;
    }
    await clock.advance(everyMs);
  }
}

const POST = `POST / HTTP/1.1\r\nHost: a\r\ncontent-length: ${LONG_BYTES}\r\n\r\n`;

describe('an upload that the provider does not read', () => {
  test('ends soon after the client has left with a reset', async () => {
    const route = await startRoute(POST);
    await pour(route.client, LONG_BYTES);
    route.client.resetAndDestroy();
    const [kind, ms] = await passed(route, 20 * SECOND_MS);
    expect(kind).toBe('clientGone');
    expect(ms).toBeLessThanOrEqual(5 * SECOND_MS);
  });

  test.skipIf(platform() !== 'linux')('ends soon after the client has closed, behind what it had sent', async () => {
    const route = await startRoute(POST);
    const { client, incoming } = route;
    const isFull = () => incoming.readableLength >= incoming.readableHighWaterMark;
    // One by one, so that none of them waits in the client when it closes.
    for (let more = 4; more > 0; more -= isFull() ? 1 : 0) {
      client.write(PIECE);
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.destroy();
    const [kind, ms] = await passed(route, 20 * SECOND_MS);
    expect(kind).toBe('clientGone');
    expect(ms).toBeLessThanOrEqual(3 * SILENCE_CHECK_MS);
  });

  test('counts against the provider, once it has stood still for a minute', async () => {
    const route = await startRoute(POST);
    await pour(route.client, LONG_BYTES);
    const [kind, ms] = await passed(route, 2 * SILENCE_MS);
    expect(kind).toBe('failed');
    expect(ms).toBeGreaterThanOrEqual(SILENCE_MS - SILENCE_CHECK_MS);
    expect(ms).toBeLessThanOrEqual(SILENCE_MS + 2 * SILENCE_CHECK_MS);
  });
});

/** In pieces that never free a third of what the system holds, which is what Node would hear of. */
describe.skipIf(platform() !== 'linux')('slow and steady', () => {
  test('a provider takes an upload for as long as it needs; once it stops, it has a minute', async () => {
    const route = await startRoute(POST);
    await pour(route.client, LONG_BYTES);
    await sip(route, route.provider, PIECE.length, 6500);
    const [kind, ms] = await passed(route, 2 * SILENCE_MS);
    expect([kind, ms >= SILENCE_MS / 2]).toEqual(['failed', true]);
  });

  test('a client takes an answer for as long as it needs; once it stops, it has a minute', async () => {
    const route = await startRoute('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    route.provider.write(`HTTP/1.1 200 OK\r\ncontent-length: ${LONG_BYTES}\r\n\r\n`);
    await pour(route.provider, LONG_BYTES);
    await sip(route, route.client, PIECE.length, 4300);
    const [kind, ms] = await passed(route, 2 * SILENCE_MS);
    expect([kind, ms >= SILENCE_MS / 2]).toEqual(['clientGone', true]);
  });
});

// Calls of which one side takes nothing, or little: over real sockets, on a clock that the test moves. The provider
// speaks bytes, since a server of node:http reads whether anybody wants it or not.

import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SECOND_MS } from '../../../src/core/time.ts';
import { parseAllowList } from '../../../src/egress/address.ts';
import { createEgress, forwarded } from '../../../src/egress/egress.ts';
import type { ForwardOutcome } from '../../../src/egress/forward.ts';
import { NodeSink } from '../../../src/egress/sinkNode.ts';
import { type FakeClock, fakeClock } from '../../support/clock.ts';
import { moment } from './upstream.ts';

/** More than the system holds of one connection. */
const LONG_BYTES = 64 * 1_048_576;
const PIECE = Buffer.alloc(65_536, 'x');

interface Route {
  readonly clock: FakeClock;
  readonly client: Socket;
  readonly provider: Socket;
  readonly outcome: Promise<ForwardOutcome>;
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A client's connection through a front to a provider's; the client has sent `head`, the provider reads nothing. */
async function startRoute(head: string): Promise<Route> {
  const clock = fakeClock();
  const called = moment<Socket>();
  const port = await portOf(createServer((socket) => called.reach(quiet(socket.pause()))));
  const egress = createEgress({ allowList: parseAllowList('127.0.0.1'), clock });
  onTestFinished(() => egress.close());
  const outcome = moment<ForwardOutcome>();
  const front = createHttpServer(async (incoming, outgoing) => {
    const { method = 'GET', url: path = '/' } = incoming;
    const body = method === 'GET' ? null : incoming;
    const call = { origin: `http://127.0.0.1:${port}`, path, method, headers: [], body };
    const ending = await forwarded(egress, call, new NodeSink(outgoing), { accept: () => true });
    outcome.reach(ending);
    if (!outgoing.destroyed && !outgoing.headersSent) outgoing.writeHead(502).end();
  });
  const client = quiet(connect(await portOf(front), '127.0.0.1').pause());
  client.write(head);
  return { clock, client, provider: await called.reached, outcome: outcome.reached };
}

function quiet(socket: Socket): Socket {
  onTestFinished(() => void socket.destroy());
  return socket.on('error', () => {});
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
});

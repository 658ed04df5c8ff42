// The provider of long bodies: sends as many bytes as it is asked for, and counts what it is sent. In the middle of an
// upload it stops reading for a while, as a slow disk would.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { serveParent } from '../harness/processes.ts';
import { BULK_PAUSE_MS, BULK_PIECE, BULK_PIECE_BYTES } from './traffic.ts';

const server = createServer({ requestTimeout: 0 }, (incoming, outgoing) => {
  const bytes = Number(new URL(incoming.url ?? '/', 'http://localhost').searchParams.get('bytes') ?? 0);
  const done = incoming.method === 'GET' ? send(outgoing, bytes) : take(incoming, outgoing, bytes);
  done.catch(() => outgoing.destroy());
});

async function send(outgoing: ServerResponse, bytes: number): Promise<void> {
  outgoing.writeHead(200, { 'content-length': bytes });
  for (let left = bytes; left > 0; left -= BULK_PIECE_BYTES) {
    const piece = left < BULK_PIECE_BYTES ? BULK_PIECE.subarray(0, left) : BULK_PIECE;
    if (!outgoing.write(piece)) await new Promise((resolve) => outgoing.once('drain', resolve));
  }
  outgoing.end();
}

async function take(incoming: IncomingMessage, outgoing: ServerResponse, bytes: number): Promise<void> {
  let received = 0;
  let hasPaused = false;
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    received += piece.length;
    if (hasPaused || received < bytes / 2) continue;
    hasPaused = true;
    await setTimeout(BULK_PAUSE_MS);
  }
  outgoing.end(String(received));
}

server.listen(0, '127.0.0.1', () => {
  serveParent({ port: (server.address() as AddressInfo).port }, () => null);
});

// Clients that made a call and keep their connection: what each costs the process that they wait at. The clients are in
// this process; what the kernel keeps for a connection is in nobody's size.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { memoryMb } from '../harness/memory.ts';
import type { Subject } from './subjects.ts';
import { BODY_BYTES } from './traffic.ts';

/** Opened at the same time. */
const BATCH = 100;
/** Buffers of calls that are over are given back meanwhile. */
const SETTLE_MS = 4000;
const BYTES_PER_MB = 2 ** 20;

/** Bytes of resident memory for each of `clients`. */
export async function idleBytes({ port, pid }: Subject, requests: readonly string[], clients: number): Promise<number> {
  const warm = await open(port, requests, 20 * BATCH);
  for (const socket of warm) socket.destroy();
  await setTimeout(SETTLE_MS);
  const beforeMb = memoryMb(pid, 'VmRSS');
  const sockets = await open(port, requests, clients);
  await setTimeout(SETTLE_MS);
  const grownMb = memoryMb(pid, 'VmRSS') - beforeMb;
  const gone = sockets.filter((socket) => socket.destroyed).length;
  for (const socket of sockets) socket.destroy();
  if (gone > 0) throw new Error(`${gone} of ${clients} idle clients were sent away`);
  return (grownMb * BYTES_PER_MB) / clients;
}

async function open(port: number, requests: readonly string[], count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let first = 0; first < count; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - first) }, (_, index) =>
      answered(port, requests[(first + index) % requests.length] ?? ''),
    );
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

/** A connection with one call made on it. */
async function answered(port: number, text: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  socket.write(text);
  let received = '';
  while (received.length < BODY_BYTES || !received.endsWith('x')) {
    const [chunk] = await once(socket, 'data');
    received += (chunk as Buffer).toString('latin1');
    if (!received.startsWith('HTTP/1.1 200 ')) throw new Error(`an idle client was answered: ${received}`);
  }
  // What it is told from now on is only that it is sent away.
  socket.on('error', () => socket.destroy());
  socket.resume();
  return socket;
}

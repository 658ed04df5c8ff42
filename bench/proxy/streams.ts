// A long body through Tenon, each way, and what the process grows by meanwhile. Whoever takes the body stops in the
// middle, so that what is not passed on would pile up. Invariant: a body with a byte too few has no result.

import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { memoryMb, resetPeak } from '../harness/memory.ts';
import { headersOf, type TenonSubject } from './subjects.ts';
import { BULK_PAUSE_MS, BULK_PIECE, BULK_PIECE_BYTES } from './traffic.ts';

/** Before the measurement, so that buffers and compiled code are there. */
const WARM_UP_BYTES = 64 * 2 ** 20;

export interface StreamOutcome {
  /** The largest resident size meanwhile, less that before. */
  readonly grownMb: number;
  readonly mbPerSecond: number;
}

export async function streamDown(tenon: TenonSubject, bytes: number): Promise<StreamOutcome> {
  return measured(tenon, bytes, download);
}

export async function streamUp(tenon: TenonSubject, bytes: number): Promise<StreamOutcome> {
  return measured(tenon, bytes, upload);
}

type Transfer = (tenon: TenonSubject, bytes: number) => Promise<number>;

async function measured(tenon: TenonSubject, bytes: number, transfer: Transfer): Promise<StreamOutcome> {
  await transfer(tenon, WARM_UP_BYTES);
  const beforeMb = memoryMb(tenon.pid, 'VmRSS');
  resetPeak(tenon.pid);
  const startedMs = performance.now();
  const arrived = await transfer(tenon, bytes);
  const movingMs = performance.now() - startedMs - BULK_PAUSE_MS;
  if (arrived !== bytes) throw new Error(`of ${bytes} bytes ${arrived} arrived`);
  const grownMb = Math.max(0, memoryMb(tenon.pid, 'VmHWM') - beforeMb);
  return { grownMb, mbPerSecond: bytes / 1e6 / (movingMs / 1000) };
}

async function download(tenon: TenonSubject, bytes: number): Promise<number> {
  const call = request({ ...targetOf(tenon, bytes), method: 'GET' }).end();
  const [response] = await once(call, 'response');
  let received = 0;
  let hasPaused = false;
  for await (const piece of response as AsyncIterable<Buffer>) {
    received += piece.length;
    if (hasPaused || received < bytes / 2) continue;
    hasPaused = true;
    await setTimeout(BULK_PAUSE_MS);
  }
  return received;
}

async function upload(tenon: TenonSubject, bytes: number): Promise<number> {
  const target = targetOf(tenon, bytes);
  const call = request({ ...target, method: 'POST', headers: { ...target.headers, 'content-length': bytes } });
  const answered = once(call, 'response');
  for (let left = bytes; left > 0; left -= BULK_PIECE_BYTES) {
    const piece = left < BULK_PIECE_BYTES ? BULK_PIECE.subarray(0, left) : BULK_PIECE;
    if (!call.write(piece)) await once(call, 'drain');
  }
  call.end();
  const [response] = await answered;
  let text = '';
  for await (const piece of response as AsyncIterable<Buffer>) text += piece.toString();
  return Number(text);
}

function targetOf({ port, ready, customers }: TenonSubject, bytes: number) {
  const [customer = ''] = customers.stripe;
  return { port, host: '127.0.0.1', path: `/bulk?bytes=${bytes}`, agent: false, headers: headersOf(ready, customer) };
}

// `tenon serve` as an operator starts it, from the spawn of the process to the first 200 of `/ready`, and its memory
// once it has settled. The clock runs in this process: nothing of the start is left out.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { readConfig } from '../../src/config.ts';
import { silentLog } from '../../src/core/log.ts';
import { start } from '../../src/main.ts';
import { inFolder } from '../harness/commits.ts';
import { freePort, Server } from '../harness/server.ts';

/** Memory has settled when it stays within 1 % over this many looks. */
const SETTLED_LOOKS = 10;
const SETTLING_LOOK_MS = 100;

interface Start {
  readonly readyMs: number;
  readonly cpuMs: number;
  readonly rssMb: number;
}

type Mutable<Shape> = { [Key in keyof Shape]: number[] };

/** Of one data folder and of an empty one, in turn. */
export interface Starts {
  /** Milliseconds to ready, the database in the page cache of the system. */
  readonly warm: readonly number[];
  /** The same with a database that has to come from the disk; Node and its files are in memory. */
  readonly cold: readonly number[];
  readonly empty: readonly number[];
  /** CPU milliseconds until ready, all threads, of the warm starts: what other work on the machine does not change. */
  readonly cpu: readonly number[];
  readonly emptyCpu: readonly number[];
  readonly rssMb: readonly number[];
  readonly emptyRssMb: readonly number[];
}

/** `rounds` of a warm, a cold and an empty start; memory is measured in the first `settling` of them. */
export async function measureStarts(folder: string, rounds: number, settling: number): Promise<Starts> {
  await assertNothingHydrated(folder);
  const starts = { warm: [], cold: [], empty: [], cpu: [], emptyCpu: [], rssMb: [], emptyRssMb: [] } as Mutable<Starts>;
  for (let round = 0; round < rounds; round++) {
    const isSettling = round < settling;
    const warm = await serveOnce(folder, isSettling);
    const empty = await inFolder((emptyFolder) => serveOnce(emptyFolder, isSettling));
    dropFromPageCache(join(folder, 'tenon.db'));
    const cold = await serveOnce(folder, false);
    starts.warm.push(warm.readyMs);
    starts.empty.push(empty.readyMs);
    starts.cold.push(cold.readyMs);
    starts.cpu.push(warm.cpuMs);
    starts.emptyCpu.push(empty.cpuMs);
    if (!isSettling) continue;
    starts.rssMb.push(warm.rssMb);
    starts.emptyRssMb.push(empty.rssMb);
  }
  return starts;
}

/** A start wakes no actor whose time has not come. Asked in this process, because a server does not tell. */
async function assertNothingHydrated(folder: string): Promise<void> {
  const onFatal = (error: Error) => {
    throw error;
  };
  const config = readConfig({ TENON_DATA_DIR: folder, TENON_PORT: '0' });
  const running = await start({ config, log: silentLog(), onFatal });
  const { liveCount } = running.services.runtime;
  await running.stop();
  if (liveCount > 0) throw new Error(`the start hydrated ${liveCount} actors`);
}

/** Starts a server on the data folder, waits until it is ready and, if asked to, settled, and ends it. */
async function serveOnce(folder: string, isSettling: boolean): Promise<Start> {
  const server = await Server.start(await freePort(), { TENON_DATA_DIR: folder });
  const { readyMs, cpuMs } = server;
  const rssMb = isSettling ? await settledRssMb(server) : Number.NaN;
  await server.end('SIGTERM');
  return { readyMs, cpuMs, rssMb };
}

/** Drops a file from the page cache of the system, so that the next reader goes to the disk. */
export function dropFromPageCache(path: string): void {
  execFileSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], { stdio: 'ignore' });
}

async function settledRssMb(server: Server): Promise<number> {
  for (let looks = 0, before = 0; ; ) {
    const now = server.rssMb;
    looks = Math.abs(now - before) <= before / 100 ? looks + 1 : 0;
    if (looks === SETTLED_LOOKS) return now;
    before = now;
    await setTimeout(SETTLING_LOOK_MS);
  }
}

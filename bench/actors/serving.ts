// `tenon serve` as an operator starts it, from the spawn of the process to the first 200 of `/ready`, and its memory
// once it has settled. The clock runs in this process: nothing of the start is left out.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { readConfig } from '../../src/config.ts';
import { silentLog } from '../../src/core/log.ts';
import { start } from '../../src/main.ts';
import { inFolder } from '../harness/commits.ts';

const CLI = new URL('../../src/cli/tenon.ts', import.meta.url).pathname;
/** Between two looks at `/ready`, which is how exact the measurement is. */
const LOOK_MS = 2;
const MS_PER_TICK = 10;
const READY_MS_MAX = 60_000;
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
  const port = await freePort();
  const startedMs = performance.now();
  const child = spawn(execPath, [CLI, 'serve'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...env, TENON_DATA_DIR: folder, TENON_PORT: String(port), TENON_LOG_LEVEL: 'warn' },
  });
  const exited = once(child, 'exit');
  try {
    while (!(await isReady(port))) {
      const isLate = performance.now() - startedMs > READY_MS_MAX;
      if (isLate || child.exitCode !== null) throw new Error(`tenon serve did not get ready (exit ${child.exitCode})`);
      await setTimeout(LOOK_MS);
    }
    const readyMs = performance.now() - startedMs;
    const cpuMs = cpuMsOf(child.pid ?? 0);
    return { readyMs, cpuMs, rssMb: isSettling ? await settledRssMb(child.pid ?? 0) : Number.NaN };
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

/** Drops a file from the page cache of the system, so that the next reader goes to the disk. */
export function dropFromPageCache(path: string): void {
  execFileSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], { stdio: 'ignore' });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ port, host: '127.0.0.1', path: '/ready', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}

/** User and system time of a process: the 14th and 15th field of its `stat` (proc_pid_stat(5)), in ticks of 10 ms. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

async function settledRssMb(pid: number): Promise<number> {
  for (let looks = 0, before = 0; ; ) {
    const now = rssMb(pid);
    looks = Math.abs(now - before) <= before / 100 ? looks + 1 : 0;
    if (looks === SETTLED_LOOKS) return now;
    before = now;
    await setTimeout(SETTLING_LOOK_MS);
  }
}

function rssMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

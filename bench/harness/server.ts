// `tenon serve` as an operator starts it: a process of its own, from its spawn to its end, and what the system says of
// it meanwhile.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import process, { env, execPath } from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { memoryMb } from './memory.ts';

const CLI = new URL('../../src/cli/tenon.ts', import.meta.url).pathname;
/** Between two looks at `/ready`, which is how exact the measurement is. */
const LOOK_MS = 2;
const MS_PER_TICK = 10;
const READY_MS_MAX = 60_000;

/** One process of Tenon. Ends with this one, however that ends. */
export class Server {
  /** From the spawn to the first 200 of `/ready`. */
  readonly readyMs: number;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, exited: Promise<unknown>, readyMs: number) {
    this.#child = child;
    this.#exited = exited;
    this.readyMs = readyMs;
    this.pid = child.pid ?? 0;
  }

  /** Starts it on `port` and waits until it is ready. Rejects if it ends before, or is not ready in a minute. */
  static async start(port: number, settings: Readonly<Record<string, string>>): Promise<Server> {
    const startedMs = performance.now();
    const child = spawn(execPath, [CLI, 'serve'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...env, TENON_LOG_LEVEL: 'warn', ...settings, TENON_PORT: String(port) },
    });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    const exited = once(child, 'exit').finally(() => process.off('exit', kill));
    while (!(await isReady(port))) {
      const isLate = performance.now() - startedMs > READY_MS_MAX;
      if (isLate || child.exitCode !== null) {
        kill();
        throw new Error(`tenon serve did not get ready (exit ${child.exitCode})`);
      }
      await setTimeout(LOOK_MS);
    }
    return new Server(child, exited, performance.now() - startedMs);
  }

  /** User and system time of the process, all threads. */
  get cpuMs(): number {
    // The 14th and 15th field of its `stat` (proc_pid_stat(5)), in ticks of 10 ms.
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  }

  get rssMb(): number {
    return memoryMb(this.pid, 'VmRSS');
  }

  /** The most that it ever was. */
  get rssMaxMb(): number {
    return memoryMb(this.pid, 'VmHWM');
  }

  /** Resolves when it has ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    await this.#exited;
  }
}

export async function freePort(): Promise<number> {
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

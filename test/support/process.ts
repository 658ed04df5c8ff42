// `tenon serve` as a process of its own, which a test may kill like a power cut would. Same interface as the Tenon
// that runs inside the test, except that its services are out of reach: what it stored is read from its files.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Running } from '../../src/main.ts';
import { startReceiver } from '../../src/sandbox/receiver.ts';
import { type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Tenon } from './tenon.ts';

const ENTRY = join(import.meta.dirname, '..', '..', 'src', 'cli', 'tenon.ts');

/** How a process ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ServeProcess {
  readonly child: ChildProcess;
  /** The first group of a pattern, once it has printed something that matches. Rejects if it ends before. */
  printed(pattern: RegExp): Promise<string>;
  readonly ended: Promise<Ended>;
}

/** Starts `tenon serve` on any free port. `blocksMax` bounds every file it writes, in KB (`ulimit -f`). */
export function spawnServe(env: Readonly<Record<string, string>>, blocksMax?: number): ServeProcess {
  const [file, args] =
    blocksMax === undefined
      ? [process.execPath, [ENTRY, 'serve']]
      : ['bash', ['-c', `ulimit -f ${blocksMax} && exec "$0" "$@"`, process.execPath, ENTRY, 'serve']];
  const child = spawn(file, args, {
    env: { PATH: process.env['PATH'], TENON_PORT: '0', TENON_LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A test that fails half-way leaves nothing running.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    process.off('exit', kill);
    return { code, signal, stdout, stderr };
  });
  return {
    child,
    ended,
    async printed(pattern) {
      for (;;) {
        const found = pattern.exec(stdout)?.[1];
        if (found !== undefined) return found;
        const end = await Promise.race([ended, once(child.stdout, 'data')]);
        if ('code' in end) throw new Error(`tenon serve ended with ${end.code ?? end.signal}: ${stderr}${stdout}`);
      }
    },
  };
}

/**
 * A Tenon in a process of its own. `halt` and `stop` end it with `signal`; with SIGTERM it must end cleanly. `extra` is
 * asked at each start for further variables.
 */
export async function startTenonProcess(
  sandboxOptions: SandboxOptions = {},
  signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL',
  extra: () => Readonly<Record<string, string>> = () => ({}),
): Promise<Tenon> {
  const sandbox = await startSandbox({ autoConsent: true, ...sandboxOptions });
  const secrets = new Map<string, string>();
  const receiver = await startReceiver({ secretFor: (path) => secrets.get(path) ?? null });
  const folder = mkdtempSync(join(tmpdir(), 'tenon-e2e-'));
  const catalogFile = join(folder, 'catalog.json');
  writeFileSync(catalogFile, JSON.stringify(sandbox.catalogOverrides()));
  const env = {
    TENON_DATA_DIR: join(folder, 'data'),
    TENON_EGRESS_ALLOW: '127.0.0.1/32',
    TENON_CATALOG_FILE: catalogFile,
  };
  const parts = {
    sandbox,
    receiver,
    folder,
    fatal: [],
    secrets,
    start: () => runningOf(spawnServe({ ...env, ...extra() }), signal),
  };
  const first = spawnServe(env);
  const running = await runningOf(first, signal);
  const projectId = await first.printed(/project {3}(\S+)/);
  return new Tenon(parts, running, { projectId, apiKey: await first.printed(/API key {3}(\S+)/) });
}

async function runningOf({ child, ended, printed }: ServeProcess, signal: NodeJS.Signals): Promise<Running> {
  const origin = await printed(/serves (http:\S+)/);
  return {
    port: Number(new URL(origin).port),
    firstKey: null,
    warnings: [],
    pool: null,
    get services(): never {
      throw new Error('the services of another process are out of reach');
    },
    async stop() {
      child.kill(signal);
      const { code, stderr } = await ended;
      if (signal === 'SIGTERM' && (code !== 0 || stderr !== '')) throw new Error(`it ended with ${code}: ${stderr}`);
    },
  };
}

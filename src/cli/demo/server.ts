// Tenon as its own process, started, killed and started again by the demo as an operator would: by its command line,
// configured by environment variables, known by what it prints. Invariant: no process outlives `stop`, whatever happens
// in between, and an end that nobody asked for is told through `died`.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { IntegrationError } from '../../core/errors.ts';
import { DEMO_LOG_LINES_KEPT, DEMO_STOP_MS_MAX } from '../../core/limits.ts';
import { delay, systemClock } from '../../core/time.ts';

/** The command line that serves; also the one that deploys. */
export const TENON_COMMAND = join(import.meta.dirname, '..', 'tenon.ts');

type Child = ChildProcessByStdio<null, Readable, Readable>;

export interface ServerOptions {
  readonly dataFolder: string;
  readonly catalogFile: string;
  readonly logFile: string;
}

export class Server {
  readonly #options: ServerOptions;
  readonly #lastLines: string[] = [];
  readonly #died = Promise.withResolvers<never>();
  #child: Child | null = null;
  #isEndAsked = false;
  #isStopped = false;
  #hasDied = false;
  #url = '';
  #apiKey = '';

  constructor(options: ServerOptions) {
    this.#options = options;
    // Whoever waits for it hears of it; nobody may be waiting any more.
    this.#died.promise.catch(() => {});
  }

  /** Where the present process listens. */
  get url(): string {
    return this.#url;
  }

  /** As printed by the first start. */
  get apiKey(): string {
    return this.#apiKey;
  }

  get hasDied(): boolean {
    return this.#hasDied;
  }

  /** What the process wrote last. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  /** Rejects when the process ends by itself. Never resolves. */
  get died(): Promise<never> {
    return this.#died.promise;
  }

  /** Resolves when it serves. If the process ends before, `died` rejects and this stays open. */
  start(): Promise<void> {
    if (this.#isStopped) return Promise.reject(new IntegrationError('conflict', 'the demo is ending'));
    const child = spawn(process.execPath, [TENON_COMMAND, 'serve'], {
      env: serverEnv(this.#options),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#isEndAsked = false;
    this.#url = '';
    const serves = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          this.#take(line);
          if (this.#url !== '' && this.#apiKey !== '') resolve();
        });
      }
    });
    child.once('error', (error) => this.#died.reject(error));
    child.once('close', (code, signal) => {
      this.#child = null;
      if (this.#isEndAsked) return;
      this.#hasDied = true;
      const how = signal ?? `exit code ${code}`;
      this.#died.reject(new IntegrationError('invariant', `Tenon ended by itself (${how})`));
    });
    return serves;
  }

  /** SIGKILL: no handler runs, nothing is flushed. Resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks it to end and, if it does not, kills it. It cannot be started again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#end('SIGTERM');
  }

  /** For the last moment of the demo's own process, when nothing can be waited for. */
  abandon(): void {
    this.#child?.kill('SIGKILL');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#isEndAsked = true;
    const closed = once(child, 'close');
    child.kill(signal);
    const inTime = new AbortController();
    const late = delay(systemClock, DEMO_STOP_MS_MAX, inTime.signal).then(() => child.kill('SIGKILL'));
    await closed;
    inTime.abort();
    await late;
  }

  #take(line: string): void {
    this.#url = /^Tenon serves (\S+)$/.exec(line)?.[1] ?? this.#url;
    this.#apiKey = /^\s+API key\s+(\S+)$/.exec(line)?.[1] ?? this.#apiKey;
    const shown = this.#apiKey === '' ? line : line.replaceAll(this.#apiKey, '[API key]');
    appendFileSync(this.#options.logFile, `${shown}\n`);
    this.#lastLines.push(shown);
    if (this.#lastLines.length > DEMO_LOG_LINES_KEPT) this.#lastLines.shift();
  }
}

/** The surroundings of this process without what would configure another Tenon or colour what is read here. */
function serverEnv({ dataFolder, catalogFile }: ServerOptions): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:TENON_|FORCE_COLOR$)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    NO_COLOR: '1',
    TENON_DATA_DIR: dataFolder,
    TENON_PORT: '0',
    TENON_CATALOG_FILE: catalogFile,
    TENON_EGRESS_ALLOW: '127.0.0.1/32',
  };
}

// Processes of a bench, kept apart from each other: one core for the process under test, another for everything that
// drives it. A child answers one question at a time over the IPC channel. Invariant: children end with their parent.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import process, { execPath } from 'node:process';

/** CPU time of a process since it started, in microseconds: all of its threads. */
export interface CpuMicros {
  readonly user: number;
  readonly system: number;
}

const canPin = hasTaskset() && availableParallelism() >= 2;

/** How the processes are placed, for the notes of a result. */
export const PLACEMENT = canPin
  ? 'process under test on core 0, load generator and upstream together on core 1 (taskset)'
  : 'processes are not pinned: no taskset, or one core only';

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A command that runs on one core, where that can be had. */
export function pinned(core: 0 | 1, command: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '-c', String(core), ...command] : command;
}

export interface ChildOptions {
  /** `any`: the process has threads of its own that should run side by side. */
  readonly core: 0 | 1 | 'any';
  readonly env?: Readonly<Record<string, string>>;
  /** File descriptor of the child's standard output; the parent's if absent. */
  readonly stdout?: number;
  /** Options for Node itself, such as `--expose-gc`; its worker threads get them too. */
  readonly nodeOptions?: readonly string[];
}

export class Child {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  /** Starts `script` and waits for its first message. Rejects if it ends before. */
  static async start<Ready>(script: URL, options: ChildOptions): Promise<{ child: Child; ready: Ready }> {
    const command = [execPath, ...(options.nodeOptions ?? []), script.pathname];
    const [file = execPath, ...args] = options.core === 'any' ? command : pinned(options.core, command);
    const child = new Child(
      spawn(file, args, {
        stdio: ['ignore', options.stdout ?? 'inherit', 'inherit', 'ipc'],
        env: { ...process.env, ...options.env },
      }),
    );
    return { child, ready: await child.#next<Ready>() };
  }

  /** `taskset` becomes what it starts, so that this is the process itself. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  ask<Answer>(question: object): Promise<Answer> {
    const answer = this.#next<Answer>();
    this.#process.send(question);
    return answer;
  }

  cpu(): Promise<CpuMicros> {
    return this.ask<CpuMicros>({ kind: 'cpu' });
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.disconnect();
    await exited;
  }

  #next<Answer>(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`${this.#process.spawnargs.join(' ')} ended (${code})`));
      this.#process.once('exit', ended);
      this.#process.once('message', (message) => {
        this.#process.off('exit', ended);
        resolve(message as Answer);
      });
    });
  }
}

/**
 * The child's side: says `ready`, then answers questions with `answer` until the parent is gone. `cpu` is answered
 * here. `stop` ends what the child runs.
 */
export function serveParent<Question extends { readonly kind: string }>(
  ready: unknown,
  answer: (question: Question) => Promise<unknown> | unknown,
  stop: () => Promise<void> = async () => {},
): void {
  process.on('message', async (question: Question) => {
    process.send?.(question.kind === 'cpu' ? process.cpuUsage() : await answer(question));
  });
  process.on('disconnect', () => stop().finally(() => process.exit(0)));
  process.send?.(ready);
}

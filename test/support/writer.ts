// Writers that misbehave on request: the disk is full or broken, an answer is late, rows are refused, or the process
// dies around a commit.

import { IntegrationError } from '../../src/core/errors.ts';
import type { BatchFailure, BatchOutcome, Step, StepOutcome, Writer } from '../../src/store/port.ts';

/** Where a crash falls: the transaction is lost, or it is on disk and its answer is lost. */
export type CrashPoint = 'beforeCommit' | 'afterCommit';

/** Keeps every batch and answers by script; stores nothing. */
export class ScriptedWriter implements Writer {
  readonly batches: (readonly Step[])[] = [];
  /** Answers that wait for `answer`; empty while `isHeld` is false. */
  readonly #held: ((outcome: BatchOutcome) => void)[] = [];
  isHeld = false;
  isClosed = false;

  write(steps: readonly Step[]): Promise<BatchOutcome> {
    this.batches.push(steps);
    if (!this.isHeld) return Promise.resolve(allCommitted(steps));
    return new Promise((resolve) => this.#held.push(resolve));
  }

  /** Answers the batch at the writer; by default everything is committed. */
  answer(outcome: BatchOutcome = allCommitted(this.batches.at(-1) ?? [])): void {
    this.#held.shift()?.(outcome);
  }

  vacuum(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

export function allCommitted(steps: readonly Step[]): BatchOutcome {
  return { steps: steps.map((): StepOutcome => ({ kind: 'committed' })) };
}

/** Another writer, with faults. */
export class FaultyWriter implements Writer {
  readonly #writer: Writer;
  /** Batches that reached the disk. */
  commits = 0;
  /** While set, every transaction fails like this. */
  failure: BatchFailure | null = null;
  /** Steps it holds for are refused; asked once per step. */
  refuses: (step: Step) => boolean = () => false;
  /** Dies around the commit with this number (from 1). */
  crash: { readonly commit: number; readonly at: CrashPoint } | null = null;
  isDead = false;
  /** A transaction is on its way to the disk; one that is held is not. */
  isBusy = false;
  #gate: Promise<void> = Promise.resolve();
  #closed: Promise<void> | null = null;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  /** Makes transactions wait; call the answer to let them go. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  async write(steps: readonly Step[]): Promise<BatchOutcome> {
    await this.#gate;
    if (this.isDead) return never();
    if (this.failure !== null) return { failure: this.failure };
    const isLast = this.crash?.commit === this.commits + 1;
    if (isLast && this.crash?.at === 'beforeCommit') return this.die();
    this.isBusy = true;
    const outcome = await this.#writer.write(
      steps.map((step) => (this.refuses(step) ? { ...step, writes: [...step.writes, REFUSED] } : step)),
    );
    this.isBusy = false;
    this.commits += 1;
    if (isLast) return this.die();
    return this.isDead ? never() : outcome;
  }

  async vacuum(pages: number): Promise<void> {
    await this.#gate;
    if (this.isDead) return never();
    if (this.failure !== null) throw new IntegrationError('storage_unavailable', this.failure.message);
    return this.#writer.vacuum(pages);
  }

  /** Ends this "process": nothing more is written and nobody is answered. */
  die<Never>(): Promise<Never> {
    this.isDead = true;
    void this.close();
    return never();
  }

  close(): Promise<void> {
    this.#closed ??= this.#writer.close();
    return this.#closed;
  }
}

const REFUSED = { statement: 'effects.delete', params: ['no such effect'], mustChange: 'rejected' } as const;

function never<Never>(): Promise<Never> {
  return new Promise(() => {});
}

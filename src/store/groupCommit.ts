// Group commit: steps that arrive while the disk is busy, or within one turn of the event loop, share a
// transaction. Flushed by `setImmediate` (a microtask would make groups of one). One batch is at the writer at a
// time, so that after a failure it is known what was decided on memory that is now ahead of the disk: all of it
// is discarded, synchronously, before anything else can run.

import { IntegrationError } from '../core/errors.ts';
import type { ActorId } from '../core/ids.ts';
import { COMMIT_QUEUE_STEPS_MAX, COMMIT_STEPS_MAX } from '../core/limits.ts';
import type { BatchFailure, Step, StepOutcome, Writer } from './port.ts';

interface Waiting {
  readonly step: Step;
  readonly committed: () => void;
  readonly failed: (error: IntegrationError) => void;
}

export interface CommitObserver {
  /** Two owners, or a disk that cannot be trusted: the process must end. */
  onFatal(error: IntegrationError): void;
  /** A commit succeeded after one or more had failed for lack of space. */
  onRecovered(): void;
}

export class GroupCommit {
  readonly #writer: Writer;
  readonly #observer: CommitObserver;
  #buffer: Waiting[] = [];
  #isWriting = false;
  #isFlushScheduled = false;
  #isFull = false;
  #idle: (() => void)[] = [];

  constructor(writer: Writer, observer: CommitObserver) {
    this.#writer = writer;
    this.#observer = observer;
  }

  /** False while the last transaction failed for lack of space. */
  get isHealthy(): boolean {
    return !this.#isFull;
  }

  /** False while so many steps wait that new work must be refused with `overloaded`, before it begins. */
  get hasRoom(): boolean {
    return this.#buffer.length < COMMIT_QUEUE_STEPS_MAX;
  }

  /**
   * Adds a step to the next transaction. Exactly one of the callbacks is called, synchronously with the
   * writer's answer: `committed` when it is on disk, `failed` with `storage_unavailable`, `conflict` (missed
   * compare-and-set) or `invalid_input` (a row was refused).
   */
  add(step: Step, committed: () => void, failed: (error: IntegrationError) => void): void {
    this.#buffer.push({ step, committed, failed });
    this.#scheduleFlush();
  }

  /** Resolves when nothing waits for the disk. */
  drained(): Promise<void> {
    if (this.#buffer.length === 0 && !this.#isWriting) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled || this.#isWriting) return;
    this.#isFlushScheduled = true;
    setImmediate(() => {
      this.#isFlushScheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#buffer.splice(0, COMMIT_STEPS_MAX);
    if (batch.length === 0) return;
    this.#isWriting = true;
    const outcome = await this.#writer.write(batch.map((waiting) => waiting.step));
    this.#isWriting = false;
    if ('failure' in outcome) this.#failAll(batch, outcome.failure);
    else this.#settle(batch, outcome.steps);
    if (this.#buffer.length > 0) this.#scheduleFlush();
    else if (!this.#isWriting) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #failAll(batch: readonly Waiting[], failure: BatchFailure): void {
    this.#isFull = true;
    const error = new IntegrationError('storage_unavailable', `commit failed: ${failure.message}`, {
      publicDetail: failure.kind === 'full' ? 'the disk is full' : 'the disk failed',
    });
    const decidedSince = this.#buffer.splice(0);
    for (const waiting of [...batch, ...decidedSince]) waiting.failed(error);
    if (failure.kind === 'io') this.#observer.onFatal(error);
  }

  #settle(batch: readonly Waiting[], outcomes: readonly StepOutcome[]): void {
    const wasFull = this.#isFull;
    this.#isFull = false;
    batch.forEach((waiting, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined || outcome.kind === 'committed') waiting.committed();
      else this.#failOne(waiting, outcome.kind, outcome.message);
    });
    if (wasFull) this.#observer.onRecovered();
  }

  #failOne(waiting: Waiting, kind: 'conflict' | 'rejected', message: string): void {
    const error =
      kind === 'conflict'
        ? new IntegrationError('conflict', `compare-and-set failed: ${message}`, {
            publicDetail: 'changed by another owner',
          })
        : new IntegrationError('invalid_input', `the store refused a row: ${message}`, {
            publicDetail: 'the change was refused',
          });
    waiting.failed(error);
    if (waiting.step.actorId !== null) this.#failLaterStepsOf(waiting.step.actorId, error);
    if (kind === 'conflict') this.#observer.onFatal(error);
  }

  #failLaterStepsOf(actorId: ActorId, error: IntegrationError): void {
    const later = this.#buffer.filter((waiting) => waiting.step.actorId === actorId);
    this.#buffer = this.#buffer.filter((waiting) => waiting.step.actorId !== actorId);
    for (const waiting of later) waiting.failed(error);
  }
}

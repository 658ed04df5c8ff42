// Group commit: steps that arrive while the disk is busy, or within one turn of the event loop, share a
// transaction. Flushed by `setImmediate` (a microtask would make groups of one). One batch is at the writer at a
// time, so that after a failure it is known what was decided on memory that is now ahead of the disk: all of it
// is discarded, synchronously, before anything else can run.

import { newCommitCounts, observe } from '../core/counts.ts';
import { IntegrationError } from '../core/errors.ts';
import type { ActorId } from '../core/ids.ts';
import { COMMIT_EDGES_S, COMMIT_GROUP_EDGES, COMMIT_QUEUE_STEPS_MAX, COMMIT_STEPS_MAX } from '../core/limits.ts';
import { monotonicMs, SECOND_MS } from '../core/time.ts';
import type { BatchFailure, Step, StepOutcome, Writer } from './port.ts';

interface Waiting {
  readonly step: Step;
  readonly committed: () => void;
  readonly failed: (error: IntegrationError) => void;
}

/** What callers are told of a failure. */
export const FAILURE_DETAILS: Readonly<Record<BatchFailure['kind'], string>> = {
  full: 'the disk is full',
  busy: 'another program holds the database',
  io: 'the disk failed',
};

const SKIPPED = { kind: 'skipped' } as const satisfies StepOutcome;

export interface CommitObserver {
  /** Two owners, or a disk that cannot be trusted: the process must end. Called once; nothing is written after it. */
  onFatal(error: IntegrationError): void;
  /** A commit succeeded after one or more had failed for what has passed. */
  onRecovered(): void;
}

export class GroupCommit {
  readonly counts = newCommitCounts();
  readonly #writer: Writer;
  readonly #observer: CommitObserver;
  #buffer: Waiting[] = [];
  #isWriting = false;
  #isFlushScheduled = false;
  #isRefused = false;
  #isClosed = false;
  #idle: (() => void)[] = [];

  constructor(writer: Writer, observer: CommitObserver) {
    this.#writer = writer;
    this.#observer = observer;
  }

  /** False while the last transaction failed for what may pass, and when no other will follow. */
  get isHealthy(): boolean {
    return !this.#isRefused && !this.#isClosed;
  }

  /** False while so many steps wait that new work must be refused with `overloaded`, before it begins. */
  get hasRoom(): boolean {
    return this.#buffer.length < COMMIT_QUEUE_STEPS_MAX;
  }

  /** Steps that are not at the writer yet. */
  get waitingCount(): number {
    return this.#buffer.length;
  }

  /**
   * Adds a step to the next transaction. Exactly one of the callbacks is called, synchronously with the
   * writer's answer: `committed` when it is on disk, `failed` with `storage_unavailable` (the disk, or an earlier
   * step of the same actor failed: it may be tried again), `conflict` (missed compare-and-set) or `invalid_input`
   * (a row was refused). After `close` a step fails at once.
   */
  add(step: Step, committed: () => void, failed: (error: IntegrationError) => void): void {
    if (this.#isClosed) {
      failed(closedError());
      return;
    }
    this.#buffer.push({ step, committed, failed });
    this.#scheduleFlush();
  }

  /** Takes no more steps; resolves when nothing waits for the disk. */
  close(): Promise<void> {
    this.#isClosed = true;
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
    const beganMs = monotonicMs();
    const outcome = await this.#writer.write(batch.map((waiting) => waiting.step));
    observe(this.counts.seconds, COMMIT_EDGES_S, (monotonicMs() - beganMs) / SECOND_MS);
    observe(this.counts.groups, COMMIT_GROUP_EDGES, batch.length);
    this.#isWriting = false;
    if ('failure' in outcome) this.#failAll(batch, outcome.failure);
    else this.#settle(batch, outcome.steps);
    if (this.#isWriting) return;
    if (this.#buffer.length > 0) this.#scheduleFlush();
    else for (const resolve of this.#idle.splice(0)) resolve();
  }

  #failAll(batch: readonly Waiting[], failure: BatchFailure): void {
    this.#isRefused = true;
    const error = new IntegrationError('storage_unavailable', `commit failed: ${failure.message}`, {
      publicDetail: FAILURE_DETAILS[failure.kind],
    });
    const decidedSince = this.#buffer.splice(0);
    for (const waiting of [...batch, ...decidedSince]) waiting.failed(error);
    if (failure.kind === 'io') this.#end(error);
  }

  #end(error: IntegrationError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const waiting of this.#buffer.splice(0)) waiting.failed(closedError());
    this.#observer.onFatal(error);
  }

  #settle(batch: readonly Waiting[], outcomes: readonly StepOutcome[]): void {
    const wasRefused = this.#isRefused;
    this.#isRefused = false;
    // Failures first: what `committed` sets off may step any actor, and must not meet one whose memory is ahead.
    const answered = batch.map((waiting, index) => ({ waiting, outcome: outcomes[index] ?? SKIPPED }));
    for (const { waiting, outcome } of answered) if (outcome.kind !== 'committed') this.#failOne(waiting, outcome);
    // What gathered meanwhile goes to the disk now, so that it works while the owners of this batch go on.
    void this.#flush();
    for (const { waiting, outcome } of answered) if (outcome.kind === 'committed') waiting.committed();
    if (wasRefused) this.#observer.onRecovered();
  }

  #failOne(waiting: Waiting, outcome: Exclude<StepOutcome, { kind: 'committed' }>): void {
    const error = failureOf(outcome);
    waiting.failed(error);
    if (waiting.step.actorId !== null) this.#skipLaterStepsOf(waiting.step.actorId);
    if (outcome.kind === 'conflict') this.#end(error);
  }

  #skipLaterStepsOf(actorId: ActorId): void {
    const later = this.#buffer.filter((waiting) => waiting.step.actorId === actorId);
    if (later.length === 0) return;
    this.#buffer = this.#buffer.filter((waiting) => waiting.step.actorId !== actorId);
    for (const waiting of later) waiting.failed(failureOf(SKIPPED));
  }
}

function closedError(): IntegrationError {
  return new IntegrationError('storage_unavailable', 'the store is closed');
}

function failureOf(outcome: Exclude<StepOutcome, { kind: 'committed' }>): IntegrationError {
  switch (outcome.kind) {
    case 'conflict':
      return new IntegrationError('conflict', `compare-and-set failed: ${outcome.message}`, {
        publicDetail: 'changed by another owner',
      });
    case 'rejected':
      return new IntegrationError('invalid_input', `the store refused a row: ${outcome.message}`, {
        publicDetail: 'the change was refused',
      });
    case 'skipped':
      return new IntegrationError('storage_unavailable', 'an earlier step of the same actor failed', {
        publicDetail: 'an earlier change was refused, this one may be tried again',
      });
  }
}

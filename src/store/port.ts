// The store port: everything durable passes through it. It takes data, never closures, so that the one writer
// can live on another thread today and behind a network tomorrow. A step is all or nothing; steps that are
// committed in one transaction still succeed or fail each on its own.

import type { ActorId } from '../core/ids.ts';

export type SqlValue = string | number | null | Uint8Array;

/** What it means when a write that must change exactly one row changed none. */
export type MissedWrite =
  /** Somebody else owns the row: two processes write this store. The process must end. */
  | 'conflict'
  /** The row was not as the caller assumed (used up, deleted, changed): the step alone fails. */
  | 'rejected';

/** One prepared statement by name (see `statements.ts`) with its parameters. */
export interface RowWrite {
  readonly statement: string;
  readonly params: readonly SqlValue[];
  /** If set, the statement must change exactly one row. */
  readonly mustChange?: MissedWrite;
}

/** Writes that commit together. `actorId` names the actor whose decision they are, null for rows that no actor owns. */
export interface Step {
  readonly actorId: ActorId | null;
  readonly writes: readonly RowWrite[];
}

/** `skipped`: an earlier step of the same actor failed; this one was decided on what that had changed. */
export type StepOutcome =
  | { readonly kind: 'committed' }
  | { readonly kind: 'skipped' }
  | { readonly kind: MissedWrite; readonly message: string };

/**
 * The disk said no to a whole transaction: nothing of it happened. `full` and `busy` (another program holds the
 * database) may pass; after `io` nothing on this disk can be trusted.
 */
export interface BatchFailure {
  readonly kind: 'full' | 'busy' | 'io';
  readonly message: string;
}

export type BatchOutcome = { readonly steps: readonly StepOutcome[] } | { readonly failure: BatchFailure };

/**
 * The single writer. `write` commits up to COMMIT_STEPS_MAX steps in one transaction and answers in their
 * order; it resolves only when the transaction is on disk (fsync), and never rejects for reasons of data or
 * disk. Calls are answered one after the other.
 */
export interface Writer {
  write(steps: readonly Step[]): Promise<BatchOutcome>;
  /**
   * Gives up to `pages` free pages back to the file system (0: none), in a transaction of its own between two batches,
   * and empties the log into the database, unless a reader still needs it. Once no page is free, what was deleted is
   * in neither file any more. Rejects with `storage_unavailable`.
   */
  vacuum(pages: number): Promise<void>;
  close(): Promise<void>;
}

/** Committed rows, read on the caller's thread. Every call is a short, complete read; no cursor stays open. */
export interface Reads {
  get<Row>(sql: string, ...params: readonly SqlValue[]): Row | undefined;
  all<Row>(sql: string, ...params: readonly SqlValue[]): Row[];
  close(): void;
}

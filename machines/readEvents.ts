// What a read actor remembers and what it hears; the decisions are in `read.ts`.

import type { Ms } from '../src/core/time.ts';
import type { AlarmFired, ReadPageEffect, Trigger } from './effects.ts';

/** What a read actor remembers; its position is in the checkpoints table. */
export interface ReadContext {
  readonly installationId: string;
  readonly objectName: string;
  /** Counts runs; 0 before the first. */
  readonly run: number;
  /** The run that is open, null between runs. */
  readonly readType: ReadPageEffect['readType'] | null;
  /** Index of the page that is read or to be read. */
  readonly page: number;
  /** Counts requests for a page; an answer must carry the current one. */
  readonly turn: number;
  /** Failures of this page in a row. */
  readonly attempt: number;
  /** Times in a row that this page was put off without a failure. */
  readonly deferrals: number;
  /** There was none before triggered runs, or it was given up because its object left the config: it is to come. */
  readonly isBackfillOwed: boolean;
  /** As configured last. */
  readonly hasBackfill: boolean;
  /** What the open run was asked for, where it is a triggered one. */
  readonly trigger: Trigger | null;
  /** What waits for its turn, oldest first. */
  readonly triggers: readonly Trigger[];
  readonly nextRunAtMs: Ms | null;
  readonly wakeAtMs: Ms | null;
  readonly lastError: string | null;
}

/** The effective config of this read, or a change of it. A backfill happens once, before any other run. */
export interface ReadConfigured {
  readonly type: 'read.configured';
  readonly installationId: string;
  readonly objectName: string;
  readonly hasBackfill: boolean;
  readonly nextRunAtMs: Ms | null;
}

/** What came of the page of a turn. */
export interface PageAnswer {
  readonly turn: number;
}

/** The page and its records are on disk. */
export interface PageCommitted extends PageAnswer {
  readonly type: 'page.committed';
  readonly isLast: boolean;
  /** When the schedule says the next run is due; read only from the last page. */
  readonly nextRunAtMs: Ms | null;
}

/** The page could not be read. */
export interface PageFailed extends PageAnswer {
  readonly type: 'page.failed';
  readonly message: string;
  /** Null: trying again cannot help. */
  readonly retryAtMs: Ms | null;
}

/** Not a failure: there is no room now, at the provider's budget or at the destination. */
interface PageDeferred extends PageAnswer {
  readonly type: 'page.deferred';
  readonly message: string;
  readonly retryAtMs: Ms;
}

/** The object is no longer in the config: the run ends where it is. */
interface PageAbandoned extends PageAnswer {
  readonly type: 'page.abandoned';
  readonly message: string;
}

/** Somebody asks for a read now. It has an operation already. */
export interface ReadTriggered {
  readonly type: 'read.triggered';
  readonly installationId: string;
  readonly objectName: string;
  readonly trigger: Trigger;
}

interface ReadSwitched {
  readonly type: 'read.blocked' | 'read.unblocked' | 'read.paused' | 'read.resumed' | 'read.removed';
}

/** Everything a read actor handles. */
export type ReadEvent =
  | ReadConfigured
  | PageCommitted
  | PageFailed
  | PageDeferred
  | PageAbandoned
  | ReadTriggered
  | ReadSwitched
  | AlarmFired;

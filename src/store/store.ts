// The store as the rest of the product sees it: `commit` for rows that no actor owns, `add` for the steps of
// actors, and `reads` of what is committed. Opened once per process, under the owner lock.

import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CommitCounts } from '../core/counts.ts';
import { IntegrationError } from '../core/errors.ts';
import type { Ms } from '../core/time.ts';
import { type Backup, Backups } from './backup.ts';
import { type CommitObserver, GroupCommit } from './groupCommit.ts';
import { takeOwnerLock } from './ownerLock.ts';
import type { Reads, RowWrite, Step, Writer } from './port.ts';
import { finishRestore } from './restore.ts';
import { openForReading } from './sqlite.ts';
import { SqliteWriter } from './sqliteWriter.ts';
import { newEpoch, putMeta, readMeta } from './tables/accounts.ts';
import { startThreadWriter } from './threadWriter.ts';

export interface StoreOptions {
  readonly folder: string;
  /** `thread` in production; `inThread` runs the same writer on the caller's thread. */
  readonly writer: 'thread' | 'inThread';
  /** Called at most once, when the process must end (a second owner, a disk that cannot be trusted). */
  readonly onFatal: (error: IntegrationError) => void;
  /**
   * Called when the folder is ours and before anything in it is written, with its committed rows, null for a new one.
   * A throw refuses the start and leaves the database as it is.
   */
  readonly prepare?: (reads: Reads | null) => void;
  /** Every step passes through it on its way to its commit. */
  readonly outgoing?: (step: Step) => Step;
}

export interface StoreStats {
  readonly commits: CommitCounts;
  /** Steps that no transaction has taken up yet. */
  readonly waiting: number;
  readonly databaseBytes: number;
  /** Of its log. */
  readonly walBytes: number;
}

export interface Store {
  readonly reads: Reads;
  /** Random text that changes when a backup is restored: the prefix of every key that the outside sees. */
  readonly epoch: string;
  /** Grows by one with each owner. */
  readonly ownerEpoch: number;
  /** False from a commit that failed for lack of space until one succeeds. */
  readonly isHealthy: boolean;
  /** See `GroupCommit.hasRoom`. */
  readonly hasRoom: boolean;
  /** How commits fare, and how large the files are now; for operators. */
  stats(): StoreStats;
  /** See `GroupCommit.add`. */
  add(step: Step, committed: () => void, failed: (error: IntegrationError) => void): void;
  /** Commits rows that no actor owns. Rejects with `storage_unavailable` or `invalid_input`. Edges ask `hasRoom`. */
  commit(writes: readonly RowWrite[]): Promise<void>;
  /** See `Writer.vacuum`. */
  vacuum(pages: number): Promise<void>;
  /** See `Backups.make`. */
  backup(madeAtMs: Ms): Promise<Backup>;
  /** Calls `listener` when commits succeed again after the disk was full. */
  onRecovered(listener: () => void): void;
  close(): Promise<void>;
}

/**
 * Opens or creates the data folder. Rejects with `conflict` if it has an owner, `snapshot_unreadable` if it is newer
 * than this version, `storage_unavailable` if disk or rights do not allow it.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  try {
    return await openFolder(options);
  } catch (error) {
    throw folderError(options.folder, error);
  }
}

/** What the disk or the rights of this user kept from being done in the data folder, as one sentence with a remedy. */
export function folderError(folder: string, error: unknown): unknown {
  const { code = '', message = '' } = error as { code?: unknown; message?: string };
  const isOfTheDisk = code === 'storage_unavailable' || (typeof code === 'string' && /^(SQLITE_|E[A-Z]+$)/.test(code));
  if (!isOfTheDisk) return error;
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return new IntegrationError('storage_unavailable', `the database in ${folder} is damaged: ${message}`, {
      remedy: 'Bring back a backup with `tenon restore FILE --force`, which keeps what is there.',
      cause: error,
    });
  }
  return new IntegrationError('storage_unavailable', `the data folder ${folder} cannot be used: ${message}`, {
    remedy: 'Check that its disk has room, that this user may write to it and that no other program uses it.',
    cause: error,
  });
}

async function openFolder(options: StoreOptions): Promise<Store> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const lock = takeOwnerLock(options.folder);
  try {
    finishRestore(options.folder);
    const path = join(options.folder, 'tenon.db');
    // Made by an earlier version, or copied here. Its log inherits this.
    if (existsSync(path)) chmodSync(path, 0o600);
    if (options.prepare !== undefined) prepareOver(path, options.prepare);
    const writer = options.writer === 'thread' ? await startThreadWriter(path) : new SqliteWriter(path);
    try {
      return await storeOver(path, writer, options.onFatal, lock.release, options.outgoing);
    } catch (error) {
      await writer.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A file without a schema is what a start that was interrupted has left of a new one. */
function prepareOver(path: string, prepare: (reads: Reads | null) => void): void {
  if (!existsSync(path)) {
    prepare(null);
    return;
  }
  const reads = openForReading(path);
  try {
    const version = reads.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
    prepare(version === 0 ? null : reads);
  } finally {
    reads.close();
  }
}

/** The store over any writer; `release` is called when it is closed. */
export async function storeOver(
  path: string,
  writer: Writer,
  onFatal: (error: IntegrationError) => void,
  release: () => void,
  outgoing: (step: Step) => Step = (step) => step,
): Promise<Store> {
  const recovered: (() => void)[] = [];
  const observer: CommitObserver = {
    onFatal,
    onRecovered: () => {
      for (const listener of recovered) listener();
    },
  };
  const group = new GroupCommit(writer, observer);
  const reads = openForReading(path);
  const backups = new Backups(path);
  const commit = (writes: readonly RowWrite[]) =>
    new Promise<void>((resolve, reject) => group.add(outgoing({ actorId: null, writes }), resolve, reject));
  const epoch = readMeta(reads, 'epoch') ?? newEpoch();
  const ownerEpoch = Number(readMeta(reads, 'ownerEpoch') ?? 0) + 1;
  await commit([putMeta('epoch', epoch), putMeta('ownerEpoch', String(ownerEpoch))]);
  return {
    reads,
    epoch,
    ownerEpoch,
    get isHealthy() {
      return group.isHealthy;
    },
    get hasRoom() {
      return group.hasRoom;
    },
    stats: () => ({
      commits: group.counts,
      waiting: group.waitingCount,
      databaseBytes: bytesOf(path),
      walBytes: bytesOf(`${path}-wal`),
    }),
    add: (step, committed, failed) => group.add(outgoing(step), committed, failed),
    commit,
    vacuum: (pages) => writer.vacuum(pages),
    backup: (madeAtMs) => backups.make(madeAtMs),
    onRecovered: (listener) => {
      recovered.push(listener);
    },
    async close() {
      await Promise.all([group.close(), backups.close()]);
      reads.close();
      await writer.close();
      release();
    },
  };
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

// Puts a backup in the place of the database. The copy is made whole and synced under another name first; giving it
// the name `tenon.db.restored` is the decision, and whoever opens the folder next completes it. Invariant: a crash at
// any point leaves the old database with its log or the new one, never a mixture, and nothing is ever deleted.

import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { IntegrationError } from '../core/errors.ts';
import { toRfc3339 } from '../core/time.ts';
import { diskError, removeDatabase, syncFile } from './backup.ts';
import { assertDatabase, type BackupFacts, backupFacts } from './backupFile.ts';
import { takeOwnerLock } from './ownerLock.ts';
import { newEpoch } from './tables/accounts.ts';

export interface RestoreOptions {
  readonly folder: string;
  readonly file: string;
  /** Move a database that is there aside instead of refusing. */
  readonly isForced: boolean;
  /** Throws if the backup cannot be used here; called before anything is changed. */
  readonly check: (facts: BackupFacts) => void;
}

export interface Restored extends BackupFacts {
  /** Where the database went that was there before. */
  readonly asidePath: string | null;
}

/**
 * Rejects with `conflict` if a process has the folder or (unless forced) it holds a database, as `backupFacts` for a
 * file that cannot be used, and with what `check` threw; then nothing has changed.
 */
export function restoreDatabase(options: RestoreOptions): Restored {
  const { folder, file, isForced, check } = options;
  assertDatabase(file);
  assertNoLog(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = takeOwnerLock(folder);
  try {
    finishRestore(folder);
    if (!isForced && existsSync(join(folder, 'tenon.db'))) {
      throw new IntegrationError('conflict', `${folder} already holds a database`, {
        remedy: 'Restore into an empty folder, or pass --force to move the one that is there aside.',
      });
    }
    const copyPath = join(folder, 'tenon.db.restoring');
    let facts: BackupFacts;
    try {
      copyFileSync(file, copyPath);
      chmodSync(copyPath, 0o600);
      facts = prepare(copyPath, file, check);
      syncFile(copyPath);
    } catch (error) {
      removeDatabase(copyPath);
      throw diskError(error, 'the restore failed');
    }
    renameSync(copyPath, restoredPath(folder));
    syncFile(folder);
    return { ...facts, asidePath: finishRestore(folder) };
  } finally {
    lock.release();
  }
}

/**
 * Completes a restore that was decided; called under the owner lock before the database is opened. Answers where the
 * database went that was there before, null if there was none or nothing was to be done. May be interrupted anywhere
 * and called again: the time in the name is that of the restored file, which a rename keeps.
 */
export function finishRestore(folder: string): string | null {
  removeDatabase(join(folder, 'tenon.db.restoring'));
  const restored = restoredPath(folder);
  if (!existsSync(restored)) return null;
  const path = join(folder, 'tenon.db');
  const madeAt = toRfc3339(Math.floor(statSync(restored).mtimeMs)).replaceAll(':', '-');
  const asidePath = join(folder, `tenon.db.before-${madeAt}`);
  // The log goes with its database: beside another one SQLite would play it into that. The index of the log is only a
  // cache of it and would be wrong under any other name.
  rmSync(`${path}-shm`, { force: true });
  for (const suffix of ['-wal', '-journal', '']) {
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${asidePath}${suffix}`);
  }
  syncFile(folder);
  renameSync(restored, path);
  syncFile(folder);
  return existsSync(asidePath) ? asidePath : null;
}

function restoredPath(folder: string): string {
  return join(folder, 'tenon.db.restored');
}

/** Checks the copy and makes it another store than the one it was taken of. */
function prepare(copyPath: string, file: string, check: RestoreOptions['check']): BackupFacts {
  const copy = new Database(copyPath, { fileMustExist: true });
  try {
    const facts = backupFacts(copy, file);
    check(facts);
    copy.pragma('journal_mode = DELETE');
    copy.pragma('synchronous = FULL');
    const put = copy.prepare('UPDATE meta SET value = ? WHERE name = ?');
    copy.transaction(() => {
      put.run(newEpoch(), 'epoch');
      copy.exec("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'ownerEpoch'");
    })();
    return facts;
  } finally {
    copy.close();
  }
}

/** A database that was copied while in use has its last commits in a file beside it. */
function assertNoLog(file: string): void {
  const log = `${file}-wal`;
  if (!existsSync(log) || statSync(log).size === 0) return;
  throw new IntegrationError('invalid_input', `${file} has a write-ahead log beside it, so it is not a backup`, {
    remedy: 'Copy both as tenon.db and tenon.db-wal into an empty TENON_DATA_DIR and run `tenon backup` there.',
  });
}

// Entry of the backup thread: copies a database in steps, each of which sees the same moment, because the connection
// keeps the read transaction that it opens first. The copy becomes one file that needs no log and holds no free pages.

import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { BACKUP_PAGES_PER_STEP, STORE_BUSY_TIMEOUT_MS } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';

/** What to copy where. */
export interface CopyOrder {
  readonly path: string;
  readonly copyPath: string;
  readonly madeAtMs: Ms;
}

/** To the thread that ordered it. */
export type FromCopier =
  | { readonly kind: 'copied' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

async function copyPages({ path, copyPath }: CopyOrder): Promise<void> {
  const source = new Database(path, { readonly: true, fileMustExist: true, timeout: STORE_BUSY_TIMEOUT_MS });
  try {
    source.exec('BEGIN');
    // The transaction begins with its first read.
    source.prepare('SELECT count(*) FROM meta').get();
    await source.backup(copyPath, { progress: () => BACKUP_PAGES_PER_STEP });
  } finally {
    source.close();
  }
}

function completeCopy({ copyPath, madeAtMs }: CopyOrder): void {
  const copy = new Database(copyPath);
  try {
    copy.pragma('journal_mode = DELETE');
    // Until it is whole nobody needs it, and then it is synced once.
    copy.pragma('synchronous = OFF');
    while (copy.pragma('freelist_count', { simple: true }) !== 0) {
      copy.pragma(`incremental_vacuum(${BACKUP_PAGES_PER_STEP})`);
    }
    copy
      .prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
      .run('backupAtMs', String(madeAtMs));
  } finally {
    copy.close();
  }
}

if (parentPort !== null) {
  const order = workerData as CopyOrder;
  let answer: FromCopier = { kind: 'copied' };
  try {
    await copyPages(order);
    completeCopy(order);
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    answer = { kind: 'failed', code, message };
  }
  parentPort.postMessage(answer);
}

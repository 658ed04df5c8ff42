// One owner per data folder. A small database is locked exclusively for the life of the process; the kernel
// releases the lock however the process ends, SIGKILL included, so there is nothing stale to clean up.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import Database from 'better-sqlite3';
import { IntegrationError } from '../core/errors.ts';

export interface OwnerLock {
  /** May be called twice. */
  release(): void;
}

/** Takes the lock. Rejects with `conflict`, naming the owner where it is known, if another process has it. */
export function takeOwnerLock(folder: string): OwnerLock {
  const ownerPath = join(folder, 'owner.json');
  const database = new Database(join(folder, 'owner.lock'), { timeout: 0 });
  try {
    database.pragma('journal_mode = DELETE');
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (!isBusy(cause)) throw cause;
    throw new IntegrationError(
      'conflict',
      `the data folder ${folder} is in use by another process${ownerOf(ownerPath)}`,
      {
        remedy: 'Stop the other process, or choose another folder with TENON_DATA_DIR.',
        cause,
      },
    );
  }
  writeFileSync(ownerPath, JSON.stringify({ pid: process.pid }));
  return {
    release: () => {
      database.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}

function ownerOf(ownerPath: string): string {
  try {
    const { pid } = JSON.parse(readFileSync(ownerPath, 'utf8')) as { pid?: unknown };
    return typeof pid === 'number' ? ` (pid ${pid})` : '';
  } catch {
    return '';
  }
}

// One owner per data folder. A small database is locked exclusively for the life of the process; the kernel
// releases the lock however the process ends, SIGKILL included, so there is nothing stale to clean up. Beside it
// `owner.json` says who the owner is and how commands on this machine reach it. Invariant: what that file says
// counts only while the lock is held, and it never says more than its owner does, who rewrites it first of all.

import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import Database from 'better-sqlite3';
import { IntegrationError } from '../core/errors.ts';
import { OWNER_LOCK_WAIT_MS } from '../core/limits.ts';

export interface OwnerLock {
  /** May be called twice. */
  release(): void;
}

/** Where a server is reached on its own machine, and what proves that the caller may read its data folder. */
export interface OwnerReach {
  readonly url: string;
  readonly token: string;
}

/** The process that has a data folder. */
export interface Owner {
  /** Null where the file says nothing sensible. */
  readonly pid: number | null;
  /** Null until it listens, and for owners that never do. */
  readonly reach: OwnerReach | null;
}

/** Takes the lock. Rejects with `conflict`, naming the owner where it is known, if another process has it. */
export function takeOwnerLock(folder: string): OwnerLock {
  const database = new Database(lockPath(folder), { timeout: OWNER_LOCK_WAIT_MS });
  try {
    database.pragma('journal_mode = DELETE');
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (!isBusy(cause)) throw cause;
    throw new IntegrationError(
      'conflict',
      `the data folder ${folder} is in use by another process${pidText(ownerPath(folder))}`,
      {
        remedy: 'Stop the other process, or choose another folder with TENON_DATA_DIR.',
        cause,
      },
    );
  }
  writeOwner(folder, { pid: process.pid });
  return {
    release: () => {
      if (!database.open) return;
      rmSync(ownerPath(folder), { force: true });
      database.close();
    },
  };
}

/** Says how this process is reached; it must hold the lock. */
export function announceOwner(folder: string, reach: OwnerReach): void {
  writeOwner(folder, { pid: process.pid, ...reach });
}

/**
 * Who has the folder; null if nobody does, whatever an earlier owner left behind. Rejects with `forbidden` if only
 * another user may know.
 */
export function readOwner(folder: string): Owner | null {
  if (!isHeld(folder)) return null;
  let json: { readonly pid?: unknown; readonly url?: unknown; readonly token?: unknown };
  try {
    json = JSON.parse(readFileSync(ownerPath(folder), 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EACCES') {
      throw new IntegrationError('forbidden', `the server on ${folder} belongs to another user`, {
        remedy: 'Run the command as that user, or pass --url and --api-key.',
        cause,
      });
    }
    return { pid: null, reach: null };
  }
  const { pid, url, token } = json;
  return {
    pid: typeof pid === 'number' ? pid : null,
    reach: typeof url === 'string' && typeof token === 'string' ? { url, token } : null,
  };
}

/** Asked with a shared lock, held for microseconds: a server that starts just then waits OWNER_LOCK_WAIT_MS for it. */
function isHeld(folder: string): boolean {
  const path = lockPath(folder);
  if (!existsSync(path)) return false;
  const database = new Database(path, { readonly: true, timeout: 0 });
  try {
    database.prepare('SELECT count(*) FROM sqlite_master').get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    database.close();
  }
}

/** Whole or not at all, and never readable by others: the token in it opens the operator plane. */
function writeOwner(folder: string, owner: object): void {
  const next = join(folder, 'owner.json.next');
  rmSync(next, { force: true });
  writeFileSync(next, JSON.stringify(owner), { flag: 'wx', mode: 0o600 });
  renameSync(next, ownerPath(folder));
}

function lockPath(folder: string): string {
  return join(folder, 'owner.lock');
}

function ownerPath(folder: string): string {
  return join(folder, 'owner.json');
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}

function pidText(path: string): string {
  try {
    const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid?: unknown };
    return typeof pid === 'number' ? ` (pid ${pid})` : '';
  } catch {
    return '';
  }
}

// What a backup file says about itself, and whether it is whole. Asked by `tenon backup` about what it has written and
// by `tenon restore` before it touches anything.

import { closeSync, openSync, readSync } from 'node:fs';
import Database from 'better-sqlite3';
import { IntegrationError } from '../core/errors.ts';
import type { Ms } from '../core/time.ts';
import { SCHEMA_VERSION } from './schema.ts';
import type { SqliteDatabase } from './sqlite.ts';
import { parseCanaries } from './tables/sealed.ts';

/** The first bytes of every SQLite database (https://sqlite.org/fileformat.html, 1.3). */
const SQLITE_HEADER = 'SQLite format 3\0';

export interface BackupFacts {
  readonly schemaVersion: number;
  readonly epoch: string;
  /** Null for a copy that was made by other means. */
  readonly madeAtMs: Ms | null;
  /** Sealed with the master keys that open every secret in it; none if nothing was ever sealed. */
  readonly canaries: readonly Uint8Array[];
  readonly installations: number;
  readonly connections: number;
  /** Connections whose refresh token may have been spent since. */
  readonly renewableConnections: number;
}

/** Reads the file at `path` and nothing beside it. Rejects as `backupFacts`, with `not_found` if there is none. */
export function readBackup(path: string): BackupFacts {
  assertDatabase(path);
  const database = new Database(path, { readonly: true, fileMustExist: true });
  try {
    return backupFacts(database, path);
  } finally {
    database.close();
  }
}

/** Rejects with `not_found`, and with `invalid_input` for a file that SQLite would not open. */
export function assertDatabase(path: string): void {
  let head: string;
  try {
    head = headOf(path);
  } catch (cause) {
    throw new IntegrationError('not_found', `${path} cannot be read`, { cause });
  }
  if (head !== SQLITE_HEADER) throw notOurs(path);
}

function headOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(SQLITE_HEADER.length);
    readSync(file, head, 0, head.length, 0);
    return head.toString('latin1');
  } finally {
    closeSync(file);
  }
}

/**
 * Rejects with `invalid_input` if it is damaged or not a database of ours, `snapshot_unreadable` if a newer version
 * made it. `name` is how the reader knows it.
 */
export function backupFacts(database: SqliteDatabase, name: string): BackupFacts {
  try {
    assertWhole(database, name);
    const schemaVersion = database.pragma('user_version', { simple: true }) as number;
    const epoch = metaOf(database, 'epoch');
    if (schemaVersion < 1 || epoch === null) throw notOurs(name);
    if (schemaVersion > SCHEMA_VERSION) {
      throw new IntegrationError(
        'snapshot_unreadable',
        `${name} was made by a newer version (schema ${schemaVersion}, this one knows ${SCHEMA_VERSION})`,
        { remedy: 'Use the version that made it, or a later one.' },
      );
    }
    const madeAt = metaOf(database, 'backupAtMs');
    return {
      schemaVersion,
      epoch,
      madeAtMs: madeAt === null ? null : Number(madeAt),
      canaries: parseCanaries(metaOf(database, 'canary')),
      installations: countOf(database, 'installations'),
      connections: countOf(database, 'connections'),
      renewableConnections: countOf(database, 'connections WHERE refreshAtMs IS NOT NULL'),
    };
  } catch (cause) {
    if (cause instanceof IntegrationError) throw cause;
    const isDamaged = /^SQLITE_CORRUPT/.test((cause as { code?: string }).code ?? '');
    throw isDamaged ? damaged(name, cause) : notOurs(name, cause);
  }
}

function assertWhole(database: SqliteDatabase, name: string): void {
  if (database.pragma('integrity_check(1)', { simple: true }) !== 'ok') throw damaged(name);
}

function metaOf(database: SqliteDatabase, name: string): string | null {
  const row = database.prepare('SELECT value FROM meta WHERE name = ?').get(name) as { value: string } | undefined;
  return row?.value ?? null;
}

function countOf(database: SqliteDatabase, rows: string): number {
  return (database.prepare(`SELECT count(*) AS n FROM ${rows}`).get() as { n: number }).n;
}

function damaged(name: string, cause?: unknown): IntegrationError {
  return new IntegrationError('invalid_input', `${name} is damaged`, { remedy: 'Use another backup.', cause });
}

function notOurs(name: string, cause?: unknown): IntegrationError {
  return new IntegrationError('invalid_input', `${name} is not a Tenon database`, { cause });
}

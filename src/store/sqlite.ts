// Opens SQLite connections the only way this product does: pragmas are set and then asserted, because a
// re-opened WAL file silently reports another `synchronous` and `auto_vacuum` silently stays 0 once a table exists.

import Database from 'better-sqlite3';
import { IntegrationError, invariant } from '../core/errors.ts';
import { STORE_BUSY_TIMEOUT_MS, WAL_AUTOCHECKPOINT_PAGES, WAL_BYTES_KEPT } from '../core/limits.ts';
import type { Reads, SqlValue } from './port.ts';
import { SCHEMA_STEPS, SCHEMA_VERSION } from './schema.ts';

export type SqliteDatabase = Database.Database;

const SYNCHRONOUS_FULL = 2;
const AUTO_VACUUM_INCREMENTAL = 2;

/**
 * Opens (and creates or migrates) the database for the writer. Rejects with `snapshot_unreadable` if a newer version
 * wrote it.
 */
export function openForWriting(path: string): SqliteDatabase {
  const database = new Database(path, { timeout: STORE_BUSY_TIMEOUT_MS });
  database.pragma('auto_vacuum = INCREMENTAL');
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = OFF');
  database.pragma(`wal_autocheckpoint = ${WAL_AUTOCHECKPOINT_PAGES}`);
  database.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
  // What is deleted is overwritten wherever its page is written anyway. Pages that become free are not: giving them
  // back to the file system removes them (`Writer.vacuum`), and overwriting them too would cost deliveries a tenth.
  database.pragma('secure_delete = FAST');
  migrate(database);
  invariant(database.pragma('journal_mode', { simple: true }) === 'wal', 'T-1001', 'the database is not in WAL mode');
  invariant(
    database.pragma('synchronous', { simple: true }) === SYNCHRONOUS_FULL,
    'T-1002',
    'the writer does not fsync each commit',
  );
  invariant(
    database.pragma('auto_vacuum', { simple: true }) === AUTO_VACUUM_INCREMENTAL,
    'T-1003',
    'the database cannot be vacuumed incrementally',
  );
  return database;
}

function migrate(database: SqliteDatabase): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > SCHEMA_VERSION) {
    database.close();
    throw new IntegrationError(
      'snapshot_unreadable',
      `the data folder was written by a newer version (schema ${version}, this one knows ${SCHEMA_VERSION})`,
      { remedy: 'Start the newer version again, or restore a backup made by this one.' },
    );
  }
  for (let next = version; next < SCHEMA_VERSION; next++) {
    database.transaction(() => {
      database.exec(SCHEMA_STEPS[next] ?? '');
      database.pragma(`user_version = ${next + 1}`);
    })();
  }
}

/** Opens a read-only view of committed rows. Statements are prepared once per SQL text. */
export function openForReading(path: string): Reads {
  const database = new Database(path, { readonly: true, timeout: STORE_BUSY_TIMEOUT_MS });
  database.pragma('query_only = ON');
  invariant(database.pragma('query_only', { simple: true }) === 1, 'T-1004', 'the read connection could write');
  const prepared = new Map<string, { statement: Database.Statement; isNumbered: boolean }>();
  const prepare = (sql: string) => {
    let entry = prepared.get(sql);
    if (entry === undefined) {
      entry = { statement: database.prepare(sql), isNumbered: /\?\d/.test(sql) };
      prepared.set(sql, entry);
    }
    return entry;
  };
  return {
    get: <Row>(sql: string, ...params: readonly SqlValue[]) => {
      const { statement, isNumbered } = prepare(sql);
      return (isNumbered ? statement.get(numbered(params)) : statement.get(...params)) as Row | undefined;
    },
    all: <Row>(sql: string, ...params: readonly SqlValue[]) => {
      const { statement, isNumbered } = prepare(sql);
      return (isNumbered ? statement.all(numbered(params)) : statement.all(...params)) as Row[];
    },
    close: () => database.close(),
  };
}

/** better-sqlite3 takes `?1`, `?2` as names: `{1: first, 2: second}`. */
function numbered(params: readonly SqlValue[]): Record<string, SqlValue> {
  return Object.fromEntries(params.map((value, index) => [String(index + 1), value]));
}

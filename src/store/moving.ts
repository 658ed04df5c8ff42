// The rows of one project, out of one database and into another. Reads one moment of the database over a connection of
// its own; writes all rows in one transaction or none. What rows mean is the caller's business; invariant: a table or a
// column that this version does not know is never written to.

import Database from 'better-sqlite3';
import { IntegrationError } from '../core/errors.ts';
import { STORE_BUSY_TIMEOUT_MS } from '../core/limits.ts';
import type { SqlValue } from './port.ts';
import { openForWriting } from './sqlite.ts';

/** A row by its columns. */
export type MovedRow = Readonly<Record<string, SqlValue>>;

/** Of the project ?1. */
const OWN = 'projectId = ?1';
const CONNECTIONS = `(SELECT connectionId FROM connections WHERE ${OWN})`;
const INSTALLATIONS = `(SELECT installationId FROM installations WHERE ${OWN})`;
const DESTINATIONS = `(SELECT destinationId FROM destinations WHERE ${OWN})`;
/** A read or a write is named by its installation and something else; `0` comes right after `/`. */
const ACTORS = `(SELECT 'credential:' || connectionId FROM connections WHERE ${OWN}
  UNION ALL SELECT 'providerApp:' || providerAppId FROM providerApps WHERE ${OWN}
  UNION ALL SELECT 'installation:' || installationId FROM installations WHERE ${OWN}
  UNION ALL SELECT 'inbox:' || installationId FROM installations WHERE ${OWN}
  UNION ALL SELECT 'subscription:' || installationId FROM installations WHERE ${OWN}
  UNION ALL SELECT 'schemaWatch:' || installationId FROM installations WHERE ${OWN}
  UNION ALL SELECT 'delivery:' || destinationId FROM destinations WHERE ${OWN}
  ${['read', 'write', 'writeBatch'].map(actorsNamed).join(' ')})`;

/** Actors of installations that are named by them and something else. */
function actorsNamed(machine: string): string {
  return `UNION ALL SELECT snapshots.actorId FROM installations CROSS JOIN snapshots
    ON snapshots.actorId > '${machine}:' || installationId || '/'
    AND snapshots.actorId < '${machine}:' || installationId || '0' WHERE ${OWN}`;
}

/**
 * Tables in the order in which they are written, each with what of it belongs to a project. Receivers stay behind: they
 * are made with a key of the instance, so that the addresses of another are others anyhow, and none of them has leaked.
 */
const MOVED = {
  projects: OWN,
  // Keys that open every project are those of the instance.
  apiKeys: `${OWN} AND scopes NOT LIKE '%operator%' AND scopes NOT LIKE '%builder%'`,
  jwtKeys: OWN,
  topics: OWN,
  eventTopicRoutes: OWN,
  providerApps: OWN,
  destinations: OWN,
  topicDestinationRoutes: OWN,
  integrations: OWN,
  revisions: `integrationId IN (SELECT integrationId FROM integrations WHERE ${OWN})`,
  partyNames: OWN,
  connections: OWN,
  credentials: `connectionId IN ${CONNECTIONS}`,
  installations: OWN,
  checkpoints: `installationId IN ${INSTALLATIONS}`,
  fieldSnapshots: `installationId IN ${INSTALLATIONS}`,
  operations: OWN,
  writeRequests: `installationId IN ${INSTALLATIONS}`,
  inbox: `installationId IN ${INSTALLATIONS}`,
  webhookSecrets: `installationId IN ${INSTALLATIONS}`,
  // What is being taken back for installations that are gone stays behind.
  subscriptions: `installationId IN ${INSTALLATIONS} AND connectionId IN ${CONNECTIONS}`,
  lanes: `laneId IN ${DESTINATIONS}`,
  blobs: OWN,
  outbox: `laneId IN ${DESTINATIONS}`,
  snapshots: `actorId IN ${ACTORS}`,
  effects: `actorId IN ${ACTORS}`,
  quarantine: `actorId IN ${ACTORS}`,
} as const;

export type MovedTable = keyof typeof MOVED;

export const MOVED_TABLES = Object.keys(MOVED) as readonly MovedTable[];

/** Counted by SQLite; the order is kept. */
const NUMBERED = 'seq';

export interface Moment {
  rows(table: MovedTable, projectId: string): Iterable<MovedRow>;
  close(): void;
}

/** One moment of a database, whatever is committed meanwhile. One iteration at a time. */
export function openMoment(path: string): Moment {
  const database = new Database(path, { readonly: true, timeout: STORE_BUSY_TIMEOUT_MS });
  database.exec('BEGIN');
  return {
    *rows(table, projectId) {
      const columns = columnsOf(database, table).map((column) => `"${column}"`);
      const isCounted = hasNumber(database, table);
      const sql = `SELECT ${columns.join(', ')} FROM ${table} WHERE ${MOVED[table]} ${isCounted ? 'ORDER BY seq' : ''}`;
      yield* database.prepare<[{ readonly 1: string }], MovedRow>(sql).iterate({ 1: projectId });
    },
    close: () => database.close(),
  };
}

/**
 * Writes all rows into a database, or none. The caller has the owner lock. Rejects with `conflict` if one of them is
 * there already, `malformed` for a table or a column that is not known, and with what `rows` throws.
 */
export async function bringIn(
  path: string,
  rows: AsyncIterable<{ readonly table: MovedTable; readonly row: MovedRow }>,
): Promise<void> {
  const database = openForWriting(path);
  const inserts = new Map<string, Database.Statement>();
  try {
    database.exec('BEGIN IMMEDIATE');
    for await (const { table, row } of rows) {
      const names = Object.keys(row);
      const key = `${table} ${names.join()}`;
      const insert = inserts.get(key) ?? database.prepare(insertSql(database, table, names));
      inserts.set(key, insert);
      insert.run(...Object.values(row));
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw takenError(error);
  } finally {
    database.close();
  }
}

function insertSql(database: Database.Database, table: MovedTable, names: readonly string[]): string {
  const known = columnsOf(database, table);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new IntegrationError('malformed', `"${unknown}" is not known of ${table}`);
  const columns = names.map((name) => `"${name}"`).join(', ');
  return `INSERT INTO ${table} (${columns}) VALUES (${names.map(() => '?').join(', ')})`;
}

function columnsOf(database: Database.Database, table: MovedTable): readonly string[] {
  const names = database.prepare(`SELECT name FROM pragma_table_info('${table}')`).pluck().all() as string[];
  return names.filter((name) => name !== NUMBERED);
}

function hasNumber(database: Database.Database, table: MovedTable): boolean {
  return database.prepare(`SELECT 1 FROM pragma_table_info('${table}') WHERE name = '${NUMBERED}'`).get() !== undefined;
}

function takenError(error: unknown): unknown {
  const { code = '', message = '' } = error as { readonly code?: string; readonly message?: string };
  if (!code.startsWith('SQLITE_CONSTRAINT')) return error;
  const place = /failed: (\w+)\.(\w+)/.exec(message);
  const what = place === null ? 'a row of it' : `a row of ${place[1]} with the same ${place[2]}`;
  return new IntegrationError('conflict', `${what} is here already, and nothing was brought in`, { cause: error });
}

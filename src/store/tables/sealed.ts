// Everything that is stored sealed, table by table, for whoever seals it anew with another master key: rows in the
// order of the table, and writes that take effect only where the row still holds what was read. `meta` has two more:
// the canaries, which tell the right master keys at a start, and the key of download links.

import type { Reads, RowWrite } from '../port.ts';
import { putMeta, readMeta } from './accounts.ts';

/** Where a table holds one kind of secret. */
interface SealedColumn {
  /** Where the secrets are not called by their table, which has others. */
  readonly table?: string;
  readonly id: string;
  readonly sealed: string;
  /** What besides the id says where the secret belongs. */
  readonly detail: string;
}

const COLUMNS = {
  credentials: { id: 'connectionId', sealed: 'sealed', detail: 'generation' },
  providerApps: { id: 'providerAppId', sealed: 'sealedClientSecret', detail: 'NULL' },
  appWebhookSecrets: { table: 'providerApps', id: 'providerAppId', sealed: 'sealedWebhookSecret', detail: 'NULL' },
  webhookSecrets: { id: 'installationId', sealed: 'sealed', detail: 'NULL' },
  destinations: { id: 'destinationId', sealed: 'sealedSecrets', detail: 'NULL' },
  oauthStates: { id: 'stateHash', sealed: 'sealed', detail: 'NULL' },
  writeRequests: { id: 'requestId', sealed: 'sealed', detail: 'NULL' },
  subscriptions: { id: 'installationId', sealed: 'sealed', detail: 'generation' },
  effects: { id: 'effectId', sealed: 'result', detail: 'payload' },
} as const satisfies Readonly<Record<string, SealedColumn>>;

/** A table, or one kind of its secrets. */
export type SealedTable = keyof typeof COLUMNS;

export const SEALED_TABLES = Object.keys(COLUMNS) as readonly SealedTable[];

export const SEALED_STATEMENTS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries<SealedColumn>(COLUMNS).map(([name, { table = name, id, sealed }]) => [
    `${name}.reseal`,
    `UPDATE ${table} SET ${sealed} = ? WHERE ${id} = ? AND CAST(${sealed} AS BLOB) = ?`,
  ]),
);

export interface SealedRow {
  /** Grows with the order in the table. */
  readonly row: number;
  readonly id: string;
  /** Null where the row holds no secret. */
  readonly sealed: Uint8Array | null;
  readonly detail: string | number | null;
}

/**
 * The rows after `afterRow`, those that hold no secret too: skipping them in SQL might go through a whole table. A
 * secret is cast to what it should be: a row that somebody has changed by hand may hold text.
 */
export function readSealed(reads: Reads, name: SealedTable, afterRow: number, limit: number): SealedRow[] {
  const { table = name, id, sealed, detail }: SealedColumn = COLUMNS[name];
  const sql = `SELECT rowid AS row, ${id} AS id, CAST(${sealed} AS BLOB) AS sealed, ${detail} AS detail
    FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ?`;
  return reads.all(sql, afterRow, limit);
}

/** Nothing happens if the row is gone or holds something else than `before`. */
export function resealRow(table: SealedTable, id: string, sealed: Uint8Array, before: Uint8Array): RowWrite {
  return { statement: `${table}.reseal`, params: [sealed, id, before] };
}

/** One for each master key that anything may be sealed with: all of them are needed to open everything. */
export function readCanaries(reads: Reads): readonly Buffer[] {
  return parseCanaries(readMeta(reads, 'canary'));
}

export function putCanaries(canaries: readonly Uint8Array[]): RowWrite {
  return putMeta('canary', canaries.map((canary) => Buffer.from(canary).toString('base64')).join(' '));
}

/** From the text of the row. */
export function parseCanaries(text: string | null | undefined): readonly Buffer[] {
  return (text ?? '')
    .split(' ')
    .filter((part) => part !== '')
    .map((part) => Buffer.from(part, 'base64'));
}

export function readDownloadKey(reads: Reads): Buffer | null {
  const text = readMeta(reads, 'downloadKey');
  return text === undefined ? null : Buffer.from(text, 'base64');
}

export function putDownloadKey(sealed: Uint8Array): RowWrite {
  return putMeta('downloadKey', Buffer.from(sealed).toString('base64'));
}

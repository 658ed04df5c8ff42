// Rows of a connection: its public facts, its sealed credential, and authorization requests that have not come
// back yet. The credential actor owns the first two; a state row is used up in the commit that uses it.

import type { ConnectionId, ProjectId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite, SqlValue } from '../port.ts';
import { leavePartyNames } from './partyNames.ts';

export const CONNECTION_STATEMENTS = {
  'connections.insert': `INSERT INTO connections
    (connectionId, projectId, provider, providerAppId, groupRef, groupName, consumerRef, consumerName, authScheme,
     status, workspaceRef, providerConsumerRef, metadata, generation, issuedAtMs, expiresAtMs, refreshAtMs, createdAtMs)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  'connections.reconnect': `UPDATE connections SET providerAppId = ?, groupName = ?, consumerName = ?, authScheme = ?,
    status = ?, workspaceRef = ?, providerConsumerRef = ?, metadata = ?, generation = ?, issuedAtMs = ?,
    expiresAtMs = ?, refreshAtMs = ?, updatedAtMs = ? WHERE connectionId = ? AND generation = ?
    AND metadata = ? AND workspaceRef IS ?`,
  'connections.describe': `UPDATE connections SET workspaceRef = ?, metadata = ?, updatedAtMs = ?
    WHERE connectionId = ? AND generation = ? AND metadata = ? AND workspaceRef IS ?`,
  'connections.refreshed': `UPDATE connections SET status = 'created', generation = ?, issuedAtMs = ?, expiresAtMs = ?,
    refreshAtMs = ?, updatedAtMs = ? WHERE connectionId = ? AND generation = ?`,
  'connections.setStatus':
    'UPDATE connections SET status = ?, updatedAtMs = ? WHERE connectionId = ? AND generation = ?',
  'connections.delete': `DELETE FROM connections WHERE connectionId = ? AND generation = coalesce(?, generation)
    AND NOT EXISTS (SELECT 1 FROM installations WHERE connectionId = ?)`,
  'credentials.put': `INSERT INTO credentials (connectionId, generation, sealed) VALUES (?, ?, ?)
    ON CONFLICT (connectionId) DO UPDATE SET generation = excluded.generation, sealed = excluded.sealed
    WHERE credentials.generation = excluded.generation - 1`,
  'credentials.delete': 'DELETE FROM credentials WHERE connectionId = ?',
  'oauthStates.insert':
    'INSERT INTO oauthStates (stateHash, projectId, groupRef, sealed, expiresAtMs) VALUES (?, ?, ?, ?, ?)',
  'oauthStates.use': 'DELETE FROM oauthStates WHERE stateHash = ?',
  'oauthStates.expire': 'DELETE FROM oauthStates WHERE expiresAtMs <= ?',
  'oauthStates.erase': 'DELETE FROM oauthStates WHERE stateHash IN (SELECT value FROM json_each(?))',
} as const;

/** As on the wire. `created`: new or refreshed; `working`: a request succeeded; `bad_credentials`: reconnect. */
export type ConnectionStatus = 'created' | 'working' | 'bad_credentials';

export interface ConnectionRow {
  readonly connectionId: ConnectionId;
  readonly projectId: ProjectId;
  readonly provider: string;
  readonly providerAppId: string | null;
  readonly groupRef: string;
  readonly groupName: string;
  readonly consumerRef: string;
  readonly consumerName: string;
  /** As on the wire, e.g. `oauth2/authorizationCode`. */
  readonly authScheme: string;
  readonly status: ConnectionStatus;
  readonly workspaceRef: string | null;
  /** What the provider calls the user who connected. */
  readonly providerConsumerRef: string | null;
  /** JSON `{name: {value, source, displayName?}}`. */
  readonly metadata: string;
  readonly generation: number;
  readonly issuedAtMs: Ms;
  readonly expiresAtMs: Ms | null;
  readonly refreshAtMs: Ms | null;
  readonly createdAtMs: Ms;
  readonly updatedAtMs: Ms | null;
}

export function insertConnection(row: Omit<ConnectionRow, 'updatedAtMs'>): RowWrite {
  const params = [
    row.connectionId,
    row.projectId,
    row.provider,
    row.providerAppId,
    row.groupRef,
    row.groupName,
    row.consumerRef,
    row.consumerName,
    row.authScheme,
    row.status,
    row.workspaceRef,
    row.providerConsumerRef,
    row.metadata,
    row.generation,
    row.issuedAtMs,
    row.expiresAtMs,
    row.refreshAtMs,
    row.createdAtMs,
  ];
  return { statement: 'connections.insert', params, mustChange: 'rejected' };
}

/** What is said of an account. */
type Described = Pick<ConnectionRow, 'metadata' | 'workspaceRef'>;

/**
 * Gives a connection the new credential of generation `row.generation`; refused if another came first, or other facts
 * of the account than `before`.
 */
export function reconnectConnection(row: ConnectionRow, before: Described): RowWrite {
  const params = [
    row.providerAppId,
    row.groupName,
    row.consumerName,
    row.authScheme,
    row.status,
    row.workspaceRef,
    row.providerConsumerRef,
    row.metadata,
    row.generation,
    row.issuedAtMs,
    row.expiresAtMs,
    row.refreshAtMs,
    row.updatedAtMs,
    row.connectionId,
    row.generation - 1,
    before.metadata,
    before.workspaceRef,
  ];
  return { statement: 'connections.reconnect', params, mustChange: 'rejected' };
}

export interface RefreshedFacts {
  readonly connectionId: ConnectionId;
  readonly generation: number;
  readonly issuedAtMs: Ms;
  readonly expiresAtMs: Ms | null;
  readonly refreshAtMs: Ms | null;
}

export function refreshedConnection(facts: RefreshedFacts): RowWrite {
  const { connectionId, generation, issuedAtMs, expiresAtMs, refreshAtMs } = facts;
  const params = [generation, issuedAtMs, expiresAtMs, refreshAtMs, issuedAtMs, connectionId, generation - 1];
  return { statement: 'connections.refreshed', params, mustChange: 'rejected' };
}

/**
 * Other facts of the account than those it was connected with; refused if another credential or other facts than
 * `before` came first.
 */
export function describeConnection(row: ConnectionRow, before: Described): RowWrite {
  const facts = [row.workspaceRef, row.metadata, row.updatedAtMs, row.connectionId, row.generation];
  const params = [...facts, before.metadata, before.workspaceRef];
  return { statement: 'connections.describe', params, mustChange: 'rejected' };
}

/** Says how the credential of `generation` fares; nothing happens if it has been replaced. */
export function setConnectionStatus(
  connectionId: string,
  generation: number,
  status: ConnectionStatus,
  atMs: Ms,
): RowWrite {
  return { statement: 'connections.setStatus', params: [status, atMs, connectionId, generation] };
}

/** Refused while an installation uses the connection, or if its credential is of another generation than the given. */
export function deleteConnection(connectionId: string, generation: number | null = null): readonly RowWrite[] {
  return [
    leavePartyNames(connectionId),
    { statement: 'connections.delete', params: [connectionId, generation, connectionId], mustChange: 'rejected' },
    { statement: 'credentials.delete', params: [connectionId] },
  ];
}

/** Stores the sealed credential of `generation`; refused unless it follows the stored one. */
export function putCredential(connectionId: string, generation: number, sealed: Uint8Array): RowWrite {
  return { statement: 'credentials.put', params: [connectionId, generation, sealed], mustChange: 'rejected' };
}

export function readConnection(reads: Reads, connectionId: string): ConnectionRow | undefined {
  return reads.get('SELECT * FROM connections WHERE connectionId = ?', connectionId);
}

/** The provider app that calls of a connection go through, or its provider where there is none; null: it is gone. */
export function readAppCalled(reads: Reads, connectionId: string): string | null {
  const sql = 'SELECT coalesce(providerAppId, provider) AS app FROM connections WHERE connectionId = ?';
  return reads.get<{ app: string }>(sql, connectionId)?.app ?? null;
}

/** The same of the connection of an installation. */
export function readAppCalledFor(reads: Reads, installationId: string): string | null {
  const sql = `SELECT coalesce(providerAppId, provider) AS app FROM installations
    JOIN connections USING (connectionId) WHERE installationId = ?`;
  return reads.get<{ app: string }>(sql, installationId)?.app ?? null;
}

/** Filters are optional; all given ones must hold. Newest first, because clients take the first element. */
export function readConnections(
  reads: Reads,
  projectId: ProjectId,
  filter: {
    readonly provider?: string | undefined;
    readonly groupRef?: string | undefined;
    readonly consumerRef?: string | undefined;
    /** Those behind it in the order of the list. */
    readonly after?: Pick<ConnectionRow, 'createdAtMs' | 'connectionId'> | undefined;
    readonly limit?: number;
  },
): ConnectionRow[] {
  const { provider, groupRef, consumerRef, after, limit } = filter;
  const given = Object.entries({ provider, groupRef, consumerRef }).filter(([, value]) => value !== undefined);
  // What is not asked for is not in the SQL: SQLite would go through all of a project for one group.
  // A customer has few: they are found by their own index and sorted. All others are in the order of the list.
  const time = groupRef === undefined && consumerRef === undefined ? 'createdAtMs' : '+createdAtMs';
  const conditions = [
    'projectId = ?',
    ...given.map(([column]) => `${column} = ?`),
    ...(after === undefined ? [] : [`(${time}, connectionId) < (?, ?)`]),
  ].join(' AND ');
  const sql = `SELECT * FROM connections WHERE ${conditions} ORDER BY ${time} DESC, connectionId DESC`;
  const params: SqlValue[] = [projectId, ...given.map(([, value]) => String(value))];
  if (after !== undefined) params.push(after.createdAtMs, after.connectionId);
  return limit === undefined ? reads.all(sql, ...params) : reads.all(`${sql} LIMIT ?`, ...params, limit);
}

/** Connections of a provider app whose credential is held back, by id, those after `after`. */
export function readHeldConnectionIds(reads: Reads, providerAppId: string, after: string, limit: number): string[] {
  const sql = `SELECT connectionId FROM connections JOIN snapshots ON actorId = 'credential:' || connectionId
    WHERE providerAppId = ? AND connectionId > ? AND state ->> '$.value' IN ('suspect', 'appFault')
    ORDER BY connectionId LIMIT ?`;
  return reads.all<{ connectionId: string }>(sql, providerAppId, after, limit).map((row) => row.connectionId);
}

/** Connections of a provider app whose credential is held back, counted up to `max`. */
export function countHeld(reads: Reads, providerAppId: string, max: number): number {
  const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM connections
    JOIN snapshots ON actorId = 'credential:' || connectionId
    WHERE providerAppId = ? AND state ->> '$.value' IN ('suspect', 'appFault') LIMIT ?)`;
  return reads.get<{ n: number }>(sql, providerAppId, max)?.n ?? 0;
}

/** Whether the credential of a connection is held back. */
export function isHeld(reads: Reads, connectionId: string): boolean {
  const sql = `SELECT 1 FROM snapshots WHERE actorId = 'credential:' || ?
    AND state <> '' AND state ->> '$.value' IN ('suspect', 'appFault')`;
  return reads.get(sql, connectionId) !== undefined;
}

/** Connections of a provider app that were refused since `sinceMs` and believed, by id, those after `after`. */
export function readBelievedConnectionIds(
  reads: Reads,
  providerAppId: string,
  sinceMs: Ms,
  after: string,
  limit: number,
): string[] {
  const sql = `SELECT connectionId FROM connections JOIN snapshots ON actorId = 'credential:' || connectionId
    WHERE providerAppId = ? AND connectionId > ? AND state ->> '$.value' = 'revoked'
    AND state ->> '$.context.lastErrorAtMs' >= ? ORDER BY connectionId LIMIT ?`;
  return reads.all<{ connectionId: string }>(sql, providerAppId, after, sinceMs, limit).map((row) => row.connectionId);
}

/** The latest refused grants of a provider app, latest first, without those that a lost answer explains. */
export function readRefusals(
  reads: Reads,
  providerAppId: string,
  sinceMs: Ms,
  limit: number,
): { connectionId: string; atMs: Ms }[] {
  const sql = `SELECT connectionId, updatedAtMs AS atMs FROM connections
    JOIN snapshots ON actorId = 'credential:' || connectionId
    WHERE providerAppId = ? AND status = 'bad_credentials' AND updatedAtMs > ?
    AND state ->> '$.context.lostAnswerAtMs' IS NULL ORDER BY updatedAtMs DESC, connectionId LIMIT ?`;
  return reads.all(sql, providerAppId, sinceMs, limit);
}

/** When a token of a provider app was last renewed; null if none ever was. */
export function readLastRenewalMs(reads: Reads, providerAppId: string): Ms | null {
  const sql = 'SELECT max(issuedAtMs) AS atMs FROM connections WHERE providerAppId = ? AND generation > 1';
  return reads.get<{ atMs: Ms | null }>(sql, providerAppId)?.atMs ?? null;
}

/** Connections that the same account of a provider has with one provider app. */
export function countGrants(reads: Reads, providerAppId: string, consumerRef: string): number {
  const sql = 'SELECT count(*) AS n FROM connections WHERE providerAppId = ? AND providerConsumerRef = ?';
  return reads.get<{ n: number }>(sql, providerAppId, consumerRef)?.n ?? 0;
}

/** A connection with its sealed credential, of the same generation. */
export function readConnectionWithCredential(
  reads: Reads,
  connectionId: string,
): (ConnectionRow & { readonly sealed: Uint8Array }) | undefined {
  // As a join this takes 60 to 100 µs instead of 20: of all reads in a storm of renewals it was the dearest.
  const sql = `SELECT *, (SELECT sealed FROM credentials WHERE credentials.connectionId = connections.connectionId
      AND credentials.generation = connections.generation) AS sealed
    FROM connections WHERE connectionId = ?`;
  const row = reads.get<ConnectionRow & { readonly sealed: Uint8Array | null }>(sql, connectionId);
  return row === undefined || row.sealed === null ? undefined : { ...row, sealed: row.sealed };
}

export function readCredential(
  reads: Reads,
  connectionId: string,
): { generation: number; sealed: Uint8Array } | undefined {
  return reads.get('SELECT generation, sealed FROM credentials WHERE connectionId = ?', connectionId);
}

export interface OauthStateRow {
  readonly stateHash: string;
  readonly projectId: ProjectId;
  /** Empty for one that an earlier version made. */
  readonly groupRef: string;
  readonly sealed: Uint8Array;
  readonly expiresAtMs: Ms;
}

export function insertOauthState(row: OauthStateRow): RowWrite {
  const params = [row.stateHash, row.projectId, row.groupRef, row.sealed, row.expiresAtMs];
  return { statement: 'oauthStates.insert', params, mustChange: 'rejected' };
}

/** Uses a state up; the step fails if it was used before. */
export function deleteOauthState(stateHash: string): RowWrite {
  return { statement: 'oauthStates.use', params: [stateHash], mustChange: 'rejected' };
}

export function expireOauthStates(nowMs: Ms): RowWrite {
  return { statement: 'oauthStates.expire', params: [nowMs] };
}

export function readOauthState(reads: Reads, stateHash: string): OauthStateRow | undefined {
  return reads.get('SELECT * FROM oauthStates WHERE stateHash = ?', stateHash);
}

/** Open authorization requests of a project; expired ones do not count. */
export function countOauthStates(reads: Reads, projectId: ProjectId, nowMs: Ms): number {
  const sql = 'SELECT count(*) AS n FROM oauthStates WHERE projectId = ? AND expiresAtMs > ?';
  return reads.get<{ n: number }>(sql, projectId, nowMs)?.n ?? 0;
}

/** The same of one group. */
export function countOauthStatesOf(reads: Reads, projectId: ProjectId, groupRef: string, nowMs: Ms): number {
  const sql = 'SELECT count(*) AS n FROM oauthStates WHERE projectId = ? AND groupRef = ? AND expiresAtMs > ?';
  return reads.get<{ n: number }>(sql, projectId, groupRef, nowMs)?.n ?? 0;
}

export function readExpiredStateHashes(reads: Reads, nowMs: Ms, limit: number): string[] {
  const sql = 'SELECT stateHash FROM oauthStates WHERE expiresAtMs <= ? ORDER BY expiresAtMs LIMIT ?';
  return reads.all<{ stateHash: string }>(sql, nowMs, limit).map(({ stateHash }) => stateHash);
}

export function eraseOauthStates(stateHashes: readonly string[]): RowWrite {
  return { statement: 'oauthStates.erase', params: [JSON.stringify(stateHashes)] };
}

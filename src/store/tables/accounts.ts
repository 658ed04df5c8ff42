// Rows of the builder's account: projects, API keys (hashed), provider apps, destinations. No actor owns them;
// the edge commits them directly.

import { createHash } from 'node:crypto';
import { type DestinationId, type ProjectId, type ProviderAppId, randomToken } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

const EPOCH_BYTES = 9;

export const ACCOUNT_STATEMENTS = {
  'meta.put': 'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  'projects.insert': 'INSERT INTO projects (projectId, name, appName, orgId, createdAtMs) VALUES (?, ?, ?, ?, ?)',
  'projects.update': `UPDATE projects SET name = ?, appName = ?, updatedAtMs = ?
    WHERE projectId = ? AND updatedAtMs IS ?`,
  'apiKeys.insert': `INSERT INTO apiKeys (keyHash, projectId, label, scopes, isActive, createdAtMs, expiresAtMs)
    VALUES (?, ?, ?, ?, 1, ?, ?)`,
  'providerApps.insert': `INSERT INTO providerApps
    (providerAppId, projectId, provider, clientId, sealedClientSecret, scopes, metadata, externalRef, createdAtMs)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  'providerApps.update': `UPDATE providerApps SET clientId = ?,
    sealedClientSecret = coalesce(?, sealedClientSecret), scopes = ?, metadata = ?, externalRef = ?, updatedAtMs = ?
    WHERE providerAppId = ? AND projectId = ? AND updatedAtMs IS ?`,
  'providerApps.setWebhookSecret': `UPDATE providerApps SET sealedWebhookSecret = ?, updatedAtMs = ?
    WHERE providerAppId = ? AND projectId = ? AND updatedAtMs IS ?`,
  'providerApps.delete': `DELETE FROM providerApps WHERE providerAppId = ? AND projectId = ?
    AND NOT EXISTS (SELECT 1 FROM connections WHERE connections.providerAppId = providerApps.providerAppId)`,
  'destinations.insert': `INSERT INTO destinations
    (destinationId, projectId, name, type, metadata, sealedSecrets, createdAtMs) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  'destinations.update': `UPDATE destinations SET name = ?, metadata = ?,
    sealedSecrets = coalesce(?, sealedSecrets), disabledAtMs = ?, updatedAtMs = ?
    WHERE destinationId = ? AND projectId = ? AND updatedAtMs IS ?`,
  'destinations.disable': `UPDATE destinations SET disabledAtMs = ?, updatedAtMs = max(?, coalesce(updatedAtMs, 0) + 1)
    WHERE destinationId = ?`,
  'destinations.delete': 'DELETE FROM destinations WHERE destinationId = ? AND projectId = ? AND disabledAtMs IS ?',
} as const;

export function putMeta(name: string, value: string): RowWrite {
  return { statement: 'meta.put', params: [name, value] };
}

/** Of a store that is new, or that goes on from a backup. */
export function newEpoch(): string {
  return randomToken(EPOCH_BYTES);
}

export function readMeta(reads: Reads, name: string): string | undefined {
  return reads.get<{ value: string }>('SELECT value FROM meta WHERE name = ?', name)?.value;
}

export interface ProjectRow {
  readonly projectId: ProjectId;
  /** Lower case; also accepted wherever the wire takes an id or a name. */
  readonly name: string;
  readonly appName: string;
  readonly orgId: string;
  readonly createdAtMs: Ms;
  readonly updatedAtMs: Ms | null;
}

export function insertProject(row: Omit<ProjectRow, 'updatedAtMs'>): RowWrite {
  const params = [row.projectId, row.name, row.appName, row.orgId, row.createdAtMs];
  return { statement: 'projects.insert', params, mustChange: 'rejected' };
}

/** Refused if it was changed since `before` was read, or the name is taken. */
export function updateProject({ name, appName, updatedAtMs, projectId }: ProjectRow, before: ProjectRow): RowWrite {
  const params = [name, appName, updatedAtMs, projectId, before.updatedAtMs];
  return { statement: 'projects.update', params, mustChange: 'rejected' };
}

/** By id or, case-insensitively, by name. */
export function readProject(reads: Reads, idOrName: string): ProjectRow | undefined {
  return reads.get('SELECT * FROM projects WHERE projectId = ?1 OR name = lower(?1)', idOrName);
}

export function readProjects(reads: Reads): ProjectRow[] {
  return reads.all('SELECT * FROM projects ORDER BY createdAtMs, projectId');
}

export interface ApiKeyRow {
  readonly keyHash: string;
  readonly projectId: ProjectId;
  readonly label: string;
  /** JSON array of strings. */
  readonly scopes: string;
  readonly isActive: 0 | 1;
  readonly createdAtMs: Ms;
  readonly updatedAtMs: Ms | null;
  /** Null: never. */
  readonly expiresAtMs: Ms | null;
}

/** Keys are 32 random bytes, so a plain SHA-256 cannot be guessed backwards and needs no salt. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}

/** What there is of a key when it is made. */
export type NewApiKeyRow = Omit<ApiKeyRow, 'isActive' | 'updatedAtMs' | 'expiresAtMs'> & { readonly expiresAtMs?: Ms };

export function insertApiKey(row: NewApiKeyRow): RowWrite {
  const params = [row.keyHash, row.projectId, row.label, row.scopes, row.createdAtMs, row.expiresAtMs ?? null];
  return { statement: 'apiKeys.insert', params, mustChange: 'rejected' };
}

export function readApiKey(reads: Reads, keyHash: string): ApiKeyRow | undefined {
  return reads.get('SELECT * FROM apiKeys WHERE keyHash = ?', keyHash);
}

export interface ProviderAppRow {
  readonly providerAppId: ProviderAppId;
  readonly projectId: ProjectId;
  readonly provider: string;
  readonly clientId: string;
  readonly sealedClientSecret: Uint8Array;
  /** What its webhooks are signed with; null: nobody entered it. */
  readonly sealedWebhookSecret: Uint8Array | null;
  /** JSON array of strings. */
  readonly scopes: string;
  readonly metadata: string | null;
  readonly externalRef: string | null;
  readonly createdAtMs: Ms;
  readonly updatedAtMs: Ms | null;
}

/** Refused if it was changed since `before` was read: a secret that was replaced must not come back. */
export function updateProviderApp(row: ProviderAppRow, before: ProviderAppRow): RowWrite {
  const { clientId, sealedClientSecret, scopes, metadata, externalRef, updatedAtMs, providerAppId, projectId } = row;
  const sealed = changedOrNull(sealedClientSecret, before.sealedClientSecret);
  const facts = [clientId, sealed, scopes, metadata, externalRef, updatedAtMs];
  const params = [...facts, providerAppId, projectId, before.updatedAtMs];
  return { statement: 'providerApps.update', params, mustChange: 'rejected' };
}

/**
 * Null keeps what the row holds. A rotation of the master keys may have sealed it anew since it was read, and does not
 * count as a change: what was read must not come back, since nothing opens it any longer.
 */
function changedOrNull(sealed: Uint8Array, before: Uint8Array): Uint8Array | null {
  return sealed === before ? null : sealed;
}

/** Refused if the app was changed since `before` was read. */
export function setWebhookSecret(
  { providerAppId, projectId, updatedAtMs }: ProviderAppRow,
  sealed: Uint8Array | null,
  atMs: Ms,
): RowWrite {
  const params = [sealed, atMs, providerAppId, projectId, updatedAtMs];
  return { statement: 'providerApps.setWebhookSecret', params, mustChange: 'rejected' };
}

/** Whether another project has this client; two environments with one client end each other's tokens. */
export function isClientElsewhere(reads: Reads, projectId: ProjectId, provider: string, clientId: string): boolean {
  const sql = 'SELECT 1 FROM providerApps WHERE provider = ? AND clientId = ? AND projectId <> ? LIMIT 1';
  return reads.get(sql, provider, clientId, projectId) !== undefined;
}

export function insertProviderApp(row: Omit<ProviderAppRow, 'updatedAtMs' | 'sealedWebhookSecret'>): RowWrite {
  const params = [
    row.providerAppId,
    row.projectId,
    row.provider,
    row.clientId,
    row.sealedClientSecret,
    row.scopes,
    row.metadata,
    row.externalRef,
    row.createdAtMs,
  ];
  return { statement: 'providerApps.insert', params, mustChange: 'rejected' };
}

/** Refused while a connection was made with the app: without its secret no token of theirs can be renewed. */
export function deleteProviderApp(providerAppId: string, projectId: ProjectId): RowWrite {
  return { statement: 'providerApps.delete', params: [providerAppId, projectId], mustChange: 'rejected' };
}

/** Provider apps whose actor does not trust what is said of their grants, by id, those after `after`. */
export function readProviderAppsNotTrusted(
  reads: Reads,
  after: string,
  limit: number,
): (Pick<ProviderAppRow, 'providerAppId' | 'provider' | 'projectId'> & { readonly state: string })[] {
  const sql = `SELECT providerAppId, provider, projectId, state FROM providerApps
    JOIN snapshots ON actorId = 'providerApp:' || providerAppId
    WHERE providerAppId > ? AND state <> '' AND state ->> '$.value' <> 'trusted' ORDER BY providerAppId LIMIT ?`;
  return reads.all(sql, after, limit);
}

export function readProviderAppIds(reads: Reads, limit: number): string[] {
  const sql = 'SELECT providerAppId FROM providerApps ORDER BY providerAppId LIMIT ?';
  return reads.all<{ providerAppId: string }>(sql, limit).map(({ providerAppId }) => providerAppId);
}

export function readProviderApp(reads: Reads, providerAppId: string): ProviderAppRow | undefined {
  return reads.get('SELECT * FROM providerApps WHERE providerAppId = ?', providerAppId);
}

/** The project's app for a provider: the oldest one, which is what the wire calls the default. */
export function readDefaultProviderApp(
  reads: Reads,
  projectId: ProjectId,
  provider: string,
): ProviderAppRow | undefined {
  const sql =
    'SELECT * FROM providerApps WHERE projectId = ? AND provider = ? ORDER BY createdAtMs, providerAppId LIMIT 1';
  return reads.get(sql, projectId, provider);
}

export function readProviderApps(reads: Reads, projectId: ProjectId): ProviderAppRow[] {
  return reads.all('SELECT * FROM providerApps WHERE projectId = ? ORDER BY createdAtMs, providerAppId', projectId);
}

export interface DestinationRow {
  readonly destinationId: DestinationId;
  readonly projectId: ProjectId;
  readonly name: string;
  readonly type: string;
  /** JSON object, e.g. `{url, headers}`. */
  readonly metadata: string;
  readonly sealedSecrets: Uint8Array;
  /** Since when nothing is sent to it, because it took nothing for days. */
  readonly disabledAtMs: Ms | null;
  readonly createdAtMs: Ms;
  readonly updatedAtMs: Ms | null;
}

export function insertDestination(row: Omit<DestinationRow, 'disabledAtMs' | 'updatedAtMs'>): RowWrite {
  const params = [
    row.destinationId,
    row.projectId,
    row.name,
    row.type,
    row.metadata,
    row.sealedSecrets,
    row.createdAtMs,
  ];
  return { statement: 'destinations.insert', params, mustChange: 'rejected' };
}

/** Refused if it was changed since `before` was read, or the name is taken. */
export function updateDestination(row: DestinationRow, before: DestinationRow): RowWrite {
  const { name, metadata, sealedSecrets, disabledAtMs, updatedAtMs, destinationId, projectId } = row;
  const facts = [name, metadata, changedOrNull(sealedSecrets, before.sealedSecrets), disabledAtMs, updatedAtMs];
  const params = [...facts, destinationId, projectId, before.updatedAtMs];
  return { statement: 'destinations.update', params, mustChange: 'rejected' };
}

/** A change of it, so that whoever looked before must look again. Refused if it is gone. */
export function disableDestination({ destinationId }: Pick<DestinationRow, 'destinationId'>, atMs: Ms): RowWrite {
  return { statement: 'destinations.disable', params: [atMs, atMs, destinationId], mustChange: 'rejected' };
}

/** With the routes that lead to it. Refused if it is gone, or was disabled or enabled since `row` was read. */
export function deleteDestination(row: DestinationRow): readonly RowWrite[] {
  const { destinationId, projectId, disabledAtMs } = row;
  return [
    { statement: 'destinations.delete', params: [destinationId, projectId, disabledAtMs], mustChange: 'rejected' },
    { statement: 'topicDestinationRoutes.deleteOfDestination', params: [destinationId] },
  ];
}

/** By id or by name within the project. */
export function readDestination(reads: Reads, projectId: ProjectId, idOrName: string): DestinationRow | undefined {
  const sql = 'SELECT * FROM destinations WHERE projectId = ?1 AND (destinationId = ?2 OR name = ?2)';
  return reads.get(sql, projectId, idOrName);
}

export function readDestinationById(reads: Reads, destinationId: string): DestinationRow | undefined {
  return reads.get('SELECT * FROM destinations WHERE destinationId = ?', destinationId);
}

export function readDestinations(reads: Reads, projectId: ProjectId): DestinationRow[] {
  return reads.all('SELECT * FROM destinations WHERE projectId = ? ORDER BY createdAtMs, destinationId', projectId);
}

// Rows of what callers are known by besides the first key: changes of API keys, and the public keys that customers'
// tokens are checked with. No actor owns them; the edge commits them directly.

import type { ProjectId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';
import type { ApiKeyRow } from './accounts.ts';

export const KEY_STATEMENTS = {
  'apiKeys.update': `UPDATE apiKeys SET label = ?, scopes = ?, isActive = ?, updatedAtMs = ?
    WHERE keyHash = ? AND projectId = ? AND updatedAtMs IS ?`,
  'apiKeys.delete': 'DELETE FROM apiKeys WHERE keyHash = ? AND projectId = ?',
  'jwtKeys.insert': `INSERT INTO jwtKeys (jwtKeyId, projectId, label, publicKeyPem, isActive, createdAtMs, updatedAtMs)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  'jwtKeys.update': `UPDATE jwtKeys SET label = ?, isActive = ?, updatedAtMs = ?
    WHERE jwtKeyId = ? AND projectId = ? AND updatedAtMs = ?`,
  'jwtKeys.delete': 'DELETE FROM jwtKeys WHERE jwtKeyId = ? AND projectId = ?',
} as const;

/** Refused if it was changed since `before` was read: a key that was switched off must not come back. */
export function updateApiKey(row: ApiKeyRow, before: ApiKeyRow): RowWrite {
  const { label, scopes, isActive, updatedAtMs, keyHash, projectId } = row;
  const params = [label, scopes, isActive, updatedAtMs, keyHash, projectId, before.updatedAtMs];
  return { statement: 'apiKeys.update', params, mustChange: 'rejected' };
}

export function deleteApiKey({ keyHash, projectId }: ApiKeyRow): RowWrite {
  return { statement: 'apiKeys.delete', params: [keyHash, projectId], mustChange: 'rejected' };
}

/** Oldest first. */
export function readApiKeys(reads: Reads, projectId: ProjectId): ApiKeyRow[] {
  return reads.all('SELECT * FROM apiKeys WHERE projectId = ? ORDER BY createdAtMs, keyHash', projectId);
}

export interface JwtKeyRow {
  /** The `kid` of tokens. */
  readonly jwtKeyId: string;
  readonly projectId: ProjectId;
  readonly label: string;
  readonly publicKeyPem: string;
  readonly isActive: 0 | 1;
  readonly createdAtMs: Ms;
  readonly updatedAtMs: Ms;
}

export function insertJwtKey(row: JwtKeyRow): RowWrite {
  const { jwtKeyId, projectId, label, publicKeyPem, isActive, createdAtMs, updatedAtMs } = row;
  const params = [jwtKeyId, projectId, label, publicKeyPem, isActive, createdAtMs, updatedAtMs];
  return { statement: 'jwtKeys.insert', params, mustChange: 'rejected' };
}

/** Refused if it was changed since `before` was read. */
export function updateJwtKey(row: JwtKeyRow, before: JwtKeyRow): RowWrite {
  const { label, isActive, updatedAtMs, jwtKeyId, projectId } = row;
  const params = [label, isActive, updatedAtMs, jwtKeyId, projectId, before.updatedAtMs];
  return { statement: 'jwtKeys.update', params, mustChange: 'rejected' };
}

export function deleteJwtKey({ jwtKeyId, projectId }: JwtKeyRow): RowWrite {
  return { statement: 'jwtKeys.delete', params: [jwtKeyId, projectId], mustChange: 'rejected' };
}

export function readJwtKey(reads: Reads, jwtKeyId: string): JwtKeyRow | undefined {
  return reads.get('SELECT * FROM jwtKeys WHERE jwtKeyId = ?', jwtKeyId);
}

/** Oldest first. */
export function readJwtKeys(reads: Reads, projectId: ProjectId): JwtKeyRow[] {
  return reads.all('SELECT * FROM jwtKeys WHERE projectId = ? ORDER BY createdAtMs, jwtKeyId', projectId);
}

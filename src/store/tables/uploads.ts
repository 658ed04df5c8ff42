// Rows of what the command line has uploaded to deploy it. Nobody owns them; they go after an hour.

import type { ProjectId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

export const UPLOAD_STATEMENTS = {
  'uploads.put': `INSERT INTO uploads (uploadId, projectId, body, expiresAtMs) VALUES (?, ?, ?, ?)
    ON CONFLICT (uploadId) DO UPDATE SET body = excluded.body`,
  'uploads.expire': 'DELETE FROM uploads WHERE uploadId IN (SELECT value FROM json_each(?))',
} as const;

export interface UploadRow {
  readonly uploadId: string;
  /** Null where a builder asked for the address. */
  readonly projectId: ProjectId | null;
  /** In base64: bytes in the database are secrets. */
  readonly body: string;
  readonly expiresAtMs: Ms;
}

export function putUpload({ uploadId, projectId, body, expiresAtMs }: UploadRow): RowWrite {
  return { statement: 'uploads.put', params: [uploadId, projectId, body, expiresAtMs] };
}

export function readUpload(reads: Reads, uploadId: string): UploadRow | undefined {
  return reads.get('SELECT * FROM uploads WHERE uploadId = ?', uploadId);
}

/** Uploads that may still be deployed, of a project or of builders, counted up to `max`. */
export function countUploads(reads: Reads, projectId: ProjectId | null, nowMs: Ms, max: number): number {
  const sql = 'SELECT count(*) AS n FROM (SELECT 1 FROM uploads WHERE projectId IS ? AND expiresAtMs > ? LIMIT ?)';
  return reads.get<{ n: number }>(sql, projectId, nowMs, max)?.n ?? 0;
}

export function readExpiredUploadIds(reads: Reads, nowMs: Ms, limit: number): string[] {
  const sql = 'SELECT uploadId FROM uploads WHERE expiresAtMs <= ? ORDER BY expiresAtMs LIMIT ?';
  return reads.all<{ uploadId: string }>(sql, nowMs, limit).map(({ uploadId }) => uploadId);
}

export function expireUploads(uploadIds: readonly string[]): RowWrite {
  return { statement: 'uploads.expire', params: [JSON.stringify(uploadIds)] };
}

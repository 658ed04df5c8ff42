// Rows that nobody needs any more, found in windows and removed only while that is still so: operations that are done
// with, and revisions that nothing runs under. Called by retention.

import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

/**
 * A finished operation that nothing needs: its messages have left the outbox, no read goes on from it, and it is not
 * the backfill that an installation is asked about.
 */
const IS_OPERATION_DONE = `status <> 'in_progress'
  AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.operationId = operations.operationId)
  AND NOT EXISTS (SELECT 1 FROM checkpoints WHERE checkpoints.installationId = operations.installationId
    AND checkpoints.operationId = operations.operationId)
  AND NOT (metadata ->> '$.readType' = 'backfill' AND EXISTS
    (SELECT 1 FROM installations WHERE installations.installationId = operations.installationId))`;

/** A revision that is no integration's latest and that no installation was configured by. */
const IS_REVISION_UNUSED = `NOT EXISTS (SELECT 1 FROM integrations WHERE integrations.integrationId =
    revisions.integrationId AND integrations.revisionId = revisions.revisionId)
  AND NOT EXISTS (SELECT 1 FROM installations WHERE installations.integrationId = revisions.integrationId
    AND installations.revisionId = revisions.revisionId)`;

export const EXPIRY_STATEMENTS = {
  'operations.expire': `DELETE FROM operations
    WHERE operationId IN (SELECT value FROM json_each(?)) AND ${IS_OPERATION_DONE}`,
  'revisions.expire': `DELETE FROM revisions
    WHERE revisionId IN (SELECT value FROM json_each(?)) AND ${IS_REVISION_UNUSED}`,
} as const;

/** Rows of a table in the order they were written, of which `isDue` may go; `row` is where the next window begins. */
export interface Swept {
  readonly row: number;
  readonly id: string;
  readonly isOld: 0 | 1;
  readonly isDue: 0 | 1;
}

/** Operations in the order they were begun in. */
export function sweepOperations(reads: Reads, afterRow: number, endedBeforeMs: Ms, limit: number): Swept[] {
  const sql = `SELECT rowid AS row, operationId AS id, createdAtMs < ?2 AS isOld,
    coalesce(updatedAtMs, createdAtMs) < ?2 AND ${IS_OPERATION_DONE} AS isDue
    FROM operations WHERE rowid > ?1 ORDER BY rowid LIMIT ?3`;
  return reads.all(sql, afterRow, endedBeforeMs, limit);
}

/** Removes those that are still done with. */
export function expireOperations(operationIds: readonly string[]): RowWrite {
  return { statement: 'operations.expire', params: [JSON.stringify(operationIds)] };
}

/** Revisions in the order they were deployed in; due are unused ones that at least `newerMin` have followed. */
export function sweepRevisions(reads: Reads, afterRow: number, newerMin: number, limit: number): Swept[] {
  const sql = `SELECT rowid AS row, revisionId AS id, 1 AS isOld, EXISTS (SELECT 1 FROM revisions AS newer
      WHERE newer.integrationId = revisions.integrationId AND newer.rowid > revisions.rowid LIMIT 1 OFFSET ?2)
      AND ${IS_REVISION_UNUSED} AS isDue
    FROM revisions WHERE rowid > ?1 ORDER BY rowid LIMIT ?3`;
  return reads.all(sql, afterRow, newerMin - 1, limit);
}

/** Removes those that are still unused. */
export function expireRevisions(revisionIds: readonly string[]): RowWrite {
  return { statement: 'revisions.expire', params: [JSON.stringify(revisionIds)] };
}

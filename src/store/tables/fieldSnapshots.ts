// Which fields the objects of an installation had when they were looked at last, for installations whose integration
// watches them. The actor that watches owns the rows of its installation.

import type { InstallationId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

export const FIELD_SNAPSHOT_STATEMENTS = {
  'fieldSnapshots.put': `INSERT INTO fieldSnapshots (installationId, objectName, fields, updatedAtMs)
    SELECT installationId, ?, ?, ? FROM installations WHERE installationId = ?
    ON CONFLICT (installationId, objectName)
    DO UPDATE SET fields = excluded.fields, updatedAtMs = excluded.updatedAtMs`,
  'fieldSnapshots.keep': `DELETE FROM fieldSnapshots WHERE installationId = ?
    AND objectName NOT IN (SELECT value FROM json_each(?))`,
  'fieldSnapshots.erase': 'DELETE FROM fieldSnapshots WHERE installationId = ?',
} as const;

interface FieldSnapshotRow {
  readonly installationId: InstallationId;
  /** The provider's name, as the manifest writes it. */
  readonly objectName: string;
  /** JSON of the fields, in the provider's order. */
  readonly fields: string;
  readonly updatedAtMs: Ms;
}

/** None is stored of an installation that is gone. */
export function putFieldSnapshot({ installationId, objectName, fields, updatedAtMs }: FieldSnapshotRow): RowWrite {
  return { statement: 'fieldSnapshots.put', params: [objectName, fields, updatedAtMs, installationId] };
}

/** Removes those of other objects. */
export function keepFieldSnapshots(installationId: string, objectNames: readonly string[]): RowWrite {
  return { statement: 'fieldSnapshots.keep', params: [installationId, JSON.stringify(objectNames)] };
}

export function eraseFieldSnapshots(installationId: string): RowWrite {
  return { statement: 'fieldSnapshots.erase', params: [installationId] };
}

export function readFieldSnapshot(
  reads: Reads,
  installationId: string,
  objectName: string,
): FieldSnapshotRow | undefined {
  const sql = 'SELECT * FROM fieldSnapshots WHERE installationId = ? AND objectName = ?';
  return reads.get(sql, installationId, objectName);
}

/** The objects of an installation that were looked at. */
export function readObjectsLookedAt(reads: Reads, installationId: string): string[] {
  const sql = 'SELECT objectName FROM fieldSnapshots WHERE installationId = ? ORDER BY objectName';
  return reads.all<{ objectName: string }>(sql, installationId).map(({ objectName }) => objectName);
}

// What writes that wait are to write, sealed: it is the customers' data. A row lives from the commit that its operation
// was answered from until the commit that ends that operation, or deletes its installation.

import type { InstallationId, OperationId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

/** Writes that nobody performs any more: those that are waited for leave no request. */
const INTERRUPTED = `actionType = 'write' AND status = 'in_progress'
    AND NOT EXISTS (SELECT 1 FROM writeRequests WHERE writeRequests.operationId = operations.operationId)`;

export const WRITE_STATEMENTS = {
  'writeRequests.insert': `INSERT INTO writeRequests (requestId, operationId, installationId, sealed)
    SELECT ?, ?, installationId, ? FROM installations WHERE installationId = ?`,
  'writeRequests.deleteOf': 'DELETE FROM writeRequests WHERE operationId = ?',
  'writeRequests.eraseOf': 'DELETE FROM writeRequests WHERE installationId = ?',
  'operations.closeInterruptedWrites': `UPDATE operations SET status = 'failure', result = ?, updatedAtMs = ?
    WHERE ${INTERRUPTED}`,
} as const;

export interface WriteRequestRow {
  readonly requestId: string;
  /** Several requests may have come to one operation. */
  readonly operationId: OperationId;
  readonly installationId: InstallationId;
  /** The request as JSON. */
  readonly sealed: Uint8Array;
}

/** Refused if the installation is gone. */
export function insertWriteRequest({ requestId, operationId, installationId, sealed }: WriteRequestRow): RowWrite {
  const params = [requestId, operationId, sealed, installationId];
  return { statement: 'writeRequests.insert', params, mustChange: 'rejected' };
}

/** In the order they came in. */
export function readWriteRequests(reads: Reads, operationId: string): WriteRequestRow[] {
  const sql = 'SELECT requestId, operationId, installationId, sealed FROM writeRequests WHERE operationId = ?';
  return reads.all(`${sql} ORDER BY seq`, operationId);
}

/** How many requests of an installation wait, looked at up to `max`, and their sealed bytes together. */
export function readWaitingWrites(
  reads: Reads,
  installationId: string,
  max: number,
): { readonly count: number; readonly bytes: number } {
  const sql = `SELECT count(*) AS count, total(bytes) AS bytes FROM (
    SELECT length(sealed) AS bytes FROM writeRequests INDEXED BY writeRequests_size WHERE installationId = ? LIMIT ?)`;
  return reads.get<{ count: number; bytes: number }>(sql, installationId, max) ?? { count: 0, bytes: 0 };
}

/** Removes what an operation was to write. */
export function deleteWriteRequests(operationId: string): RowWrite {
  return { statement: 'writeRequests.deleteOf', params: [operationId] };
}

/** Removes what an installation was to write. */
export function eraseWriteRequests(installationId: string): RowWrite {
  return { statement: 'writeRequests.eraseOf', params: [installationId] };
}

/** Whether a process ended while somebody waited for a write. */
export function hasInterruptedWrites(reads: Reads): boolean {
  return reads.get(`SELECT 1 FROM operations WHERE ${INTERRUPTED} LIMIT 1`) !== undefined;
}

/** Ends the operations of writes that nobody performs any more. */
export function closeInterruptedWrites(result: string, atMs: Ms): RowWrite {
  return { statement: 'operations.closeInterruptedWrites', params: [result, atMs] };
}

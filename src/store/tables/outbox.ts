// Rows of delivery: messages to send, written in the same transaction as their cause, and per lane (one
// destination) how much waits and what became of the rest. Delivered messages leave; dead ones stay with reason.

import type { OperationId, ProjectId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

export const OUTBOX_STATEMENTS = {
  'outbox.insert': `INSERT INTO outbox
    (messageId, laneId, operationId, body, blobId, bytes, nextAttemptAtMs, createdAtMs)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  'outbox.delete': 'DELETE FROM outbox WHERE seq = ?',
  'outbox.retry': 'UPDATE outbox SET attempts = ?, nextAttemptAtMs = ?, lastError = ? WHERE seq = ?',
  'outbox.bury': 'UPDATE outbox SET attempts = ?, isDead = 1, lastError = ? WHERE seq = ?',
  'lanes.add': `INSERT INTO lanes (laneId, queuedBytes, queued, delivered, dead) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (laneId) DO UPDATE SET queuedBytes = queuedBytes + excluded.queuedBytes,
    queued = queued + excluded.queued, delivered = delivered + excluded.delivered, dead = dead + excluded.dead`,
  'blobs.insert': 'INSERT INTO blobs (blobId, projectId, body, createdAtMs) VALUES (?, ?, ?, ?)',
} as const;

export interface OutboxRow {
  readonly seq: number;
  /** Constant over all attempts; what receivers deduplicate by. */
  readonly messageId: string;
  /** The destination's id. */
  readonly laneId: string;
  readonly operationId: OperationId | null;
  /** The exact text that is signed and sent; with `blobId` the envelope that a fresh link is added to. */
  readonly body: string;
  /** The stored result of a message that is too large: links to it live shorter than attempts go on. */
  readonly blobId: string | null;
  readonly bytes: number;
  readonly attempts: number;
  readonly nextAttemptAtMs: Ms;
  readonly lastError: string | null;
  readonly isDead: 0 | 1;
  readonly createdAtMs: Ms;
}

export function insertOutboxMessage(
  row: Pick<OutboxRow, 'messageId' | 'laneId' | 'operationId' | 'body' | 'blobId' | 'bytes' | 'createdAtMs'>,
): RowWrite {
  const params = [
    row.messageId,
    row.laneId,
    row.operationId,
    row.body,
    row.blobId,
    row.bytes,
    row.createdAtMs,
    row.createdAtMs,
  ];
  return { statement: 'outbox.insert', params };
}

export function deleteOutboxMessage(seq: number): RowWrite {
  return { statement: 'outbox.delete', params: [seq], mustChange: 'rejected' };
}

export function retryOutboxMessage(seq: number, attempts: number, nextAttemptAtMs: Ms, error: string): RowWrite {
  return { statement: 'outbox.retry', params: [attempts, nextAttemptAtMs, error, seq], mustChange: 'rejected' };
}

/** Stops trying; the message stays as a dead letter. */
export function buryOutboxMessage(seq: number, attempts: number, error: string): RowWrite {
  return { statement: 'outbox.bury', params: [attempts, error, seq], mustChange: 'rejected' };
}

export interface LaneRow {
  readonly laneId: string;
  readonly queuedBytes: number;
  readonly queued: number;
  readonly delivered: number;
  readonly dead: number;
}

/** Adds signed differences to a lane's counters. */
export function addToLane(difference: LaneRow): RowWrite {
  const { laneId, queuedBytes, queued, delivered, dead } = difference;
  return { statement: 'lanes.add', params: [laneId, queuedBytes, queued, delivered, dead] };
}

export function readLane(reads: Reads, laneId: string): LaneRow | undefined {
  return reads.get('SELECT * FROM lanes WHERE laneId = ?', laneId);
}

/** Messages of a lane whose time has come, in the order they are to be sent. */
export function readDueMessages(reads: Reads, laneId: string, nowMs: Ms, limit: number): OutboxRow[] {
  const sql = `SELECT * FROM outbox WHERE laneId = ? AND isDead = 0 AND nextAttemptAtMs <= ?
    ORDER BY nextAttemptAtMs, seq LIMIT ?`;
  return reads.all(sql, laneId, nowMs, limit);
}

export function readNextAttemptAtMs(reads: Reads, laneId: string, exceptSeqs: readonly number[]): Ms | null {
  const sql = `SELECT nextAttemptAtMs FROM outbox WHERE laneId = ?1 AND isDead = 0
    AND seq NOT IN (SELECT value FROM json_each(?2)) ORDER BY nextAttemptAtMs LIMIT 1`;
  return reads.get<{ nextAttemptAtMs: Ms }>(sql, laneId, JSON.stringify(exceptSeqs))?.nextAttemptAtMs ?? null;
}

export function insertBlob(blobId: string, projectId: ProjectId, body: string, createdAtMs: Ms): RowWrite {
  return { statement: 'blobs.insert', params: [blobId, projectId, body, createdAtMs], mustChange: 'rejected' };
}

export function readBlob(reads: Reads, blobId: string): { body: string; createdAtMs: Ms } | undefined {
  return reads.get('SELECT body, createdAtMs FROM blobs WHERE blobId = ?', blobId);
}

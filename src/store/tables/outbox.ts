// Rows of delivery: messages to send, written in the same transaction as their cause, and per lane (one
// destination) how much waits and what became of the rest. Delivered messages leave; dead ones stay with reason.

import { newId, type OperationId, type ProjectId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

/** The messages whose `seq` are in a JSON array, found one by one, however many others wait. */
const FOUND = 'SELECT outbox.* FROM json_each(?) AS seqs CROSS JOIN outbox ON outbox.seq = seqs.value';
const GIVEN = `WITH given AS (${FOUND})`;

/** Of the messages those that are dead letters, and were given up before a time. */
const IS_OLD = 'isDead = 1 AND nextAttemptAtMs < ?';
const OLD = `WITH given AS (${FOUND} WHERE ${IS_OLD})`;

const SUBTRACT = `UPDATE lanes SET
    queuedBytes = queuedBytes - (SELECT coalesce(sum(bytes), 0) FROM given WHERE laneId = lanes.laneId AND isDead = 0),
    queued = queued - (SELECT count(*) FROM given WHERE laneId = lanes.laneId AND isDead = 0),
    dead = dead - (SELECT count(*) FROM given WHERE laneId = lanes.laneId AND isDead = 1)
    WHERE laneId IN (SELECT laneId FROM given)`;

/** A message in the outbox that refers to a blob. */
const REFERS = (column: 'blobId' | 'lastBlobId') => `SELECT 1 FROM outbox WHERE outbox.${column} = blobs.blobId`;
const IS_REFERRED = `(EXISTS (${REFERS('blobId')}) OR EXISTS (${REFERS('lastBlobId')}))`;

const ERASE_BLOBS = `DELETE FROM blobs WHERE blobId IN (SELECT blobId FROM given WHERE blobId IS NOT NULL
      UNION SELECT lastBlobId FROM given WHERE lastBlobId IS NOT NULL)
    AND NOT EXISTS (${REFERS('blobId')} AND seq NOT IN (SELECT seq FROM given))
    AND NOT EXISTS (${REFERS('lastBlobId')} AND seq NOT IN (SELECT seq FROM given))`;

export const OUTBOX_STATEMENTS = {
  'outbox.insert': `INSERT INTO outbox
    (messageId, laneId, operationId, body, blobId, bytes, nextAttemptAtMs, createdAtMs, subjectId, lastBlobId)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  'outbox.delete': 'DELETE FROM outbox WHERE seq = ?',
  'outbox.retry': 'UPDATE outbox SET attempts = ?, nextAttemptAtMs = ?, lastError = ? WHERE seq = ?',
  'outbox.bury': 'UPDATE outbox SET attempts = ?, isDead = 1, nextAttemptAtMs = ?, lastError = ? WHERE seq = ?',
  'lanes.add': `INSERT INTO lanes (laneId, queuedBytes, queued, delivered, dead) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (laneId) DO UPDATE SET queuedBytes = queuedBytes + excluded.queuedBytes,
    queued = queued + excluded.queued, delivered = delivered + excluded.delivered, dead = dead + excluded.dead`,
  'lanes.subtract': `${GIVEN} ${SUBTRACT}`,
  'lanes.subtractOld': `${OLD} ${SUBTRACT}`,
  'lanes.revive': `${GIVEN} UPDATE lanes SET
    queuedBytes = queuedBytes + (SELECT coalesce(sum(bytes), 0) FROM given WHERE laneId = lanes.laneId AND isDead = 1),
    queued = queued + (SELECT count(*) FROM given WHERE laneId = lanes.laneId AND isDead = 1),
    dead = dead - (SELECT count(*) FROM given WHERE laneId = lanes.laneId AND isDead = 1)
    WHERE laneId IN (SELECT laneId FROM given)`,
  'outbox.revive': `UPDATE outbox SET isDead = 0, attempts = 0, nextAttemptAtMs = ?
    WHERE isDead = 1 AND seq IN (SELECT value FROM json_each(?))`,
  'outbox.passOn': 'UPDATE outbox SET subjectId = ? WHERE subjectId = ?',
  'outbox.erase': 'DELETE FROM outbox WHERE seq IN (SELECT value FROM json_each(?))',
  'outbox.expire': `DELETE FROM outbox WHERE seq IN (SELECT value FROM json_each(?)) AND ${IS_OLD}`,
  'blobs.eraseOf': `${GIVEN} ${ERASE_BLOBS}`,
  'blobs.eraseOfOld': `${OLD} ${ERASE_BLOBS}`,
  'blobs.erase': 'DELETE FROM blobs WHERE blobId IN (SELECT value FROM json_each(?))',
  'blobs.expire': `DELETE FROM blobs WHERE blobId IN (SELECT value FROM json_each(?))
    AND NOT ${IS_REFERRED}`,
  'blobs.insert': 'INSERT INTO blobs (blobId, projectId, body, createdAtMs) VALUES (?, ?, ?, ?)',
} as const;

export interface OutboxRow {
  readonly seq: number;
  /** Constant over all attempts; what receivers deduplicate by. */
  readonly messageId: string;
  /** The destination's id. */
  readonly laneId: string;
  readonly operationId: OperationId | null;
  /**
   * The installation or connection that it is about, of a connection that went with its last installation that one;
   * null for what was read or written, which has its operation.
   */
  readonly subjectId: string | null;
  /** The exact text that is signed and sent; with a blob the envelope that a fresh link is added to. */
  readonly body: string;
  /** What is stored apart because it is too large, a result or a config: links live shorter than attempts go on. */
  readonly blobId: string | null;
  /** The same of a second one: the config before a change. */
  readonly lastBlobId: string | null;
  readonly bytes: number;
  readonly attempts: number;
  /** When a dead letter was given up. */
  readonly nextAttemptAtMs: Ms;
  readonly lastError: string | null;
  readonly isDead: 0 | 1;
  readonly createdAtMs: Ms;
}

/** A message when it is written: nothing has been tried yet. */
export type NewOutboxRow = Pick<
  OutboxRow,
  'messageId' | 'laneId' | 'operationId' | 'body' | 'blobId' | 'bytes' | 'createdAtMs'
> &
  Partial<Pick<OutboxRow, 'subjectId' | 'lastBlobId'>>;

export function insertOutboxMessage(row: NewOutboxRow): RowWrite {
  const params = [
    row.messageId,
    row.laneId,
    row.operationId,
    row.body,
    row.blobId,
    row.bytes,
    row.createdAtMs,
    row.createdAtMs,
    row.subjectId ?? null,
    row.lastBlobId ?? null,
  ];
  return { statement: 'outbox.insert', params };
}

export function deleteOutboxMessage(seq: number): RowWrite {
  return { statement: 'outbox.delete', params: [seq], mustChange: 'rejected' };
}

export function retryOutboxMessage(seq: number, attempts: number, nextAttemptAtMs: Ms, error: string): RowWrite {
  return { statement: 'outbox.retry', params: [attempts, nextAttemptAtMs, error, seq], mustChange: 'rejected' };
}

/**
 * Stops trying; the message stays as a dead letter, whose age counts from `buriedAtMs`: when it was due says nothing,
 * because nothing is sent while a destination is disabled or the server is stopped.
 */
export function buryOutboxMessage(seq: number, attempts: number, buriedAtMs: Ms, error: string): RowWrite {
  return { statement: 'outbox.bury', params: [attempts, buriedAtMs, error, seq], mustChange: 'rejected' };
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

/** Over all lanes. */
export function readLaneTotals(reads: Reads): Pick<LaneRow, 'queued' | 'queuedBytes' | 'dead'> {
  const sql = `SELECT coalesce(sum(queued), 0) AS queued, coalesce(sum(queuedBytes), 0) AS queuedBytes,
    coalesce(sum(dead), 0) AS dead FROM lanes`;
  return reads.get<Pick<LaneRow, 'queued' | 'queuedBytes' | 'dead'>>(sql) ?? { queued: 0, queuedBytes: 0, dead: 0 };
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

/** Messages whose next attempt is farthest away, the ones tried most, are looked for among so many. */
const FARTHEST_MESSAGES = 32;

/** The waiting message that was tried most often: pauses grow with attempts, so it is among those due last. */
export function readMostTried(reads: Reads, laneId: string): OutboxRow | undefined {
  const sql = `SELECT * FROM (SELECT * FROM outbox WHERE laneId = ? AND isDead = 0
    ORDER BY nextAttemptAtMs DESC, seq DESC LIMIT ?) ORDER BY attempts DESC, seq LIMIT 1`;
  return reads.get(sql, laneId, FARTHEST_MESSAGES);
}

/** Dead letters of a lane, counted up to `countMax`. */
export function countDead(reads: Reads, laneId: string, countMax: number): number {
  const sql = 'SELECT count(*) AS n FROM (SELECT 1 FROM outbox WHERE laneId = ? AND isDead = 1 LIMIT ?)';
  return reads.get<{ n: number }>(sql, laneId, countMax)?.n ?? 0;
}

/** Dead letters of a lane, the one given up last first. */
export function readDeadLetters(reads: Reads, laneId: string, limit: number): OutboxRow[] {
  const sql = `SELECT * FROM outbox WHERE laneId = ? AND isDead = 1
    ORDER BY nextAttemptAtMs DESC, seq DESC LIMIT ?`;
  return reads.all(sql, laneId, limit);
}

/** Dead letters of a lane that were given up before `beforeMs`, the oldest first; or one of them by its id. */
export function readDeadSizes(
  reads: Reads,
  laneId: string,
  beforeMs: Ms,
  messageId: string | null,
  limit: number,
): Pick<OutboxRow, 'seq' | 'bytes'>[] {
  const sql = `SELECT seq, bytes FROM outbox WHERE laneId = ?1 AND isDead = 1 AND nextAttemptAtMs < ?2
    AND (?3 IS NULL OR messageId = ?3) ORDER BY nextAttemptAtMs, seq LIMIT ?4`;
  return reads.all(sql, laneId, beforeMs, messageId, limit);
}

/** Those of the messages that are dead letters wait again as if they had never been tried, and their lanes count so. */
export function reviveMessages(seqs: readonly number[], nextAttemptAtMs: Ms): readonly RowWrite[] {
  const given = JSON.stringify(seqs);
  return [
    { statement: 'lanes.revive', params: [given] },
    { statement: 'outbox.revive', params: [nextAttemptAtMs, given] },
  ];
}

/** Lanes in which something waits or is dead, in the order of their ids. */
export function readUnsettledLanes(reads: Reads, afterId: string, limit: number): LaneRow[] {
  const sql = 'SELECT * FROM lanes WHERE laneId > ? AND (queued > 0 OR dead > 0) ORDER BY laneId LIMIT ?';
  return reads.all(sql, afterId, limit);
}

export function insertBlob(blobId: string, projectId: ProjectId, body: string, createdAtMs: Ms): RowWrite {
  return { statement: 'blobs.insert', params: [blobId, projectId, body, createdAtMs], mustChange: 'rejected' };
}

export function readBlob(reads: Reads, blobId: string): { body: string; createdAtMs: Ms } | undefined {
  return reads.get('SELECT body, createdAtMs FROM blobs WHERE blobId = ?', blobId);
}

/** Lanes with dead letters, in the order of their ids. */
export function readLanesWithDead(reads: Reads, afterId: string, limit: number): string[] {
  const sql = 'SELECT laneId FROM lanes WHERE laneId > ? AND dead > 0 ORDER BY laneId LIMIT ?';
  return reads.all<{ laneId: string }>(sql, afterId, limit).map(({ laneId }) => laneId);
}

/** Dead letters of a lane that were given up before `beforeMs`. */
export function readOldDeadSeqs(reads: Reads, laneId: string, beforeMs: Ms, limit: number): number[] {
  const sql = 'SELECT seq FROM outbox WHERE laneId = ? AND isDead = 1 AND nextAttemptAtMs < ? LIMIT ?';
  return reads.all<{ seq: number }>(sql, laneId, beforeMs, limit).map(({ seq }) => seq);
}

/** Those of the messages that are there. */
export function readSeqsPresent(reads: Reads, seqs: readonly number[]): ReadonlySet<number> {
  const sql = 'SELECT seq FROM outbox WHERE seq IN (SELECT value FROM json_each(?))';
  return new Set(reads.all<{ seq: number }>(sql, JSON.stringify(seqs)).map(({ seq }) => seq));
}

/** Messages of some operations, waiting and dead. */
export function readSeqsOfOperations(reads: Reads, operationIds: readonly string[], limit: number): number[] {
  const sql = 'SELECT seq FROM outbox WHERE operationId IN (SELECT value FROM json_each(?)) LIMIT ?';
  return reads.all<{ seq: number }>(sql, JSON.stringify(operationIds), limit).map(({ seq }) => seq);
}

/** Notifications about some installations or connections, waiting and dead. */
export function readSeqsOfSubjects(reads: Reads, subjectIds: readonly string[], limit: number): number[] {
  const sql = 'SELECT seq FROM outbox WHERE subjectId IN (SELECT value FROM json_each(?)) LIMIT ?';
  return reads.all<{ seq: number }>(sql, JSON.stringify(subjectIds), limit).map(({ seq }) => seq);
}

/**
 * Makes notifications about a connection the installation's that it goes with, so that whoever erases that afterwards
 * finds them: which connection it had, no row says by then.
 */
export function passOnMessages(connectionId: string, installationId: string): RowWrite {
  return { statement: 'outbox.passOn', params: [installationId, connectionId] };
}

/** Removes messages in whatever state, with the blobs that no others need, and corrects the counters of their lanes. */
export function eraseMessages(seqs: readonly number[]): readonly RowWrite[] {
  const params = [JSON.stringify(seqs)];
  return [
    { statement: 'lanes.subtract', params },
    { statement: 'blobs.eraseOf', params },
    { statement: 'outbox.erase', params },
  ];
}

/** The same of those that are still dead and were given up before `beforeMs`: one that is sent again stays. */
export function expireMessages(seqs: readonly number[], beforeMs: Ms): readonly RowWrite[] {
  const params = [JSON.stringify(seqs), beforeMs];
  return [
    { statement: 'lanes.subtractOld', params },
    { statement: 'blobs.eraseOfOld', params },
    { statement: 'outbox.expire', params },
  ];
}

/** Begins with the installation that it is of, so that it can be erased also when its message is delivered and gone. */
export function newBlobId(installationId: string): string {
  return `${installationId}_${newId<string>()}`;
}

export function readBlobIdsOfInstallation(reads: Reads, installationId: string, limit: number): string[] {
  const sql = "SELECT blobId FROM blobs WHERE blobId >= ?1 || '_' AND blobId < ?1 || '`' LIMIT ?2";
  return reads.all<{ blobId: string }>(sql, installationId, limit).map(({ blobId }) => blobId);
}

export function eraseBlobs(blobIds: readonly string[]): RowWrite {
  return { statement: 'blobs.erase', params: [JSON.stringify(blobIds)] };
}

/** Blobs in the order of their ids, and whether a message refers to them. */
export function sweepBlobs(reads: Reads, afterId: string, limit: number): { blobId: string; isReferred: 0 | 1 }[] {
  const sql = `SELECT blobId, ${IS_REFERRED} AS isReferred
    FROM blobs WHERE blobId > ? ORDER BY blobId LIMIT ?`;
  return reads.all(sql, afterId, limit);
}

/** Removes those that no message refers to. */
export function expireBlobs(blobIds: readonly string[]): RowWrite {
  return { statement: 'blobs.expire', params: [JSON.stringify(blobIds)] };
}

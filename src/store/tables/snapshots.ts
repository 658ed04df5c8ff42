// What an actor is: its state, its alarm, and how it came to be so (a base and the events since). One row per actor,
// which only its own commits change. A row with an empty state is *blank*: the actor has ended, or was paused before
// its first commit. It stays because its revision must never repeat: effect ids are made of it.

import type { ActorId } from '../../core/ids.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { HISTORY_EVENTS } from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

export const SNAPSHOT_STATEMENTS = {
  'snapshots.insert': `INSERT INTO snapshots (actorId, schemaVersion, revision, wakeAtMs, state, events, base)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  'snapshots.update': `UPDATE snapshots SET schemaVersion = ?, revision = ?, wakeAtMs = ?, state = ?,
    events = events || ? WHERE actorId = ? AND revision = ?`,
  'snapshots.rotate': `UPDATE snapshots SET schemaVersion = ?, revision = ?, wakeAtMs = ?, state = ?,
    olderBase = base, olderEvents = events || ?, base = ?, events = '' WHERE actorId = ? AND revision = ?`,
  'snapshots.erase': 'DELETE FROM snapshots WHERE actorId = ?',
  'snapshots.pause': `INSERT INTO snapshots
    (actorId, pausedReason, pausedAtMs, schemaVersion, revision, state, base, events)
    VALUES (?, ?, ?, 0, 0, '', '{"revision":0,"schemaVersion":0,"state":null}', '')
    ON CONFLICT (actorId) DO UPDATE SET pausedReason = excluded.pausedReason, pausedAtMs = excluded.pausedAtMs`,
  'snapshots.resume': `UPDATE snapshots SET pausedReason = NULL, pausedAtMs = NULL
    WHERE actorId = ? AND pausedReason IS NOT NULL`,
} as const;

export interface SnapshotRow {
  readonly actorId: ActorId;
  readonly schemaVersion: number;
  readonly revision: number;
  readonly wakeAtMs: Ms | null;
  readonly pausedReason: string | null;
  readonly pausedAtMs: Ms | null;
  /** JSON `{value, context}`; empty in a blank row. */
  readonly state: string;
}

/** A step as it is stored. `event` is what the machine was given, `nowMs` included. */
export interface StoredStep {
  readonly actorId: ActorId;
  readonly schemaVersion: number;
  readonly revision: number;
  readonly wakeAtMs: Ms | null;
  readonly state: string;
  /** JSON; null if it is too large to be kept, then the history begins anew with this state. */
  readonly event: string | null;
}

/** The first step of an actor that has no row. */
export function insertSnapshot(step: StoredStep): RowWrite {
  const { actorId, schemaVersion, revision, wakeAtMs, state } = step;
  const base = step.event === null ? baseOf(revision, schemaVersion, state) : baseOf(revision - 1, schemaVersion, '');
  const params = [actorId, schemaVersion, revision, wakeAtMs, state, lineOf(step.event), base];
  return { statement: 'snapshots.insert', params, mustChange: 'conflict' };
}

/** Any other step: a compare-and-set on the revision before it. */
export function updateSnapshot(step: StoredStep): RowWrite {
  const { actorId, schemaVersion, revision, wakeAtMs, state, event } = step;
  const shared = [schemaVersion, revision, wakeAtMs, state, lineOf(event)];
  if (event !== null && revision % HISTORY_EVENTS !== 0) {
    return { statement: 'snapshots.update', params: [...shared, actorId, revision - 1], mustChange: 'conflict' };
  }
  const params = [...shared, baseOf(revision, schemaVersion, state), actorId, revision - 1];
  return { statement: 'snapshots.rotate', params, mustChange: 'conflict' };
}

function lineOf(event: string | null): string {
  return event === null ? '' : `${event}\n`;
}

function baseOf(revision: number, schemaVersion: number, state: string): string {
  return `{"revision":${revision},"schemaVersion":${schemaVersion},"state":${state === '' ? 'null' : state}}`;
}

/** Removes an actor in whatever state. */
export function eraseSnapshot(actorId: ActorId): RowWrite {
  return { statement: 'snapshots.erase', params: [actorId] };
}

export function pauseSnapshot(actorId: ActorId, reason: string, atMs: Ms): RowWrite {
  return { statement: 'snapshots.pause', params: [actorId, reason, atMs] };
}

/** Lifts the pause of an actor; the step is `rejected` if it is not paused. */
export function resumeSnapshot(actorId: ActorId): RowWrite {
  return { statement: 'snapshots.resume', params: [actorId], mustChange: 'rejected' };
}

const SNAPSHOT_COLUMNS = 'actorId, schemaVersion, revision, wakeAtMs, pausedReason, pausedAtMs, state';
const SNAPSHOT_SQL = `SELECT ${SNAPSHOT_COLUMNS} FROM snapshots WHERE actorId = ?`;

export function readSnapshot(reads: Reads, actorId: ActorId): SnapshotRow | undefined {
  return reads.get<SnapshotRow>(SNAPSHOT_SQL, actorId);
}

/** Actors whose id begins with `prefix`, in the order of their ids, after `afterId`. */
export function readSnapshotsLike(reads: Reads, prefix: string, afterId: string, limit: number): SnapshotRow[] {
  const sql = `SELECT ${SNAPSHOT_COLUMNS} FROM snapshots
    WHERE actorId >= ?1 AND actorId < ?1 || char(1114111) AND actorId > ?2 ORDER BY actorId LIMIT ?3`;
  return reads.all(sql, prefix, afterId, limit);
}

/** Paused actors in the order of their ids, after `afterId`. */
export function readPausedActors(reads: Reads, afterId: string, limit: number): SnapshotRow[] {
  const sql = `SELECT ${SNAPSHOT_COLUMNS} FROM snapshots
    WHERE pausedReason IS NOT NULL AND actorId > ? ORDER BY actorId LIMIT ?`;
  return reads.all(sql, afterId, limit);
}

const DUE_SQL = `SELECT actorId, wakeAtMs FROM snapshots
  WHERE wakeAtMs IS NOT NULL AND pausedReason IS NULL AND wakeAtMs <= ? ORDER BY wakeAtMs LIMIT ?`;

export function readDueActors(reads: Reads, nowMs: Ms, limit: number): { actorId: ActorId; wakeAtMs: Ms }[] {
  return reads.all(DUE_SQL, nowMs, limit);
}

/** Counted up to `countMax`. */
export function countDueActors(reads: Reads, nowMs: Ms, countMax: number): number {
  const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM snapshots
    WHERE wakeAtMs IS NOT NULL AND pausedReason IS NULL AND wakeAtMs <= ? LIMIT ?)`;
  return reads.get<{ n: number }>(sql, nowMs, countMax)?.n ?? 0;
}

/** Counted up to `countMax`. */
export function countPausedActors(reads: Reads, countMax: number): number {
  const sql = 'SELECT count(*) AS n FROM (SELECT 1 FROM snapshots WHERE pausedReason IS NOT NULL LIMIT ?)';
  return reads.get<{ n: number }>(sql, countMax)?.n ?? 0;
}

const NEXT_WAKE_SQL = `SELECT wakeAtMs FROM snapshots
  WHERE wakeAtMs IS NOT NULL AND pausedReason IS NULL AND wakeAtMs > ? ORDER BY wakeAtMs LIMIT 1`;

/** The earliest alarm after `afterMs`. */
export function readNextWakeAtMs(reads: Reads, afterMs: Ms): Ms | null {
  return reads.get<{ wakeAtMs: Ms }>(NEXT_WAKE_SQL, afterMs)?.wakeAtMs ?? null;
}

/** A state that a history starts from; null: before the first event. */
export interface HistoryBase {
  readonly revision: number;
  readonly schemaVersion: number;
  readonly state: JsonObject | null;
}

export interface HistoryEvent {
  /** The revision that this event led to. */
  readonly revision: number;
  readonly event: { readonly [key: string]: JsonValue; readonly type: string; readonly nowMs: Ms };
}

/** A base with the accepted events that followed it, one revision each. */
export interface HistorySegment {
  readonly base: HistoryBase;
  readonly events: readonly HistoryEvent[];
}

/**
 * How an actor came to its state: one segment, or an older one and the one after it. Where the older one ends before
 * the newer begins, an event in between was too large to be kept. Undefined for an actor without a row.
 */
export function readHistory(reads: Reads, actorId: ActorId): readonly HistorySegment[] | undefined {
  const sql = 'SELECT base, events, olderBase, olderEvents FROM snapshots WHERE actorId = ?';
  const row = reads.get<{ base: string; events: string; olderBase: string | null; olderEvents: string | null }>(
    sql,
    actorId,
  );
  if (row === undefined) return undefined;
  const older = row.olderBase === null ? [] : segmentOf(row.olderBase, row.olderEvents ?? '');
  return [...older, ...segmentOf(row.base, row.events)];
}

function segmentOf(baseText: string, eventLines: string): HistorySegment[] {
  if (baseText === '') return [];
  const base = JSON.parse(baseText) as HistoryBase;
  const lines = eventLines.split('\n').slice(0, -1);
  const events = lines.map((line, index) => ({
    revision: base.revision + index + 1,
    event: JSON.parse(line) as HistoryEvent['event'],
  }));
  return [{ base, events }];
}

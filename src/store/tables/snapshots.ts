// Rows of the runtime itself: what an actor is (snapshots), what it has asked for and not yet been answered
// (effects), and events set aside because they crash their actor (quarantine).

import type { ActorId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

export const SNAPSHOT_STATEMENTS = {
  'snapshots.insert':
    'INSERT INTO snapshots (actorId, schemaVersion, revision, wakeAtMs, state) VALUES (?, ?, ?, ?, ?)',
  'snapshots.update':
    'UPDATE snapshots SET schemaVersion = ?, revision = ?, wakeAtMs = ?, state = ? WHERE actorId = ? AND revision = ?',
  'snapshots.delete': 'DELETE FROM snapshots WHERE actorId = ? AND revision = ?',
  'snapshots.pause': 'UPDATE snapshots SET pausedReason = ? WHERE actorId = ?',
  'effects.insert': 'INSERT INTO effects (effectId, actorId, payload) VALUES (?, ?, ?)',
  'effects.attempt': 'UPDATE effects SET isAttempted = 1 WHERE effectId = ?',
  'effects.setResult': 'UPDATE effects SET result = ? WHERE effectId = ?',
  'effects.delete': 'DELETE FROM effects WHERE effectId = ?',
  'quarantine.insert': 'INSERT INTO quarantine (actorId, event, error, atMs) VALUES (?, ?, ?, ?)',
} as const;

export interface SnapshotRow {
  readonly actorId: ActorId;
  readonly schemaVersion: number;
  readonly revision: number;
  readonly wakeAtMs: Ms | null;
  readonly pausedReason: string | null;
  /** JSON `{value, context}`. */
  readonly state: string;
}

export interface EffectRow {
  /** `actorId:revision:index`. */
  readonly effectId: string;
  readonly actorId: ActorId;
  readonly payload: string;
  readonly isAttempted: 0 | 1;
  /** The sealed answer of a reconcile effect, once it came. */
  readonly result: Uint8Array | null;
}

/** Writes revision `revision` of an actor; a compare-and-set on the one before it. */
export function writeSnapshot(row: Omit<SnapshotRow, 'pausedReason'>): RowWrite {
  const { actorId, schemaVersion, revision, wakeAtMs, state } = row;
  if (revision === 1) {
    const params = [actorId, schemaVersion, revision, wakeAtMs, state];
    return { statement: 'snapshots.insert', params, mustChange: 'conflict' };
  }
  const params = [schemaVersion, revision, wakeAtMs, state, actorId, revision - 1];
  return { statement: 'snapshots.update', params, mustChange: 'conflict' };
}

/** Removes an actor that reached its final state, if `revision` is still the stored one. */
export function deleteSnapshot(actorId: ActorId, revision: number): RowWrite {
  return { statement: 'snapshots.delete', params: [actorId, revision], mustChange: 'conflict' };
}

export function pauseSnapshot(actorId: ActorId, reason: string): RowWrite {
  return { statement: 'snapshots.pause', params: [reason, actorId] };
}

export function insertEffect(effectId: string, actorId: ActorId, payload: string): RowWrite {
  return { statement: 'effects.insert', params: [effectId, actorId, payload] };
}

/** Marks a reconcile effect as about to send its first byte. */
export function attemptEffect(effectId: string): RowWrite {
  return { statement: 'effects.attempt', params: [effectId], mustChange: 'rejected' };
}

/** Keeps the sealed answer of a reconcile effect until its actor has accepted it. */
export function setEffectResult(effectId: string, result: Uint8Array): RowWrite {
  return { statement: 'effects.setResult', params: [result, effectId], mustChange: 'rejected' };
}

export function deleteEffect(effectId: string): RowWrite {
  return { statement: 'effects.delete', params: [effectId], mustChange: 'rejected' };
}

export function insertQuarantined(actorId: ActorId, event: string, error: string, atMs: Ms): RowWrite {
  return { statement: 'quarantine.insert', params: [actorId, event, error, atMs] };
}

export function readSnapshot(reads: Reads, actorId: ActorId): SnapshotRow | undefined {
  return reads.get<SnapshotRow>('SELECT * FROM snapshots WHERE actorId = ?', actorId);
}

const DUE_SQL = `SELECT actorId, wakeAtMs FROM snapshots
  WHERE wakeAtMs IS NOT NULL AND pausedReason IS NULL AND wakeAtMs <= ? ORDER BY wakeAtMs LIMIT ?`;

export function readDueActors(reads: Reads, nowMs: Ms, limit: number): { actorId: ActorId; wakeAtMs: Ms }[] {
  return reads.all(DUE_SQL, nowMs, limit);
}

const NEXT_WAKE_SQL = `SELECT wakeAtMs FROM snapshots
  WHERE wakeAtMs IS NOT NULL AND pausedReason IS NULL AND wakeAtMs > ? ORDER BY wakeAtMs LIMIT 1`;

/** The earliest alarm after `afterMs`. */
export function readNextWakeAtMs(reads: Reads, afterMs: Ms): Ms | null {
  return reads.get<{ wakeAtMs: Ms }>(NEXT_WAKE_SQL, afterMs)?.wakeAtMs ?? null;
}

/** Unanswered effects in the order they were asked for, after `afterSeq`. */
export function readEffects(reads: Reads, afterSeq: number, limit: number): (EffectRow & { seq: number })[] {
  return reads.all('SELECT * FROM effects WHERE seq > ? ORDER BY seq LIMIT ?', afterSeq, limit);
}

export interface QuarantinedRow {
  readonly actorId: ActorId;
  readonly event: string;
  readonly error: string;
  readonly atMs: Ms;
}

export function readQuarantined(reads: Reads, actorId: ActorId): QuarantinedRow[] {
  return reads.all('SELECT * FROM quarantine WHERE actorId = ? ORDER BY seq', actorId);
}

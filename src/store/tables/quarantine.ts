// Events that were set aside because their actor cannot handle them, until an operator decides.

import type { ActorId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

export const QUARANTINE_STATEMENTS = {
  'quarantine.insert': 'INSERT INTO quarantine (actorId, effectId, event, error, atMs) VALUES (?, ?, ?, ?, ?)',
  'quarantine.delete': 'DELETE FROM quarantine WHERE seq = ?',
  'quarantine.clear': 'DELETE FROM quarantine WHERE actorId = ?',
} as const;

export interface QuarantinedRow {
  readonly seq: number;
  readonly actorId: ActorId;
  /** The effect that the event answers, or the message that carries it; null for a caller's event and for an alarm. */
  readonly effectId: string | null;
  /** JSON. */
  readonly event: string;
  readonly error: string;
  readonly atMs: Ms;
}

export function insertQuarantined(row: Omit<QuarantinedRow, 'seq'>): RowWrite {
  return { statement: 'quarantine.insert', params: [row.actorId, row.effectId, row.event, row.error, row.atMs] };
}

export function deleteQuarantined(seq: number): RowWrite {
  return { statement: 'quarantine.delete', params: [seq], mustChange: 'rejected' };
}

/** Forgets everything that was set aside of an actor. */
export function clearQuarantine(actorId: ActorId): RowWrite {
  return { statement: 'quarantine.clear', params: [actorId] };
}

export function readQuarantinedEvent(reads: Reads, seq: number): QuarantinedRow | undefined {
  return reads.get('SELECT * FROM quarantine WHERE seq = ?', seq);
}

/** Oldest first, after `afterSeq`. */
export function readQuarantine(reads: Reads, afterSeq: number, limit: number): QuarantinedRow[] {
  return reads.all('SELECT * FROM quarantine WHERE seq > ? ORDER BY seq LIMIT ?', afterSeq, limit);
}

/** Of one actor, oldest first. */
export function readQuarantined(reads: Reads, actorId: ActorId): QuarantinedRow[] {
  return reads.all('SELECT * FROM quarantine WHERE actorId = ? ORDER BY seq', actorId);
}

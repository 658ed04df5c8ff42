// What actors have asked for and not been answered yet. A row lives from the commit that asked until the commit that
// answers; after a crash what is still here is taken up again.

import type { ActorId } from '../../core/ids.ts';
import type { Reads, RowWrite } from '../port.ts';

export const EFFECT_STATEMENTS = {
  'effects.insert': 'INSERT INTO effects (effectId, actorId, targetId, payload) VALUES (?, ?, ?, ?)',
  'effects.attempt': 'UPDATE effects SET isAttempted = 1 WHERE effectId = ?',
  'effects.setResult': 'UPDATE effects SET result = ? WHERE effectId = ?',
  'effects.delete': 'DELETE FROM effects WHERE effectId = ?',
  'effects.erase': 'DELETE FROM effects WHERE targetId = ? OR (effectId > ? AND effectId < ? AND actorId = ?)',
} as const;

export interface EffectRow {
  /** Grows with the order they were asked for in. */
  readonly seq: number;
  /** `actorId:revision:index`. */
  readonly effectId: string;
  readonly actorId: ActorId;
  /** The actor whose step settles it: the receiver of a message, else the actor itself. */
  readonly targetId: ActorId;
  readonly payload: string;
  readonly isAttempted: 0 | 1;
  /** The sealed answer of a reconcile effect, once it came. */
  readonly result: Uint8Array | null;
}

export function insertEffect(effectId: string, actorId: ActorId, targetId: ActorId, payload: string): RowWrite {
  return { statement: 'effects.insert', params: [effectId, actorId, targetId, payload] };
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

/** Removes what an actor asked for and what was to be told to it. */
export function eraseEffects(actorId: ActorId): RowWrite {
  // The ids of its effects begin with its own, and those are indexed.
  return { statement: 'effects.erase', params: [actorId, `${actorId}:`, `${actorId};`, actorId] };
}

/** While its target is paused it cannot be told. */
export interface FetchedEffectRow extends EffectRow {
  readonly isTargetPaused: 0 | 1;
}

/** In the order they were asked for, after `afterSeq`. */
export function readEffects(reads: Reads, afterSeq: number, limit: number): FetchedEffectRow[] {
  const sql = `SELECT effects.*, EXISTS (SELECT 1 FROM snapshots
    WHERE snapshots.actorId = targetId AND pausedReason IS NOT NULL) AS isTargetPaused
    FROM effects WHERE seq > ? ORDER BY seq LIMIT ?`;
  return reads.all(sql, afterSeq, limit);
}

export function readEffect(reads: Reads, effectId: string): EffectRow | undefined {
  return reads.get('SELECT * FROM effects WHERE effectId = ?', effectId);
}

/** What waits for one actor: its own requests and messages to it, in the order they were asked for. */
export function readEffectsFor(reads: Reads, targetId: ActorId, limit: number): EffectRow[] {
  return reads.all('SELECT * FROM effects WHERE targetId = ? ORDER BY seq LIMIT ?', targetId, limit);
}

/** Whether an actor waits for an answer, or a message to it for its step. */
export function hasEffects(reads: Reads, actorId: ActorId): boolean {
  const sql = `SELECT 1 FROM effects WHERE targetId = ?1 OR (effectId > ?1 || ':' AND effectId < ?1 || ';') LIMIT 1`;
  return reads.get(sql, actorId) !== undefined;
}

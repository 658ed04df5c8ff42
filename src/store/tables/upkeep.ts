// What is left of actors that are over, and everything that belongs to one installation: what retention and erasure
// look for in the tables of the runtime.

import type { ActorId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads } from '../port.ts';
import type { Swept } from './expiry.ts';

/** Events that were set aside, oldest first; due are those from before `beforeMs` whose actor runs again. */
export function sweepQuarantine(reads: Reads, afterSeq: number, beforeMs: Ms, limit: number): Swept[] {
  const sql = `SELECT seq AS row, CAST(seq AS TEXT) AS id, atMs < ?2 AS isOld, atMs < ?2 AND NOT EXISTS
    (SELECT 1 FROM snapshots WHERE snapshots.actorId = quarantine.actorId AND pausedReason IS NOT NULL) AS isDue
    FROM quarantine WHERE seq > ?1 ORDER BY seq LIMIT ?3`;
  return reads.all(sql, afterSeq, beforeMs, limit);
}

/** Actors that have ended and of which nothing is outstanding. */
export function readEndedActors(reads: Reads, limit: number): ActorId[] {
  const sql = `SELECT actorId FROM snapshots WHERE state = '' AND pausedReason IS NULL
    AND NOT EXISTS (SELECT 1 FROM effects WHERE targetId = snapshots.actorId)
    AND NOT EXISTS (SELECT 1 FROM effects
      WHERE effectId > snapshots.actorId || ':' AND effectId < snapshots.actorId || ';')
    LIMIT ?`;
  return reads.all<{ actorId: ActorId }>(sql, limit).map(({ actorId }) => actorId);
}

/** What actors are called of which an installation may have several. */
const MACHINES_OF_INSTALLATION = ['read', 'write', 'writeBatch'] as const;

/**
 * Those of an installation, each once: its own, its inbox, its subscription and the one that watches its fields, stored
 * or not, and those that write for it or ever read.
 */
export function readActorsOfInstallation(reads: Reads, installationId: string): ActorId[] {
  const named = (name: string, machine: string) =>
    `${name} > '${machine}:' || ?1 || '/' AND ${name} < '${machine}:' || ?1 || '0'`;
  const found = MACHINES_OF_INSTALLATION.map(
    (machine) => `UNION SELECT actorId FROM snapshots WHERE ${named('actorId', machine)}
    UNION SELECT targetId FROM effects WHERE ${named('targetId', machine)}`,
  );
  const sql = `SELECT 'installation:' || ?1 AS actorId UNION SELECT 'inbox:' || ?1
    UNION SELECT 'subscription:' || ?1 UNION SELECT 'schemaWatch:' || ?1 ${found.join(' ')}
    UNION SELECT actorId FROM checkpoints WHERE installationId = ?1`;
  return reads.all<{ actorId: ActorId }>(sql, installationId).map(({ actorId }) => actorId);
}

/** How many rows there are of some actors in the tables of the runtime. */
export function countActorRows(
  reads: Reads,
  actorIds: readonly ActorId[],
): { readonly snapshots: number; readonly effects: number; readonly quarantine: number } {
  const sql = `WITH actors AS (SELECT value AS id FROM json_each(?1))
    SELECT (SELECT count(*) FROM snapshots WHERE actorId IN (SELECT id FROM actors)) AS snapshots,
    (SELECT count(DISTINCT seq) FROM actors CROSS JOIN effects
      ON targetId = id OR (effectId > id || ':' AND effectId < id || ';')) AS effects,
    (SELECT count(*) FROM quarantine WHERE actorId IN (SELECT id FROM actors)) AS quarantine`;
  return reads.get(sql, JSON.stringify(actorIds)) ?? { snapshots: 0, effects: 0, quarantine: 0 };
}

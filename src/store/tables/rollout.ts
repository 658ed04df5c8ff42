// Installations as a new revision of their integration meets them: how many there are, and which have not adopted it.

import type { ConnectionId, InstallationId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';
import type { InstallationRow } from './installations.ts';

export const ROLLOUT_STATEMENTS = {
  'installations.adoptRevision': `UPDATE installations SET revisionId = ?
    WHERE revisionId = ? AND installationId IN (SELECT value FROM json_each(?))`,
} as const;

export function countInstallations(reads: Reads, integrationId: string): number {
  const sql = 'SELECT count(*) AS count FROM installations WHERE integrationId = ?';
  return reads.get<{ count: number }>(sql, integrationId)?.count ?? 0;
}

export function readSomeConfigs(
  reads: Reads,
  integrationId: string,
  limit: number,
): Pick<InstallationRow, 'config' | 'createdAtMs'>[] {
  return reads.all(
    'SELECT config, createdAtMs FROM installations WHERE integrationId = ? LIMIT ?',
    integrationId,
    limit,
  );
}

/** An installation that runs by a revision which is no longer its integration's latest. */
export interface StaleInstallation {
  readonly installationId: InstallationId;
  readonly connectionId: ConnectionId;
  readonly config: string;
  readonly createdAtMs: Ms;
  readonly revisionId: string;
  readonly latestRevisionId: string;
}

/**
 * Some of them, after the first `offset`; those that are left come again in the same order. Two ranges of an index,
 * because `<>` would look at every installation there is.
 */
export function readStaleInstallations(reads: Reads, limit: number, offset: number): StaleInstallation[] {
  const differing = (operator: '<' | '>') => `SELECT installations.installationId, installations.connectionId,
    installations.config, installations.createdAtMs, installations.revisionId,
    integrations.revisionId AS latestRevisionId
    FROM integrations CROSS JOIN installations ON installations.integrationId = integrations.integrationId
    AND installations.revisionId ${operator} integrations.revisionId`;
  return reads.all(`${differing('<')} UNION ALL ${differing('>')} LIMIT ?1 OFFSET ?2`, limit, offset);
}

/** Says that the installations run by revision `to` now; one that was configured meanwhile stays as it is. */
export function adoptRevision(installationIds: readonly string[], from: string, to: string): RowWrite {
  return { statement: 'installations.adoptRevision', params: [to, from, JSON.stringify(installationIds)] };
}

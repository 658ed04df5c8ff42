// Names that a builder gave to groups and consumers before they connect; connections keep names of their own. Nobody
// owns these rows. The last connection of a group or a consumer takes the name along.

import type { ProjectId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

const OTHERS = 'o.projectId = c.projectId AND o.connectionId <> c.connectionId';

export const PARTY_NAME_STATEMENTS = {
  'partyNames.put': `INSERT INTO partyNames (projectId, kind, ref, name, createdAtMs) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (projectId, kind, ref) DO UPDATE SET name = excluded.name, updatedAtMs = excluded.createdAtMs`,
  'partyNames.leave': `DELETE FROM partyNames WHERE (projectId, kind, ref) IN (
    SELECT projectId, 'group', groupRef FROM connections c WHERE connectionId = ?
      AND NOT EXISTS (SELECT 1 FROM connections o WHERE ${OTHERS} AND o.groupRef = c.groupRef)
    UNION ALL SELECT projectId, 'consumer', consumerRef FROM connections c WHERE connectionId = ?
      AND NOT EXISTS (SELECT 1 FROM connections o WHERE ${OTHERS} AND o.consumerRef = c.consumerRef))`,
} as const;

export type PartyKind = 'group' | 'consumer';

export interface PartyNameRow {
  readonly projectId: ProjectId;
  readonly kind: PartyKind;
  readonly ref: string;
  readonly name: string;
  readonly createdAtMs: Ms;
  readonly updatedAtMs: Ms | null;
}

/** A name that is there is replaced. */
export function putPartyName({ projectId, kind, ref, name }: Omit<PartyNameRow, 'createdAtMs'>, nowMs: Ms): RowWrite {
  return { statement: 'partyNames.put', params: [projectId, kind, ref, name, nowMs] };
}

/** For the step that deletes a connection, before it does. */
export function leavePartyNames(connectionId: string): RowWrite {
  return { statement: 'partyNames.leave', params: [connectionId, connectionId] };
}

export function readPartyName(
  reads: Reads,
  projectId: ProjectId,
  kind: PartyKind,
  ref: string,
): PartyNameRow | undefined {
  return reads.get('SELECT * FROM partyNames WHERE projectId = ? AND kind = ? AND ref = ?', projectId, kind, ref);
}

/** Names of a project, counted up to `max`. */
export function countPartyNames(reads: Reads, projectId: ProjectId, max: number): number {
  const sql = 'SELECT count(*) AS n FROM (SELECT 1 FROM partyNames WHERE projectId = ? LIMIT ?)';
  return reads.get<{ n: number }>(sql, projectId, max)?.n ?? 0;
}

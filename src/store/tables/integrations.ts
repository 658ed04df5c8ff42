// The list of a project's integrations, and the end of one: what goes with it, in one commit.

import type { ProjectId } from '../../core/ids.ts';
import type { Reads, RowWrite } from '../port.ts';
import type { IntegrationRow } from './installations.ts';

export const INTEGRATION_STATEMENTS = {
  'integrations.delete': `DELETE FROM integrations WHERE integrationId = ?
    AND NOT EXISTS (SELECT 1 FROM installations WHERE installations.integrationId = integrations.integrationId)`,
  'revisions.deleteOfIntegration': 'DELETE FROM revisions WHERE integrationId = ?',
} as const;

/** With its revisions; refused while it is installed. */
export function deleteIntegration(integrationId: string): readonly RowWrite[] {
  return [
    { statement: 'integrations.delete', params: [integrationId], mustChange: 'rejected' },
    { statement: 'revisions.deleteOfIntegration', params: [integrationId] },
  ];
}

export function readIntegrationById(reads: Reads, integrationId: string): IntegrationRow | undefined {
  return reads.get('SELECT * FROM integrations WHERE integrationId = ?', integrationId);
}

/** As SQLite says it. */
const NO_LIMIT = -1;

/** Oldest first, up to `limit` of those behind `after`; all of them if neither is given. */
export function readIntegrations(
  reads: Reads,
  projectId: ProjectId,
  after: Pick<IntegrationRow, 'createdAtMs' | 'integrationId'> | undefined = undefined,
  limit = NO_LIMIT,
): IntegrationRow[] {
  const sql = `SELECT * FROM integrations WHERE projectId = ? AND (createdAtMs, integrationId) > (?, ?)
    ORDER BY createdAtMs, integrationId LIMIT ?`;
  return reads.all(sql, projectId, after?.createdAtMs ?? -1, after?.integrationId ?? '', limit);
}

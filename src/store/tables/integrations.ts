// The end of an integration: what goes with it, in one commit.

import type { RowWrite } from '../port.ts';

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

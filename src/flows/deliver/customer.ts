// Who the customer of an installation is, as messages to builders name them.

import type { JsonObject } from '../../core/json.ts';
import { toRfc3339 } from '../../core/time.ts';
import { type ConnectionRow, readConnection } from '../../store/tables/connections.ts';
import type { InstallationRow } from '../../store/tables/installations.ts';
import type { CommittedRows } from '../services.ts';

/** As published; the group is also that of an installation whose connection is gone. */
export function customerOf(
  { store }: CommittedRows,
  { connectionId, groupRef }: Pick<InstallationRow, 'connectionId' | 'groupRef'>,
): Pick<ConnectionRow, 'provider' | 'groupRef' | 'groupName' | 'consumerRef' | 'consumerName' | 'workspaceRef'> {
  const connection = readConnection(store.reads, connectionId);
  return {
    provider: connection?.provider ?? '',
    groupRef,
    groupName: connection?.groupName ?? groupRef,
    consumerRef: connection?.consumerRef ?? '',
    consumerName: connection?.consumerName ?? '',
    workspaceRef: connection?.workspaceRef ?? null,
  };
}

/** What messages about an installation have in common, as published, and the workspace for those that name it. */
export function messageHead(
  rows: CommittedRows,
  installation: InstallationRow,
): { readonly head: JsonObject; readonly workspaceRef: string | null } {
  const { workspaceRef, ...customer } = customerOf(rows, installation);
  const { projectId, installationId, updatedAtMs, createdAtMs } = installation;
  const installationUpdateTime = toRfc3339(updatedAtMs ?? createdAtMs);
  return { head: { projectId, ...customer, installationId, installationUpdateTime }, workspaceRef };
}

// Committed rows in the published form. Optional members are left out, never null; times are RFC 3339.

import type { JsonObject } from '../core/json.ts';
import { type Ms, toRfc3339 } from '../core/time.ts';
import { publishedConfig, publishedContent } from '../flows/install/published.ts';
import {
  type DestinationRow,
  type ProjectRow,
  type ProviderAppRow,
  readProviderApp,
} from '../store/tables/accounts.ts';
import type { ConnectionRow } from '../store/tables/connections.ts';
import type { InstallationRow, IntegrationRow, OperationRow, RevisionRow } from '../store/tables/installations.ts';
import type { EdgeServices } from './context.ts';

function times(row: { readonly createdAtMs: Ms; readonly updatedAtMs: Ms | null }) {
  const createTime = toRfc3339(row.createdAtMs);
  return row.updatedAtMs === null ? { createTime } : { createTime, updateTime: toRfc3339(row.updatedAtMs) };
}

export function projectJson(row: ProjectRow): JsonObject {
  return { id: row.projectId, name: row.name, appName: row.appName, orgId: row.orgId, ...times(row) };
}

export function providerAppJson(row: ProviderAppRow): JsonObject {
  return {
    id: row.providerAppId,
    projectId: row.projectId,
    provider: row.provider,
    clientId: row.clientId,
    scopes: JSON.parse(row.scopes) as string[],
    ...(row.externalRef === null ? {} : { externalRef: row.externalRef }),
    ...(row.metadata === null ? {} : { metadata: JSON.parse(row.metadata) as JsonObject }),
    ...times(row),
  };
}

/** `webhookSigningKey` only where it was asked for; `disabledTime` is an addition of ours. */
export function destinationJson(row: DestinationRow, webhookSigningKey?: string): JsonObject {
  return {
    id: row.destinationId,
    name: row.name,
    type: row.type,
    metadata: JSON.parse(row.metadata) as JsonObject,
    ...(webhookSigningKey === undefined ? {} : { secrets: { webhookSigningKey } }),
    ...(row.disabledAtMs === null ? {} : { disabledTime: toRfc3339(row.disabledAtMs) }),
    ...times(row),
  };
}

export function integrationJson(row: IntegrationRow, revision: RevisionRow): JsonObject {
  return {
    id: row.integrationId,
    projectId: row.projectId,
    name: row.name,
    provider: row.provider,
    latestRevision: {
      id: revision.revisionId,
      specVersion: revision.specVersion,
      createTime: toRfc3339(revision.createdAtMs),
      content: publishedContent(revision),
    },
    ...times(row),
  };
}

/** A connection with its provider app. */
export function connectionView({ store }: Pick<EdgeServices, 'store'>, row: ConnectionRow): JsonObject {
  return connectionJson(row, row.providerAppId === null ? undefined : readProviderApp(store.reads, row.providerAppId));
}

export function connectionJson(row: ConnectionRow, providerApp?: ProviderAppRow): JsonObject {
  const { projectId, groupRef, groupName, consumerRef, consumerName } = row;
  const createTime = toRfc3339(row.createdAtMs);
  return {
    id: row.connectionId,
    projectId,
    provider: row.provider,
    group: { groupRef, groupName, projectId, createTime },
    consumer: { consumerRef, consumerName, projectId, createTime },
    authScheme: row.authScheme,
    status: row.status,
    ...(row.workspaceRef === null ? {} : { providerWorkspaceRef: row.workspaceRef }),
    ...(row.providerConsumerRef === null ? {} : { providerConsumerRef: row.providerConsumerRef }),
    ...(row.metadata === '{}' ? {} : { providerMetadata: JSON.parse(row.metadata) as JsonObject }),
    ...(providerApp === undefined ? {} : { providerApp: providerAppJson(providerApp) }),
    ...times(row),
  };
}

export function installationJson(row: InstallationRow, connection: ConnectionRow): JsonObject {
  const { groupRef, groupName } = connection;
  const createTime = toRfc3339(row.createdAtMs);
  return {
    id: row.installationId,
    projectId: row.projectId,
    integrationId: row.integrationId,
    group: { groupRef, groupName, projectId: row.projectId, createTime },
    healthStatus: row.healthStatus,
    connection: connectionJson(connection),
    createdBy: row.createdBy,
    config: {
      id: row.configId,
      revisionId: row.revisionId,
      createTime: toRfc3339(row.configuredAtMs),
      createdBy: row.createdBy,
      content: publishedConfig(row, connection.provider),
    },
    ...times(row),
  };
}

export function operationJson(row: OperationRow): JsonObject {
  return {
    id: row.operationId,
    projectId: row.projectId,
    integrationId: row.integrationId,
    installationId: row.installationId,
    configId: row.configId,
    actionType: row.actionType,
    status: row.status,
    ...(row.result === null ? {} : { result: row.result }),
    metadata: JSON.parse(row.metadata) as JsonObject,
    createTime: toRfc3339(row.createdAtMs),
  };
}

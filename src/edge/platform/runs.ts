// What ran: operations of installations, and how far their backfills are.

import { IntegrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { toRfc3339 } from '../../core/time.ts';
import { nativeNameOf } from '../../flows/install/objectNames.ts';
import type { ProjectRow } from '../../store/tables/accounts.ts';
import { type OperationRow, readBackfill, readOperation, readOperations } from '../../store/tables/installations.ts';
import type { EdgeServices } from '../context.ts';
import { operationJson } from '../wire.ts';
import { PAGE_SIZE, pageQuery, paginationOf } from './input.ts';
import { installationOf } from './installations.ts';
import { integrationOf } from './integrations.ts';
import { type Operation, operation } from './operation.ts';

const INSTALLATION = '/projects/{projectIdOrName}/integrations/{integrationId}/installations/{installationId}';

/** Rejects with `not_found`. */
function operationOf({ store }: EdgeServices, { projectId }: ProjectRow, operationId: string): OperationRow {
  const row = readOperation(store.reads, operationId);
  if (row?.projectId !== projectId) throw new IntegrationError('not_found', 'no such operation');
  return row;
}

/** Made of the operation itself: its beginning, and what it has come to. */
function logsOf({ operationId, actionType, status, result, metadata, createdAtMs, updatedAtMs }: OperationRow) {
  const { objects = [] } = JSON.parse(metadata) as { objects?: readonly string[] };
  const details = { objects: objects.join(', ') };
  const begun = {
    timestamp: toRfc3339(createdAtMs),
    severity: 'INFO',
    message: { msg: `${actionType} began`, operation_id: operationId, details },
  };
  if (result === null) return [begun];
  const isFailure = status === 'failure';
  const message = { msg: result, operation_id: operationId, details, ...(isFailure ? { error: result } : {}) };
  return [begun, { timestamp: toRfc3339(updatedAtMs ?? createdAtMs), severity: isFailure ? 'ERROR' : 'INFO', message }];
}

export const RUN_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'listOperations',
    method: 'GET',
    path: `${INSTALLATION}/operations`,
    access: 'project',
    summary: 'operations of an installation, newest first, a page at a time',
    status: 200,
    query: pageQuery,
    handle(call) {
      const installation = installationOf(call);
      const {
        pageSize: limit = PAGE_SIZE,
        pageToken: [beforeMs, beforeId],
      } = call.query;
      const rows = readOperations(call.services.store.reads, installation, { limit, beforeMs, beforeId });
      const pagination = paginationOf(rows, limit, ({ createdAtMs, operationId }) => [createdAtMs, operationId]);
      return { results: rows.map(operationJson), pagination };
    },
  }),
  operation({
    id: 'getOperation',
    method: 'GET',
    path: '/projects/{projectIdOrName}/operations/{operationId}',
    access: 'project',
    summary: 'one operation',
    status: 200,
    handle: ({ services, project, params }) => operationJson(operationOf(services, project, params.operationId)),
  }),
  operation({
    id: 'listOperationLogs',
    method: 'GET',
    path: '/projects/{projectIdOrName}/operations/{operationId}/logs',
    access: 'project',
    summary: 'what there is to say of one operation, oldest first',
    status: 200,
    handle: ({ services, project, params }) => logsOf(operationOf(services, project, params.operationId)),
  }),
  operation({
    id: 'getBackfillProgress',
    method: 'GET',
    path: `${INSTALLATION}/objects/{objectName}/backfill-progress`,
    access: 'project',
    summary: 'how far the latest backfill of an object is',
    status: 200,
    handle(call) {
      const { services, project, params } = call;
      const integration = integrationOf(services, project, params.integrationId);
      const objectName = nativeNameOf(services, integration, params.objectName);
      const row = readBackfill(call.services.store.reads, installationOf(call).installationId, objectName);
      if (row === undefined) throw new IntegrationError('not_found', `there was no backfill of ${objectName}`);
      const { progress } = JSON.parse(row.metadata) as { progress: JsonObject };
      const createTime = toRfc3339(row.createdAtMs);
      return { ...progress, createTime, updateTime: toRfc3339(row.updatedAtMs ?? row.createdAtMs) };
    },
  }),
];

// What ran: operations of installations, and how far their backfills are.

import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { LIST_PAGE_MAX } from '../../core/limits.ts';
import { toRfc3339 } from '../../core/time.ts';
import { readBackfill, readOperation, readOperations } from '../../store/tables/installations.ts';
import { operationJson } from '../wire.ts';
import { installationOf } from './installations.ts';
import { type Operation, operation } from './operation.ts';

const INSTALLATION = '/projects/{projectIdOrName}/integrations/{integrationId}/installations/{installationId}';
const PAGE = 200;

/** `<time>.<id>` of the last operation of the page before. */
const pageToken = z
  .string()
  .regex(/^(\d{1,15}\.[A-Za-z0-9-]{1,64})?$/, 'is not one of ours')
  .optional()
  .transform((text): [number | null, string | null] => {
    const [atMs, id] = (text ?? '').split('.');
    return id === undefined ? [null, null] : [Number(atMs), id];
  });

const pageQuery = z.object({
  pageSize: z
    .string()
    .regex(/^\d{1,4}$/, `must be a number from 1 to ${LIST_PAGE_MAX}`)
    .transform(Number)
    .pipe(z.number().min(1).max(LIST_PAGE_MAX))
    .optional(),
  pageToken,
});

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
      const { installationId } = installationOf(call);
      const {
        pageSize: limit = PAGE,
        pageToken: [beforeMs, beforeId],
      } = call.query;
      const rows = readOperations(call.services.store.reads, installationId, { limit, beforeMs, beforeId });
      const last = rows.at(-1);
      const pagination =
        rows.length < limit || last === undefined
          ? { done: true }
          : { done: false, nextPageToken: `${last.createdAtMs}.${last.operationId}` };
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
    handle({ services, project, params }) {
      const row = readOperation(services.store.reads, params.operationId);
      if (row?.projectId !== project.projectId) throw new IntegrationError('not_found', 'no such operation');
      return operationJson(row);
    },
  }),
  operation({
    id: 'getBackfillProgress',
    method: 'GET',
    path: `${INSTALLATION}/objects/{objectName}/backfill-progress`,
    access: 'project',
    summary: 'how far the latest backfill of an object is',
    status: 200,
    handle(call) {
      const { objectName } = call.params;
      const row = readBackfill(call.services.store.reads, installationOf(call).installationId, objectName);
      if (row === undefined) throw new IntegrationError('not_found', `there was no backfill of ${objectName}`);
      const { progress } = JSON.parse(row.metadata) as { progress: JsonObject };
      const createTime = toRfc3339(row.createdAtMs);
      return { ...progress, createTime, updateTime: toRfc3339(row.updatedAtMs ?? row.createdAtMs) };
    },
  }),
];

// Integrations and the revisions of their manifests.

import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { REF_CHARS_MAX } from '../../core/limits.ts';
import { deployManifest } from '../../flows/install/deploy.ts';
import type { ProjectRow } from '../../store/tables/accounts.ts';
import {
  type IntegrationRow,
  readIntegration,
  readIntegrations,
  readRevision,
} from '../../store/tables/installations.ts';
import type { EdgeServices } from '../context.ts';
import { integrationJson } from '../wire.ts';
import { flag } from './input.ts';
import { type Operation, operation } from './operation.ts';

/** A manifest as it is sent. */
export const deployBody = z.object({
  sourceYaml: z.string({ error: 'is required; sourceZipUrl is not supported yet' }),
  /** What the file is called where it came from, for messages. */
  sourceName: z.string().max(REF_CHARS_MAX).optional(),
});

/** `destructive` also ends the reads of objects that the manifest no longer has. */
export const deployQuery = z.object({ destructive: flag });

/** By id or name. Rejects with `not_found`. */
export function integrationOf({ store }: EdgeServices, { projectId }: ProjectRow, idOrName: string): IntegrationRow {
  const row = readIntegration(store.reads, projectId, idOrName);
  if (row === undefined) throw new IntegrationError('not_found', 'no such integration');
  return row;
}

function integrationView({ store }: EdgeServices, row: IntegrationRow): JsonObject[] {
  const revision = readRevision(store.reads, row.revisionId);
  return revision === undefined ? [] : [integrationJson(row, revision)];
}

export const INTEGRATION_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'listIntegrations',
    method: 'GET',
    path: '/projects/{projectIdOrName}/integrations',
    access: 'frontend',
    summary: 'integrations with their latest revision',
    status: 200,
    handle: ({ services, project }) =>
      readIntegrations(services.store.reads, project.projectId).flatMap((row) => integrationView(services, row)),
  }),
  operation({
    id: 'getIntegration',
    method: 'GET',
    path: '/projects/{projectIdOrName}/integrations/{integrationIdOrName}',
    access: 'project',
    summary: 'one integration, by id or name',
    status: 200,
    handle: ({ services, project, params }) =>
      integrationView(services, integrationOf(services, project, params.integrationIdOrName))[0],
  }),
  operation({
    id: 'batchUpsertIntegrations',
    method: 'PUT',
    path: '/projects/{projectIdOrName}/integrations:batch',
    access: 'project',
    summary: 'deploy a manifest: all of its integrations or none',
    status: 200,
    query: deployQuery,
    body: deployBody,
    async handle({ services, project, query, body }) {
      const { sourceYaml, sourceName = 'amp.yaml' } = body;
      const options = { isDestructive: query.destructive };
      const { projectId } = project;
      const { integrations, warnings } = await deployManifest(services, projectId, sourceYaml, sourceName, options);
      for (const warning of warnings) services.log.warn({ warning }, 'manifest');
      return integrations.flatMap((row) => integrationView(services, row));
    },
  }),
];

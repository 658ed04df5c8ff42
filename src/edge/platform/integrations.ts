// Integrations and the revisions of their manifests.

import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { REF_CHARS_MAX } from '../../core/limits.ts';
import { toRfc3339 } from '../../core/time.ts';
import { deployManifest } from '../../flows/install/deploy.ts';
import { hydrate } from '../../flows/install/describe.ts';
import { createIntegration, removeIntegration } from '../../flows/install/integrations.ts';
import { manifestOfUpload, newUpload } from '../../flows/install/uploads.ts';
import type { ProjectRow } from '../../store/tables/accounts.ts';
import { readConnection } from '../../store/tables/connections.ts';
import {
  type IntegrationRow,
  type RevisionRow,
  readIntegration,
  readRevision,
} from '../../store/tables/installations.ts';
import { readIntegrations } from '../../store/tables/integrations.ts';
import { maySee } from '../auth.ts';
import type { EdgeServices } from '../context.ts';
import { rowsByPage } from '../list.ts';
import { integrationJson } from '../wire.ts';
import { flag, ref } from './input.ts';
import { type Operation, operation } from './operation.ts';

const ONE = '/projects/{projectIdOrName}/integrations/{integrationId}';
const SOURCE_URL_CHARS_MAX = 2048;
/** 16 bytes in base64. Nothing else may become a part of a signed address. */
const MD5 = /^(?:[A-Za-z0-9+/]{22}==)?$/;

/** A manifest as it is sent: one of the two says where it is. */
export const deployBody = z
  .object({
    sourceYaml: z.string().optional(),
    /** An archive that was uploaded: `gs://…` of what `generate-upload-url` answered. */
    sourceZipUrl: z.string().max(SOURCE_URL_CHARS_MAX).optional(),
    /** What the file is called where it came from, for messages. */
    sourceName: z.string().max(REF_CHARS_MAX).optional(),
  })
  .refine(({ sourceYaml, sourceZipUrl }) => (sourceYaml === undefined) !== (sourceZipUrl === undefined), {
    path: ['sourceYaml'],
    error: 'or sourceZipUrl is required, and not both',
  });

/** `destructive` also ends the reads of objects that the manifest no longer has. */
export const deployQuery = z.object({ destructive: flag });

const integrationBody = z.object({
  name: ref,
  provider: ref,
  latestRevision: z.object({
    specVersion: z.string(),
    content: z.custom<JsonObject>(isJsonObject, 'must be an object'),
  }),
});

interface Source {
  readonly name: string;
  readonly text: string;
}

/** Rejects as `manifestOfUpload`. */
export function sourceOf(services: EdgeServices, { projectId }: ProjectRow, body: z.output<typeof deployBody>): Source {
  const { sourceYaml, sourceZipUrl = '', sourceName = 'amp.yaml' } = body;
  if (sourceYaml !== undefined) return { name: sourceName, text: sourceYaml };
  return manifestOfUpload(services, projectId, sourceZipUrl);
}

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

function wrongProvider(provider: string): IntegrationError {
  const issues = [{ in: 'query' as const, name: 'connectionId', detail: `is a connection to ${provider}` }];
  return new IntegrationError('bad_request', `the connection is to ${provider}`, { issues });
}

function hydratedRevisionJson({ revisionId, specVersion, createdAtMs }: RevisionRow, content: unknown) {
  return { id: revisionId, specVersion, createTime: toRfc3339(createdAtMs), content };
}

export const INTEGRATION_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'listIntegrations',
    method: 'GET',
    path: '/projects/{projectIdOrName}/integrations',
    access: 'frontend',
    summary: 'integrations with their latest revision',
    status: 200,
    media: 'list',
    *handle({ services, project }) {
      const { reads } = services.store;
      const rows = rowsByPage<IntegrationRow>((after, limit) =>
        readIntegrations(reads, project.projectId, after, limit),
      );
      for (const row of rows) yield* integrationView(services, row);
    },
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
      const { name, text } = sourceOf(services, project, body);
      const options = { isDestructive: query.destructive };
      const { integrations, warnings } = await deployManifest(services, project.projectId, text, name, options);
      for (const warning of warnings) services.log.warn({ warning }, 'manifest');
      return integrations.flatMap((row) => integrationView(services, row));
    },
  }),
  operation({
    id: 'createIntegration',
    method: 'POST',
    path: '/projects/{projectIdOrName}/integrations',
    access: 'project',
    summary: 'make one integration without a file',
    status: 201,
    media: 'none',
    body: integrationBody,
    handle({ services, project, body }) {
      const { name, provider, latestRevision } = body;
      return createIntegration(services, project.projectId, { name, provider, ...latestRevision });
    },
  }),
  operation({
    id: 'deleteIntegration',
    method: 'DELETE',
    path: '/projects/{projectIdOrName}/integrations/{integrationIdOrName}',
    access: 'project',
    summary: 'delete one with its installations',
    status: 204,
    handle: ({ services, project, params }) =>
      removeIntegration(services, integrationOf(services, project, params.integrationIdOrName)),
  }),
  operation({
    id: 'createRevision',
    method: 'POST',
    path: `${ONE}/revisions`,
    access: 'project',
    summary: 'deploy one integration of a manifest',
    status: 201,
    media: 'none',
    query: deployQuery,
    body: deployBody,
    async handle({ services, project, params, query, body }) {
      const row = integrationOf(services, project, params.integrationId);
      const { name, text } = sourceOf(services, project, body);
      const options = { isDestructive: query.destructive, only: row.name };
      await deployManifest(services, project.projectId, text, name, options);
    },
  }),
  operation({
    id: 'getHydratedRevision',
    method: 'GET',
    path: `${ONE}/revisions/{revisionId}:hydrate`,
    access: 'frontend',
    summary: 'a revision with all that the account of a connection has to choose from',
    status: 200,
    query: z.object({ connectionId: ref }),
    async handle({ services, project, principal, params, query }) {
      const { integrationId, provider } = integrationOf(services, project, params.integrationId);
      const { reads } = services.store;
      const revision = readRevision(reads, params.revisionId);
      if (revision?.integrationId !== integrationId) throw new IntegrationError('not_found', 'no such revision');
      const connection = readConnection(reads, query.connectionId);
      const isTheirs = connection?.projectId === project.projectId && maySee(principal, connection.groupRef);
      if (!isTheirs) throw new IntegrationError('not_found', 'no such connection');
      if (connection.provider !== provider) throw wrongProvider(connection.provider);
      return hydratedRevisionJson(revision, await hydrate(services, revision, connection));
    },
  }),
  operation({
    id: 'generateUploadUrl',
    method: 'GET',
    path: '/generate-upload-url',
    access: 'project',
    summary: 'an address to put an archive with a manifest to, good for an hour',
    status: 200,
    query: z.object({ md5: z.string().regex(MD5, 'must be the MD5 of the archive in base64').optional() }),
    handle: ({ services, principal, query }) =>
      newUpload(services, 'projectId' in principal ? principal.projectId : null, query.md5 ?? ''),
  }),
];

// Integrations and their installations, with the operations of the latter.

import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import { actorIdOf } from '../../core/ids.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { LIST_PAGE_MAX, REF_CHARS_MAX } from '../../core/limits.ts';
import { toRfc3339 } from '../../core/time.ts';
import { deployManifest } from '../../flows/install/deploy.ts';
import { createInstallation, removeInstallation } from '../../flows/install/installations.ts';
import { readConnection } from '../../store/tables/connections.ts';
import {
  type InstallationRow,
  type IntegrationRow,
  readBackfill,
  readInstallation,
  readInstallations,
  readIntegration,
  readIntegrations,
  readOperations,
  readRevision,
} from '../../store/tables/installations.ts';
import { projectOf } from '../auth.ts';
import { readBody, readBodyIfSent } from '../body.ts';
import type { EdgeEnv, EdgeServices } from '../context.ts';
import { installationJson, integrationJson, operationJson } from '../wire.ts';

const OPERATIONS_PAGE = 200;

const deployBody = z.object({
  sourceYaml: z.string({ error: 'is required; sourceZipUrl is not supported yet' }),
  /** What the file is called where it came from, for messages. */
  sourceName: z.string().max(REF_CHARS_MAX).optional(),
});

const installationBody = z.object({
  groupRef: z.string().min(1).max(REF_CHARS_MAX),
  connectionId: z.string().optional(),
  config: z.object({ content: z.custom<JsonValue>(), createdBy: z.string().max(REF_CHARS_MAX).optional() }),
});

const pauseBody = z.object({ objects: z.array(z.string()).max(LIST_PAGE_MAX).optional(), note: z.string().optional() });

function integrationOf(services: EdgeServices, context: Context<EdgeEnv>): IntegrationRow {
  const { projectId } = projectOf(services, context);
  const row = readIntegration(services.store.reads, projectId, context.req.param('integration') ?? '');
  if (row === undefined) throw new IntegrationError('not_found', 'no such integration');
  return row;
}

function installationOf(services: EdgeServices, context: Context<EdgeEnv>, installationId?: string): InstallationRow {
  const { integrationId } = integrationOf(services, context);
  const row = readInstallation(services.store.reads, installationId ?? context.req.param('installation') ?? '');
  if (row?.integrationId !== integrationId) throw new IntegrationError('not_found', 'no such installation');
  return row;
}

function integrationView({ store }: EdgeServices, row: IntegrationRow): JsonObject[] {
  const revision = readRevision(store.reads, row.revisionId);
  return revision === undefined ? [] : [integrationJson(row, revision)];
}

/** An installation without its connection is being deleted, and is not shown. */
export function installationView({ store }: EdgeServices, row: InstallationRow): JsonObject[] {
  const connection = readConnection(store.reads, row.connectionId);
  return connection === undefined ? [] : [installationJson(row, connection)];
}

export function integrationRoutes(services: EdgeServices): Hono<EdgeEnv> {
  const { reads } = services.store;
  return new Hono<EdgeEnv>()
    .get('/', (context) => {
      const rows = readIntegrations(reads, projectOf(services, context).projectId);
      return context.json(rows.flatMap((row) => integrationView(services, row)));
    })
    .get('/:integration', (context) => context.json(integrationView(services, integrationOf(services, context))[0]))
    .get('/:integration/installations', (context) => {
      const { projectId, integrationId } = integrationOf(services, context);
      const rows = readInstallations(reads, projectId, { integrationId, groupRef: context.req.query('groupRef') });
      return context.json(rows.flatMap((row) => installationView(services, row)));
    })
    .post('/:integration/installations', async (context) => {
      const integration = integrationOf(services, context);
      const { groupRef, connectionId, config } = await readBody(context, installationBody);
      const row = await createInstallation(services, integration, { groupRef, connectionId, ...config });
      return context.json(installationView(services, row)[0], 201);
    })
    .get('/:integration/installations/:installation', (context) =>
      context.json(installationView(services, installationOf(services, context))[0]),
    )
    .delete('/:integration/installations/:installation', async (context) => {
      await removeInstallation(services, installationOf(services, context));
      return context.body(null, 204);
    })
    .post('/:integration/installations/:verb', (context) => switchReads(services, context))
    .get('/:integration/installations/:installation/operations', (context) => listOperations(services, context))
    .get('/:integration/installations/:installation/objects/:object/backfill-progress', (context) =>
      backfillProgress(services, context),
    );
}

/** `PUT integrations:batch`: all integrations of a manifest, or none. */
export async function deployRoute(services: EdgeServices, context: Context<EdgeEnv>): Promise<Response> {
  const { projectId } = projectOf(services, context);
  const { sourceYaml, sourceName } = await readBody(context, deployBody);
  const { integrations, warnings } = await deployManifest(services, projectId, sourceYaml, sourceName ?? 'amp.yaml');
  for (const warning of warnings) services.log.warn({ warning }, 'manifest');
  return context.json(integrations.flatMap((row) => integrationView(services, row)));
}

/** `POST …/installations/{id}:pause` and `:unpause`; saying it twice is fine. */
async function switchReads(services: EdgeServices, context: Context<EdgeEnv>): Promise<Response> {
  const [, id = '', verb] = /^(.+):(pause|unpause)$/.exec(context.req.param('verb') ?? '') ?? [];
  if (verb === undefined) throw new IntegrationError('not_found', 'no such action');
  const { installationId } = installationOf(services, context, id);
  const { objects = null } = (await readBodyIfSent(context, pauseBody)) ?? {};
  const event = { type: verb === 'pause' ? 'reads.paused' : 'reads.resumed', objects };
  await services.runtime.send(actorIdOf('installation', installationId), event);
  return context.body(null, 204);
}

function listOperations(services: EdgeServices, context: Context<EdgeEnv>): Response {
  const { installationId } = installationOf(services, context);
  const limit = Number(context.req.query('pageSize') ?? OPERATIONS_PAGE);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIST_PAGE_MAX) {
    throw new IntegrationError('bad_request', `pageSize must be a number from 1 to ${LIST_PAGE_MAX}`);
  }
  const [beforeMs, beforeId] = parsePageToken(context.req.query('pageToken'));
  const rows = readOperations(services.store.reads, installationId, { limit, beforeMs, beforeId });
  const last = rows.at(-1);
  const isDone = rows.length < limit || last === undefined;
  const pagination = isDone
    ? { done: true }
    : { done: false, nextPageToken: `${last.createdAtMs}.${last.operationId}` };
  return context.json({ results: rows.map(operationJson), pagination });
}

function parsePageToken(token: string | undefined): [number | null, string | null] {
  if (token === undefined || token === '') return [null, null];
  const [, atMs, id] = /^(\d{1,15})\.([A-Za-z0-9-]{1,64})$/.exec(token) ?? [];
  if (atMs === undefined || id === undefined) throw new IntegrationError('bad_request', 'pageToken is not one of ours');
  return [Number(atMs), id];
}

function backfillProgress(services: EdgeServices, context: Context<EdgeEnv>): Response {
  const { installationId } = installationOf(services, context);
  const objectName = context.req.param('object') ?? '';
  const operation = readBackfill(services.store.reads, installationId, objectName);
  if (operation === undefined) throw new IntegrationError('not_found', `there was no backfill of ${objectName}`);
  const { progress } = JSON.parse(operation.metadata) as { progress: JsonObject };
  return context.json({
    ...progress,
    createTime: toRfc3339(operation.createdAtMs),
    updateTime: toRfc3339(operation.updatedAtMs ?? operation.createdAtMs),
  });
}

// Installations of integrations.

import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { REF_CHARS_MAX } from '../../core/limits.ts';
import { createInstallation, removeInstallation } from '../../flows/install/installations.ts';
import { patchInstallation, updateInstallation } from '../../flows/install/update.ts';
import type { ProjectRow } from '../../store/tables/accounts.ts';
import { readConnection } from '../../store/tables/connections.ts';
import {
  type InstallationRow,
  type IntegrationRow,
  readInstallation,
  readInstallations,
} from '../../store/tables/installations.ts';
import { groupAsked, maySee } from '../auth.ts';
import type { EdgeServices } from '../context.ts';
import { rowsByPage } from '../list.ts';
import { installationJson } from '../wire.ts';
import { flag, ref } from './input.ts';
import { integrationOf } from './integrations.ts';
import { type Call, type Operation, operation } from './operation.ts';

const ALL = '/projects/{projectIdOrName}/integrations/{integrationId}/installations';
export const INSTALLATION = `${ALL}/{installationId}` as const;

const installationBody = z.object({
  groupRef: ref,
  connectionId: z.string().optional(),
  config: z.object({ content: z.custom<JsonValue>(), createdBy: z.string().max(REF_CHARS_MAX).optional() }),
});

const OBJECT = 'must be an object';
const samplingQuery = z.object({ skipSampling: flag });

const patchBody = z
  .object({
    groupRef: ref.optional(),
    installationId: ref.optional(),
    action: z.enum(['read', 'write', 'subscribe']),
    changes: z.custom<JsonValue>((value) => value !== undefined, 'is required'),
  })
  .refine(({ groupRef, installationId }) => (groupRef === undefined) !== (installationId === undefined), {
    path: ['groupRef'],
    error: 'or installationId is required, and not both',
  });

const groupQuery = z.object({ groupRef: ref.optional() });

/** The published path has the integration too, which must be the installation's own. */
type InstallationParam = 'projectIdOrName' | 'integrationId' | 'installationId';

/** Rejects with `not_found`. */
export function installationOf({
  services,
  project,
  params,
  principal,
}: Pick<Call<InstallationParam, never, never>, 'services' | 'project' | 'params' | 'principal'>): InstallationRow {
  const { integrationId } = integrationOf(services, project, params.integrationId);
  const row = readInstallation(services.store.reads, params.installationId);
  if (row?.integrationId !== integrationId || !maySee(principal, row.groupRef))
    throw new IntegrationError('not_found', 'no such installation');
  return row;
}

/** By id or as the only one of its group. Rejects as `installationOfGroup`. */
function namedInstallation(
  { services, project }: Pick<Call<'projectIdOrName', never, never>, 'services' | 'project'>,
  integration: IntegrationRow,
  { groupRef, installationId }: z.output<typeof patchBody>,
): InstallationRow {
  const { reads } = services.store;
  if (installationId !== undefined) {
    const row = readInstallation(reads, installationId);
    if (row?.integrationId === integration.integrationId) return row;
    throw new IntegrationError('not_found', 'no such installation');
  }
  return installationOfGroup(services, project, integration, groupRef ?? '');
}

/** The only one of a group. Rejects with `not_found`, `bad_request` if the group has several. */
export function installationOfGroup(
  { store }: EdgeServices,
  { projectId }: ProjectRow,
  { integrationId, name }: IntegrationRow,
  groupRef: string,
): InstallationRow {
  const [only, another] = readInstallations(store.reads, projectId, { integrationId, groupRef });
  if (only === undefined) throw new IntegrationError('not_found', `group "${groupRef}" has not installed "${name}"`);
  if (another === undefined) return only;
  throw new IntegrationError('bad_request', `group "${groupRef}" has several installations of "${name}"`, {
    remedy: 'Name one with installationId, where that is taken, or delete the others.',
  });
}

/** An installation without its connection is being deleted, and is not shown. */
export function installationView({ store }: EdgeServices, row: InstallationRow): JsonObject[] {
  const connection = readConnection(store.reads, row.connectionId);
  return connection === undefined ? [] : [installationJson(row, connection)];
}

function* installationsListed(
  services: EdgeServices,
  { projectId }: ProjectRow,
  filter: { readonly integrationId?: string; readonly groupRef?: string | undefined },
): Generator<JsonObject> {
  const { reads } = services.store;
  const rows = rowsByPage<InstallationRow>((after, limit) =>
    readInstallations(reads, projectId, { ...filter, after, limit }),
  );
  for (const row of rows) yield* installationView(services, row);
}

export const INSTALLATION_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'listInstallationsForProject',
    method: 'GET',
    path: '/projects/{projectIdOrName}/installations',
    access: 'project',
    summary: 'installations of all integrations',
    status: 200,
    query: groupQuery,
    media: 'list',
    handle: ({ services, project, query }) => installationsListed(services, project, query),
  }),
  operation({
    id: 'listInstallations',
    method: 'GET',
    path: ALL,
    access: 'frontend',
    summary: 'installations of an integration',
    status: 200,
    query: groupQuery,
    media: 'list',
    handle({ services, project, principal, params, query }) {
      const { integrationId } = integrationOf(services, project, params.integrationId);
      return installationsListed(services, project, { integrationId, groupRef: groupAsked(principal, query.groupRef) });
    },
  }),
  operation({
    id: 'createInstallation',
    method: 'POST',
    path: ALL,
    access: 'frontend',
    summary: 'install an integration for a group',
    status: 201,
    query: samplingQuery,
    body: installationBody,
    async handle({ services, project, params, query, body }) {
      const integration = integrationOf(services, project, params.integrationId);
      const { groupRef, connectionId, config } = body;
      const isSampled = !query.skipSampling;
      const row = await createInstallation(services, integration, { groupRef, connectionId, ...config, isSampled });
      return installationView(services, row)[0];
    },
  }),
  operation({
    id: 'getInstallation',
    method: 'GET',
    path: INSTALLATION,
    access: 'frontend',
    summary: 'one installation',
    status: 200,
    handle: (call) => installationView(call.services, installationOf(call))[0],
  }),
  operation({
    id: 'updateInstallation',
    method: 'PATCH',
    path: INSTALLATION,
    access: 'frontend',
    summary: 'change what the mask names',
    status: 200,
    query: samplingQuery,
    body: z.object({ updateMask: z.array(z.string()), installation: z.custom<JsonObject>(isJsonObject, OBJECT) }),
    async handle(call) {
      const { services, project, params, query, body } = call;
      const update = { mask: body.updateMask, body: body.installation, isSampled: !query.skipSampling };
      const integration = integrationOf(services, project, params.integrationId);
      const row = await updateInstallation(services, integration, installationOf(call), update);
      return installationView(services, row)[0];
    },
  }),
  operation({
    id: 'patchObjectConfigContent',
    method: 'PATCH',
    path: '/projects/{projectIdOrName}/integrations/{integrationId}/objects/{objectName}/config-content',
    access: 'project',
    summary: 'change the config of one object, as JSON Patch does',
    status: 200,
    body: patchBody,
    async handle({ services, project, params, body }) {
      const integration = integrationOf(services, project, params.integrationId);
      const row = namedInstallation({ services, project }, integration, body);
      const { action, changes } = body;
      const patch = { action, changes, objectName: params.objectName };
      return installationView(services, await patchInstallation(services, integration, row, patch))[0];
    },
  }),
  operation({
    id: 'deleteInstallation',
    method: 'DELETE',
    path: INSTALLATION,
    access: 'frontend',
    summary: 'delete one, and its connection if nothing else uses that',
    status: 204,
    handle: (call) => removeInstallation(call.services, installationOf(call)),
  }),
];

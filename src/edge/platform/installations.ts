// Installations of integrations.

import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import { actorIdOf } from '../../core/ids.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { LIST_PAGE_MAX, REF_CHARS_MAX } from '../../core/limits.ts';
import { createInstallation, removeInstallation } from '../../flows/install/installations.ts';
import { readConnection } from '../../store/tables/connections.ts';
import { type InstallationRow, readInstallation, readInstallations } from '../../store/tables/installations.ts';
import { groupAsked, maySee } from '../auth.ts';
import type { EdgeServices } from '../context.ts';
import { installationJson } from '../wire.ts';
import { ref } from './input.ts';
import { integrationOf } from './integrations.ts';
import { type Call, type Operation, operation } from './operation.ts';

const ALL = '/projects/{projectIdOrName}/integrations/{integrationId}/installations';
const ONE = `${ALL}/{installationId}` as const;

const installationBody = z.object({
  groupRef: ref,
  connectionId: z.string().optional(),
  config: z.object({ content: z.custom<JsonValue>(), createdBy: z.string().max(REF_CHARS_MAX).optional() }),
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

/** An installation without its connection is being deleted, and is not shown. */
function installationView({ store }: EdgeServices, row: InstallationRow): JsonObject[] {
  const connection = readConnection(store.reads, row.connectionId);
  return connection === undefined ? [] : [installationJson(row, connection)];
}

const pauseBody = z.object({ objects: z.array(z.string()).max(LIST_PAGE_MAX).optional(), note: z.string().optional() });

/** `:pause` and `:unpause`; saying it twice is fine. */
function switching(id: string, verb: 'pause' | 'unpause', type: string): Operation {
  return operation({
    id,
    method: 'POST',
    path: `${ONE}:${verb}` as `${typeof ONE}:pause`,
    access: 'project',
    summary: `${verb} the schedules of an installation, or of some of its objects`,
    status: 204,
    body: pauseBody,
    isBodyOptional: true,
    async handle(call) {
      const { installationId } = installationOf(call);
      const objects = (call.body as z.output<typeof pauseBody> | null)?.objects ?? null;
      await call.services.runtime.send(actorIdOf('installation', installationId), { type, objects });
    },
  });
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
    handle: ({ services, project, query }) =>
      readInstallations(services.store.reads, project.projectId, query).flatMap((row) =>
        installationView(services, row),
      ),
  }),
  operation({
    id: 'listInstallations',
    method: 'GET',
    path: ALL,
    access: 'frontend',
    summary: 'installations of an integration',
    status: 200,
    query: groupQuery,
    handle({ services, project, principal, params, query }) {
      const { integrationId } = integrationOf(services, project, params.integrationId);
      const filter = { integrationId, groupRef: groupAsked(principal, query.groupRef) };
      return readInstallations(services.store.reads, project.projectId, filter).flatMap((row) =>
        installationView(services, row),
      );
    },
  }),
  operation({
    id: 'createInstallation',
    method: 'POST',
    path: ALL,
    access: 'frontend',
    summary: 'install an integration for a group',
    status: 201,
    body: installationBody,
    async handle({ services, project, params, body }) {
      const integration = integrationOf(services, project, params.integrationId);
      const { groupRef, connectionId, config } = body;
      const row = await createInstallation(services, integration, { groupRef, connectionId, ...config });
      return installationView(services, row)[0];
    },
  }),
  operation({
    id: 'getInstallation',
    method: 'GET',
    path: ONE,
    access: 'frontend',
    summary: 'one installation',
    status: 200,
    handle: (call) => installationView(call.services, installationOf(call))[0],
  }),
  operation({
    id: 'deleteInstallation',
    method: 'DELETE',
    path: ONE,
    access: 'frontend',
    summary: 'delete one, and its connection if nothing else uses that',
    status: 204,
    handle: (call) => removeInstallation(call.services, installationOf(call)),
  }),
  switching('pauseReads', 'pause', 'reads.paused'),
  switching('unpauseReads', 'unpause', 'reads.resumed'),
];

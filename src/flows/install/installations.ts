// Creates, changes and deletes installations. The row and the installation actor's event commit together; what the
// installation then does (backfill, schedules) is the actor's business.

import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { actorIdOf, type InstallationId, newId, type ProjectId } from '../../core/ids.ts';
import type { JsonValue } from '../../core/json.ts';
import { parseConfig } from '../../manifest/config.ts';
import type { KeptObject, RunningRevision } from '../../manifest/kept.ts';
import type { IntegrationSpec } from '../../manifest/manifest.ts';
import { type ConnectionRow, readConnection, readConnections } from '../../store/tables/connections.ts';
import { closeInbox } from '../../store/tables/inbox.ts';
import {
  deleteInstallation,
  type InstallationRow,
  type IntegrationRow,
  insertInstallation,
  type RevisionRow,
  readInstallations,
  readRevision,
} from '../../store/tables/installations.ts';
import { eraseWriteRequests } from '../../store/tables/writes.ts';
import { removeOrphan } from '../connect/removeConnection.ts';
import { installationChanged } from '../notify/events.ts';
import type { CommittedRows, Services } from '../services.ts';
import { sampleReads } from './sample.ts';

export interface NewInstallation {
  readonly groupRef: string;
  readonly connectionId?: string | undefined;
  readonly content: JsonValue;
  readonly createdBy?: string | undefined;
  /** Whether the provider is asked for a record of each object first. */
  readonly isSampled?: boolean;
}

/** The manifest part of an integration's latest revision. */
export function specOf({ store }: CommittedRows, integration: Pick<IntegrationRow, 'revisionId'>): IntegrationSpec {
  return runningRevisionOf({ store }, integration).spec;
}

/** The latest revision of an integration with what it keeps for who has installed earlier ones. */
export function runningRevisionOf(
  { store }: CommittedRows,
  integration: Pick<IntegrationRow, 'revisionId'>,
): RunningRevision {
  const revision = readRevision(store.reads, integration.revisionId);
  if (revision === undefined) throw new IntegrationError('not_found', 'the integration has no revision');
  return parsedRevision(revision);
}

export function parsedRevision({ content, kept }: Pick<RevisionRow, 'content' | 'kept'>): RunningRevision {
  return { spec: JSON.parse(content) as IntegrationSpec, kept: JSON.parse(kept) as readonly KeptObject[] };
}

/**
 * Rejects with `bad_request` for a wrong config or a connection that the group does not have, `invalid_input` if the
 * connection is of another provider, the group has installed the integration with this connection before, or the
 * provider refuses the reads.
 */
export async function createInstallation(
  services: Services,
  integration: IntegrationRow,
  input: NewInstallation,
): Promise<InstallationRow> {
  const { store, runtime, clock } = services;
  const { projectId, integrationId } = integration;
  const config = parseConfig(input.content, specOf(services, integration));
  const { connectionId } = connectionFor(services, integration, input.groupRef, input.connectionId);
  const installed = readInstallations(store.reads, projectId, { integrationId, groupRef: input.groupRef });
  if (installed.some((row) => row.connectionId === connectionId)) {
    throw installedAlready(input.groupRef, integration.name);
  }
  const spec = specOf(services, integration);
  if (input.isSampled === true) await sampleReads(services, { spec, content: config, former: {}, connectionId });
  // As it is now: asking the provider takes a while, and may be what finds out that the grant is gone.
  const { status } = connectionFor(services, integration, input.groupRef, connectionId);
  const isConnectionUsable = status !== 'bad_credentials';
  const nowMs = clock.nowMs();
  const installationId = newId<InstallationId>();
  const row = {
    installationId,
    projectId,
    integrationId,
    connectionId,
    groupRef: input.groupRef,
    healthStatus: isConnectionUsable ? 'healthy' : 'unhealthy',
    configId: newId<string>(),
    revisionId: integration.revisionId,
    config: JSON.stringify(config),
    createdBy: input.createdBy ?? 'api:create-installation',
    configuredAtMs: nowMs,
    createdAtMs: nowMs,
  } as const;
  const event = { type: 'installation.created', connectionId, isConnectionUsable };
  const told = installationChanged(services, 'created', row);
  const extras = { writes: [insertInstallation(row), ...told.writes], messages: told.messages };
  await runtime.send(actorIdOf('installation', installationId), event, extras).catch((error: unknown) => {
    // Two requests at the same moment, or the connection was deleted between our look and the commit.
    throw errorFacts(error).code === 'invalid_input' ? installedAlready(input.groupRef, integration.name) : error;
  });
  services.targets.forgetAll();
  return { ...row, updatedAtMs: null };
}

/**
 * Deletes the installation, and its connection if no other installation uses it; where the provider was asked to send
 * something, that is taken back first, with the connection. Deleting twice is `not_found`.
 */
export async function removeInstallation(services: Services, row: InstallationRow): Promise<void> {
  const { runtime, targets } = services;
  const event = { type: 'installation.deleted' };
  const told = installationChanged(services, 'deleted', row);
  const extras = {
    writes: [
      deleteInstallation(row.installationId),
      eraseWriteRequests(row.installationId),
      ...closeInbox(row.installationId),
      ...told.writes,
    ],
    messages: told.messages,
  };
  const isAccepted = await runtime.send(actorIdOf('installation', row.installationId), event, extras);
  targets.forgetAll();
  if (!isAccepted) throw new IntegrationError('not_found', 'no such installation');
  await removeOrphan(services, row.connectionId, row.installationId);
}

/**
 * The connection that is named, or the group's own. Rejects with `bad_request` if the group has none such,
 * `invalid_input` if it is of another provider.
 */
export function connectionFor(
  { store }: Services,
  { projectId, provider }: { projectId: ProjectId; provider: string },
  groupRef: string,
  connectionId: string | undefined,
): ConnectionRow {
  if (connectionId === undefined) {
    const [own] = readConnections(store.reads, projectId, { provider, groupRef });
    if (own !== undefined) return own;
    throw new IntegrationError('bad_request', `group "${groupRef}" has no connection to ${provider}`, {
      remedy: 'Connect the customer first.',
    });
  }
  const given = readConnection(store.reads, connectionId);
  // Whoever asks may be the browser of one group, which is not to learn of others.
  const isTheirs = given?.projectId === projectId && given.groupRef === groupRef;
  if (!isTheirs) {
    throw new IntegrationError('bad_request', 'no such connection', {
      remedy: `Name one of group "${groupRef}".`,
    });
  }
  if (given.provider !== provider)
    throw new IntegrationError('invalid_input', `the connection is to ${given.provider}`);
  return given;
}

export function installedAlready(groupRef: string, integrationName: string): IntegrationError {
  return new IntegrationError('invalid_input', `group "${groupRef}" has already installed "${integrationName}"`, {
    remedy: 'Use the installation it has, or delete that first.',
  });
}

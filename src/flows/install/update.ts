// Changes of an installation: what its customer chose, or the connection that it uses. The row and the actor's event
// commit together, and only if nobody else changed the config meanwhile.

import type { Message } from '../../../actors/host.ts';
import { IntegrationError } from '../../core/errors.ts';
import { type ActorId, actorIdOf, type ConnectionId, newId } from '../../core/ids.ts';
import type { JsonValue } from '../../core/json.ts';
import type { ConfigAction, ConfigContent } from '../../manifest/config.ts';
import { type InstallationChoice, updateByMask } from '../../manifest/configMask.ts';
import { patchObjectConfig } from '../../manifest/configPatch.ts';
import { readConnection } from '../../store/tables/connections.ts';
import { leaveInboxEvents } from '../../store/tables/inbox.ts';
import {
  configureInstallation,
  type InstallationRow,
  type IntegrationRow,
  readInstallations,
} from '../../store/tables/installations.ts';
import { changedMeanwhile } from '../apiKeys.ts';
import { installationUpdated } from '../notify/events.ts';
import type { Services } from '../services.ts';
import { connectionFor, installedAlready, specOf } from './installations.ts';
import { sampleReads } from './sample.ts';

export interface InstallationUpdate {
  readonly mask: readonly string[];
  /** The `installation` of the body. */
  readonly body: JsonValue;
  /** Whether the provider is asked for a record of each object that is read otherwise than before. */
  readonly isSampled: boolean;
}

/**
 * Rejects as `updateByMask`; with `bad_request` for a connection that the group does not have, `invalid_input` for one
 * of another provider or that the group has installed this with, and for reads that the provider refuses; with
 * `conflict` if it was changed meanwhile.
 */
export async function updateInstallation(
  services: Services,
  integration: IntegrationRow,
  row: InstallationRow,
  { mask, body, isSampled }: InstallationUpdate,
): Promise<InstallationRow> {
  const spec = specOf(services, integration);
  const { connectionId, createdBy } = row;
  const before: InstallationChoice = { connectionId, createdBy, content: JSON.parse(row.config) as ConfigContent };
  const after = updateByMask(before, { mask, body }, spec);
  if (mask.length === 0) return row;
  if (after.connectionId !== connectionId) assertFree(services, integration, row, after.connectionId);
  if (isSampled) {
    const former = after.connectionId === connectionId ? before.content : {};
    await sampleReads(services, { spec, content: after.content, former, connectionId: after.connectionId });
  }
  return configure(services, integration, row, after);
}

/** Changes of one object. Rejects as `patchObjectConfig`, and with `conflict` if it was changed meanwhile. */
export function patchInstallation(
  services: Services,
  integration: IntegrationRow,
  row: InstallationRow,
  patch: { readonly action: ConfigAction; readonly objectName: string; readonly changes: JsonValue },
): Promise<InstallationRow> {
  const { connectionId, createdBy } = row;
  const content = patchObjectConfig(JSON.parse(row.config) as ConfigContent, patch, specOf(services, integration));
  return configure(services, integration, row, { connectionId, createdBy, content });
}

async function configure(
  services: Services,
  { revisionId }: IntegrationRow,
  before: InstallationRow,
  { connectionId, createdBy, content }: InstallationChoice,
): Promise<InstallationRow> {
  const nowMs = services.clock.nowMs();
  const row: InstallationRow = {
    ...before,
    connectionId: connectionId as ConnectionId,
    createdBy,
    config: JSON.stringify(content),
    configId: newId<string>(),
    revisionId,
    configuredAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  const actorId = actorIdOf('installation', row.installationId);
  const event = { type: 'installation.configured', connectionId };
  const told = installationUpdated(services, row, before);
  const isMoved = connectionId !== before.connectionId;
  const fate = isMoved ? [fateOf(services, connectionId, actorId)] : [];
  const left = isMoved && !isSameAccount(services, before.connectionId, connectionId);
  const extras = {
    writes: [
      configureInstallation(row, before),
      ...(left ? [leaveInboxEvents(row.installationId)] : []),
      ...told.writes,
    ],
    messages: [...fate, ...told.messages],
  };
  const isAccepted = await services.runtime.send(actorId, event, extras).catch(changedMeanwhile);
  if (!isAccepted) throw new IntegrationError('not_found', 'no such installation');
  services.targets.forgetAll();
  return row;
}

/** The installation may have waited for its former connection, or must wait for this one. */
function fateOf({ store }: Services, connectionId: string, to: ActorId): Message {
  const isUsable = readConnection(store.reads, connectionId)?.status !== 'bad_credentials';
  return { to, event: { type: isUsable ? 'connection.restored' : 'connection.revoked', connectionId } };
}

/** Only of accounts that are known: events that wait would be told of records that are not theirs. */
function isSameAccount({ store }: Services, ...connectionIds: readonly [string, string]): boolean {
  const [one, other] = connectionIds.map((id) => readConnection(store.reads, id)?.workspaceRef ?? null);
  return one !== null && one === other;
}

function assertFree(
  services: Services,
  { projectId, integrationId, provider, name }: IntegrationRow,
  { groupRef }: InstallationRow,
  connectionId: string,
): void {
  connectionFor(services, { projectId, provider }, groupRef, connectionId);
  const others = readInstallations(services.store.reads, projectId, { integrationId, groupRef });
  if (others.some((other) => other.connectionId === connectionId)) throw installedAlready(groupRef, name);
}

// What is asked to be written, and whether the installation may: the object of its manifest, what its config says of
// it, and the connector that writes it. Everything that can be told without the provider is told here, before anything
// is stored.

import { connectorOf } from '../../connectors/connectors.ts';
import type { WriteConnector } from '../../connectors/contract.ts';
import { type InputIssue, IntegrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ConfigContent } from '../../manifest/config.ts';
import { type EffectiveWrite, effectiveWrite } from '../../manifest/effectiveWrite.ts';
import { type InstallationRow, readIntegration } from '../../store/tables/installations.ts';
import { specOf } from '../install/installations.ts';
import type { Services } from '../services.ts';
import type { ProviderTarget } from '../targets.ts';

export type WriteType = 'create' | 'update' | 'delete';

/** A record in the builder's words. */
export interface GivenRecord {
  /** With an `id` where one is changed or deleted. */
  readonly record: JsonObject;
  readonly associations: readonly JsonObject[];
  /** Changes of the same record that were collected before it, oldest first. */
  readonly earlier?: readonly JsonObject[];
}

/** What is stored of a write that waits: it is plain JSON. */
export interface WriteRequest {
  /** By the name that the caller used. */
  readonly objectName: string;
  readonly type: WriteType;
  /** At least one. */
  readonly records: readonly GivenRecord[];
  /** Asked for as a batch, also where that has one record: it is answered as one. */
  readonly isBatch: boolean;
  readonly isAllOrNone: boolean;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An installation as it writes one object. */
export interface Writing {
  readonly installation: InstallationRow;
  readonly write: EffectiveWrite;
  readonly connector: WriteConnector;
  readonly target: ProviderTarget;
}

/**
 * Rejects with `not_found` if the manifest does not write the object, `bad_request` with issues for what the config or
 * the provider does not allow.
 */
export function writingOf(services: Services, installation: InstallationRow, request: WriteRequest): Writing {
  const write = writeNamed(services, installation, request.objectName);
  const target = services.targets.ofConnection(installation.connectionId);
  const { displayName } = target.declaration;
  const connector = connectorOf(services.connectors, target.declaration)?.writer;
  if (connector === undefined) {
    throw new IntegrationError('bad_request', `records of ${displayName} cannot be written yet`, {
      remedy: 'Only HubSpot and Salesforce are supported. Write through the proxy.',
    });
  }
  if (request.type === 'delete' && !write.isDeletionEnabled) {
    throw refused('type', `deleting ${write.objectName} is not enabled in the config of the installation`);
  }
  for (const name of Object.keys(request.headers)) {
    if (!connector.acceptsHeader(name)) throw refused('headers', `${displayName} is not sent the header ${name}`);
  }
  if (!connector.hasAssociations && request.records.some(({ associations }) => associations.length > 0)) {
    throw refused('associations', `records of ${displayName} are written without associations`);
  }
  return { installation, write, connector, target };
}

function writeNamed(services: Services, installation: InstallationRow, given: string): EffectiveWrite {
  const integration = readIntegration(services.store.reads, installation.projectId, installation.integrationId);
  const spec = integration === undefined ? undefined : specOf(services, integration);
  const config = JSON.parse(installation.config) as ConfigContent;
  const write = spec === undefined ? null : effectiveWrite(spec, config, given);
  if (write !== null) return write;
  throw new IntegrationError('not_found', `the integration does not write an object named "${given}"`, {
    remedy: 'Add it to the objects under write in the manifest, and deploy that.',
  });
}

function refused(name: string, message: string): IntegrationError {
  const issue: InputIssue = { in: 'body', name, detail: message };
  return new IntegrationError('bad_request', message, { issues: [issue] });
}

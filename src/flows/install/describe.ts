// What a provider says of the objects of one account: the fields for the connect screen, with the manifest's wishes or
// without. Asked for a person who waits; one that cannot be described, or not in time, says why in its place.

import { connectorOf } from '../../connectors/connectors.ts';
import type { DescribedObject } from '../../connectors/contract.ts';
import { IntegrationError } from '../../core/errors.ts';
import { sentences } from '../../core/sentences.ts';
import type { CallPriority } from '../../limits/fairQueue.ts';
import {
  type FieldMetadata,
  type HydratedIntegration,
  hydrateIntegration,
  type ObjectDescription,
  objectsToDescribe,
} from '../../manifest/hydrate.ts';
import type { IntegrationSpec } from '../../manifest/manifest.ts';
import { type ConnectionRow, readConnections } from '../../store/tables/connections.ts';
import type { RevisionRow } from '../../store/tables/installations.ts';
import { providerCalls } from '../providerCall.ts';
import type { Services } from '../services.ts';
import { askEach } from './askEach.ts';

/** As published; `mappedObjectName` where the manifest has another name for the object. */
export interface ObjectMetadata {
  readonly name: string;
  readonly fields: Readonly<Record<string, FieldMetadata>>;
  readonly displayName?: string;
  readonly mappedObjectName?: string;
}

/** A manifest's revision with what the account of a connection has; never rejects for what is wrong with one object. */
export async function hydrate(
  services: Services,
  { content }: Pick<RevisionRow, 'content'>,
  connection: ConnectionRow,
): Promise<HydratedIntegration> {
  const spec = JSON.parse(content) as IntegrationSpec;
  const names = objectsToDescribe(spec);
  const late: ObjectDescription = { kind: 'failed', error: lateWords(services, connection) };
  const answers = await askEach(services.clock, names, async (name, signal) => {
    const answer = await describeOrSayWhy(services, connection, name, signal);
    return signal.aborted && answer?.kind === 'failed' ? late : answer;
  });
  return hydrateIntegration(spec, (name) => (answers.has(name) ? answers.get(name) : late));
}

/** Undefined where the provider cannot be asked. */
async function describeOrSayWhy(
  services: Services,
  connection: ConnectionRow,
  objectName: string,
  signal: AbortSignal,
): Promise<ObjectDescription | undefined> {
  try {
    const described = await describedObject(services, connection, objectName, 'interactive', signal);
    if (described === undefined) return undefined;
    const { displayName, fields } = described;
    return { kind: 'described', ...(displayName === undefined ? {} : { displayName }), fields };
  } catch (error) {
    return { kind: 'failed', error: wordsFor(services, connection, error) };
  }
}

/** For the customer, who reads them on the screen on which they can also connect again. */
function wordsFor({ catalog }: Services, { provider }: ConnectionRow, error: unknown): string {
  if (!(error instanceof IntegrationError)) return 'Something went wrong on our side. Please try again.';
  if (error.code !== 'auth_invalidated') return sentences([error.publicDetail]);
  return `${catalog.get(provider).displayName} no longer accepts this connection. Connect again to choose fields.`;
}

function lateWords({ catalog }: Services, { provider }: ConnectionRow): string {
  return `${catalog.get(provider).displayName} takes too long to say which fields there are. Please try again.`;
}

/** Undefined where the provider cannot be asked; otherwise rejects with the codes of a call. */
export async function describedObject(
  services: Services,
  { provider, connectionId }: Pick<ConnectionRow, 'provider' | 'connectionId'>,
  objectName: string,
  priority: CallPriority,
  signal?: AbortSignal,
): Promise<DescribedObject | undefined> {
  const connector = connectorOf(services.connectors, services.catalog.get(provider));
  const target = services.targets.ofConnection(connectionId);
  return connector?.describe?.(objectName, providerCalls(services, target, priority, signal));
}

/**
 * The fields of one object in the account of a group. Rejects with `bad_request` for a group without a connection or a
 * provider that cannot be asked, and with the codes of a call.
 */
export async function objectMetadata(
  services: Services,
  connection: ConnectionRow,
  objectName: string,
  isReadOnlyExcluded: boolean,
): Promise<ObjectMetadata> {
  const description = await describedObject(services, connection, objectName, 'interactive');
  if (description === undefined) {
    throw new IntegrationError('bad_request', `objects of ${connection.provider} cannot be described yet`);
  }
  const fields = description.fields.filter(({ readOnly }) => !isReadOnlyExcluded || readOnly !== true);
  const { displayName } = description;
  return {
    name: objectName,
    fields: Object.fromEntries(fields.map((field) => [field.fieldName, field])),
    ...(displayName === undefined ? {} : { displayName }),
  };
}

/** The connection of a group to a provider. Rejects with `bad_request`. */
export function connectionOfGroup(
  { store }: Services,
  { projectId, provider }: Pick<ConnectionRow, 'projectId' | 'provider'>,
  groupRef: string,
): ConnectionRow {
  const [own] = readConnections(store.reads, projectId, { provider, groupRef });
  if (own !== undefined) return own;
  throw new IntegrationError('bad_request', `group "${groupRef}" has no connection to ${provider}`, {
    remedy: 'Connect the customer first.',
  });
}

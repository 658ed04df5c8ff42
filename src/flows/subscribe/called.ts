// Whom a webhook's address is for, and how the webhooks of its provider are read. Called by `src/edge/webhooks.ts` with
// the parts of a path. Invariant: a receiver opens what it names and nothing else, whatever the rest of the path says.

import type { EventSource } from '../../connectors/events.ts';
import { readProject } from '../../store/tables/accounts.ts';
import { readInstallation, readIntegration } from '../../store/tables/installations.ts';
import { readIntegrationById } from '../../store/tables/integrations.ts';
import type { Services } from '../services.ts';
import {
  type Addressee,
  noSuchAddress,
  type OpenedReceiver,
  openInstallationReceiver,
  openReceiver,
} from './address.ts';
import { sourceOf } from './receive.ts';

/** What stands in a path; ids or names. */
export interface CalledPath {
  readonly receiver?: string | undefined;
  readonly project?: string | undefined;
  readonly integration?: string | undefined;
  readonly installation?: string | undefined;
}

export interface Called {
  readonly addressee: Addressee;
  readonly source: EventSource;
  /** By a receiver, which strangers do not know. */
  readonly isSecret: boolean;
  /** The receiver of an installation; null: another address. */
  readonly receiver: OpenedReceiver | null;
}

/** Null for an integration that does not exist, or whose webhooks only a receiver proves. */
export function calledByName(services: Services, { project = '', integration = '' }: CalledPath): Called | null {
  const { reads } = services.store;
  const owner = readProject(reads, project);
  const row = owner === undefined ? undefined : readIntegration(reads, owner.projectId, integration);
  if (row === undefined) return null;
  const source = sourceOf(services, row);
  if (source === undefined || source.secretOf === 'address' || source.secretOf === 'subscription') return null;
  return { addressee: { of: 'integration', integration: row }, source, isSecret: false, receiver: null };
}

/** Of an integration, or of an installation where the path ends with one. Rejects with `not_found`. */
export function calledByReceiver(services: Services, path: CalledPath): Called {
  const isOfInstallation = path.installation !== undefined;
  const receiver = isOfInstallation ? openInstallationReceiver(services, path.receiver ?? '') : null;
  const addressee =
    receiver === null ? integrationOf(services, path) : installationOf(services, path, receiver.installationId);
  const source = sourceOf(services, addressee.integration);
  if (source === undefined || !isIn(services, addressee.integration, path)) throw noSuchAddress();
  return { addressee, source, isSecret: true, receiver };
}

function integrationOf(services: Services, { receiver = '' }: CalledPath): Addressee {
  const integrationId = openReceiver(services, receiver);
  const integration = readIntegrationById(services.store.reads, integrationId);
  if (integration === undefined) throw noSuchAddress();
  return { of: 'integration', integration };
}

function installationOf(services: Services, { installation: named }: CalledPath, installationId: string): Addressee {
  const installation = readInstallation(services.store.reads, installationId);
  if (installation === undefined || named !== installationId) throw noSuchAddress();
  const integration = readIntegrationById(services.store.reads, installation.integrationId);
  if (integration === undefined) throw noSuchAddress();
  return { of: 'installation', integration, installation };
}

/** Whether the rest of a path says the same as its receiver, where there is more. */
function isIn(
  { store }: Services,
  { projectId, integrationId, name }: Addressee['integration'],
  { project, integration }: CalledPath,
): boolean {
  if (project === undefined || integration === undefined) return true;
  return readProject(store.reads, project)?.projectId === projectId && [integrationId, name].includes(integration);
}

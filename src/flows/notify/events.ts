// The events that builders are told of, one function each: what the published notification of it says. Each answers
// what to commit with the event itself.

import type { JsonObject } from '../../core/json.ts';
import type { DestinationRow } from '../../store/tables/accounts.ts';
import type { ConnectionRow } from '../../store/tables/connections.ts';
import { type InstallationRow, readIntegration } from '../../store/tables/installations.ts';
import type { Appended } from '../deliver/append.ts';
import { customerOf } from '../deliver/customer.ts';
import { publishedConfig } from '../install/published.ts';
import { type NotifyServices, notify } from './notify.ts';

/** What notifications say of an installation. */
export type NotifiedInstallation = Pick<
  InstallationRow,
  'projectId' | 'integrationId' | 'installationId' | 'connectionId' | 'groupRef' | 'config'
>;

type NotifiedConnection = Pick<
  ConnectionRow,
  'projectId' | 'connectionId' | 'provider' | 'groupRef' | 'consumerRef' | 'consumerName'
>;

/** Refreshed: by itself. Updated: connected again, or changed over the API. */
export function connectionChanged(
  services: NotifyServices,
  what: 'created' | 'refreshed' | 'updated' | 'deleted',
  connection: NotifiedConnection,
): Appended {
  const { projectId, connectionId } = connection;
  return notify(services, projectId, `connection.${what}`, () => ({
    subjectId: connectionId,
    data: connectionBase(connection),
  }));
}

/** The provider no longer accepts it, and said why. `error` is deprecated and the same. */
export function connectionFailed(services: NotifyServices, connection: NotifiedConnection, reason: string): Appended {
  const { projectId, connectionId } = connection;
  return notify(services, projectId, 'connection.error', () => ({
    subjectId: connectionId,
    data: { ...connectionBase(connection), errors: [reason], error: [reason] },
  }));
}

/** `deleted` has the config that it had. */
export function installationChanged(
  services: NotifyServices,
  what: 'created' | 'deleted',
  installation: NotifiedInstallation,
): Appended {
  return notify(services, installation.projectId, `installation.${what}`, () => ({
    ...installationBase(services, installation),
    config: configOf(services, installation),
  }));
}

export function installationUpdated(
  services: NotifyServices,
  installation: NotifiedInstallation,
  before: NotifiedInstallation,
): Appended {
  return notify(services, installation.projectId, 'installation.updated', () => ({
    ...installationBase(services, installation),
    config: configOf(services, installation),
    lastConfig: configOf(services, before),
  }));
}

/** Too many failures in a row: an explicit unpause is needed. */
export function readSchedulePaused(
  services: NotifyServices,
  installation: NotifiedInstallation,
  error: string,
): Appended {
  return notify(services, installation.projectId, 'read.schedule.paused', () => {
    const { subjectId, data } = installationBase(services, installation);
    return { subjectId, data: { ...data, error }, config: configOf(services, installation) };
  });
}

/** `objectName` is the name that its messages have. */
export function readBackfillDone(
  services: NotifyServices,
  installation: NotifiedInstallation,
  objectName: string,
): Appended {
  return notify(services, installation.projectId, 'read.backfill.done', () => {
    const { subjectId, data } = installationBase(services, installation);
    return { subjectId, data: { ...data, objectName } };
  });
}

/** How a triggered read ended. */
export interface TriggeredEnd {
  readonly objectName: string;
  /** As it was asked for. */
  readonly period: { readonly fromTimestamp?: string; readonly untilTimestamp?: string };
  /** Null if it went well. */
  readonly error: string | null;
}

export function readTriggeredEnded(
  services: NotifyServices,
  installation: NotifiedInstallation,
  { objectName, period, error }: TriggeredEnd,
): Appended {
  const type = error === null ? 'read.triggered.done' : 'read.triggered.error';
  return notify(services, installation.projectId, type, () => {
    const { subjectId, data } = installationBase(services, installation);
    const said = { objectName, ...period, ...(error === null ? {} : { error }) };
    return { subjectId, data: { ...data, ...said } };
  });
}

/** What became of an asynchronous write. */
export interface WriteOutcome {
  readonly objectName: string;
  /** Of all records. */
  readonly isSuccess: boolean;
  readonly successfulRecordIds: readonly string[];
  /** For records that failed. */
  readonly errors: readonly string[];
}

export function writeAsyncDone(
  services: NotifyServices,
  installation: NotifiedInstallation,
  { objectName, isSuccess, successfulRecordIds, errors }: WriteOutcome,
): Appended {
  return notify(services, installation.projectId, 'write.async.done', () => {
    const { subjectId, data } = installationBase(services, installation);
    const said = {
      objectName,
      success: isSuccess,
      ...(successfulRecordIds.length === 0 ? {} : { successfulRecordIds }),
      ...(errors.length === 0 ? {} : { errors }),
    };
    return { subjectId, data: { ...data, ...said } };
  });
}

/** The provider was asked to send something for the config that there is now, and that has failed for good. */
export function subscribeFailed(services: NotifyServices, installation: NotifiedInstallation, error: string): Appended {
  return notify(services, installation.projectId, 'subscribe.create.error', () => {
    const { subjectId, data } = installationBase(services, installation);
    return { subjectId, data: { ...data, error } };
  });
}

/** Told to every destination but the one that is given up. */
export function webhookDisabled(services: NotifyServices, destination: DestinationRow): Appended {
  const { projectId, destinationId, name, metadata } = destination;
  const say = () => {
    const { url } = JSON.parse(metadata) as { readonly url: string };
    return { subjectId: null, data: { projectId, destinationId, destinationName: name, url } };
  };
  return notify(services, projectId, 'destination.webhook.disabled', say, (id) => id !== destinationId);
}

function connectionBase(connection: NotifiedConnection): JsonObject {
  const { projectId, connectionId, provider, groupRef, consumerRef, consumerName } = connection;
  return { projectId, connectionId, provider, groupRef, consumerRef, consumerName };
}

function installationBase(
  services: NotifyServices,
  installation: NotifiedInstallation,
): { readonly subjectId: string; readonly data: JsonObject } {
  const { projectId, integrationId, installationId, connectionId } = installation;
  const { workspaceRef: _, ...customer } = customerOf(services, installation);
  const integrationName = readIntegration(services.store.reads, projectId, integrationId)?.name ?? '';
  const of = { integrationId, integrationName, installationId, connectionId };
  return { subjectId: installationId, data: { projectId, ...of, ...customer } };
}

function configOf(services: NotifyServices, installation: NotifiedInstallation): JsonObject {
  return publishedConfig(installation, customerOf(services, installation).provider);
}

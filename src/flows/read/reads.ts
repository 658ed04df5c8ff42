// The reads of an installation: which there are, who performs them and when they are due.

import { IntegrationError } from '../../core/errors.ts';
import { type ActorId, actorIdOf } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { ConfigContent } from '../../manifest/config.ts';
import { agendaOf, type EffectiveRead, effectiveReads } from '../../manifest/effective.ts';
import { runningSpec } from '../../manifest/kept.ts';
import type { IntegrationSpec } from '../../manifest/manifest.ts';
import { nextRunAtMs } from '../../manifest/schedule.ts';
import { type InstallationRow, readCheckpointsOf, readIntegration } from '../../store/tables/installations.ts';
import { runningRevisionOf } from '../install/installations.ts';
import type { CommittedRows } from '../services.ts';

/** The actor that reads one object of one installation. */
export function readActorId(installationId: string, objectName: string): ActorId {
  return actorIdOf('read', `${installationId}/${objectName}`);
}

/** When a read's schedule is due next; null without one. */
export function scheduledAtMs(read: EffectiveRead, nowMs: Ms): Ms | null {
  const { schedule } = agendaOf(read);
  return schedule === null ? null : nextRunAtMs(schedule, nowMs);
}

/** The reads of an installation as its config and the latest manifest say now. */
export function readsOf(rows: CommittedRows, installation: InstallationRow): readonly EffectiveRead[] {
  const spec = specFor(rows, installation);
  return spec === null ? [] : effectiveReads(spec, JSON.parse(installation.config) as ConfigContent);
}

/** The manifest's integration as it runs for an installation; null if it is gone. */
export function specFor(rows: CommittedRows, installation: InstallationRow): IntegrationSpec | null {
  const integration = readIntegration(rows.store.reads, installation.projectId, installation.integrationId);
  return integration === undefined ? null : runningSpec(runningRevisionOf(rows, integration), installation.createdAtMs);
}

/**
 * The read of an object, by the provider's name or the builder's. Rejects with `not_found` if the installation does not
 * read it.
 */
export function readNamed(rows: CommittedRows, installation: InstallationRow, given: string): EffectiveRead {
  return readIn(readsOf(rows, installation), given);
}

/** The same of an object that the manifest has and the config may not name: then as if it did, without a word more. */
export function offeredRead(rows: CommittedRows, installation: InstallationRow, given: string): EffectiveRead {
  const spec = specFor(rows, installation);
  const objects = (spec?.read?.objects ?? []).map((object) => ({ ...object, enabled: 'always' as const }));
  const config = JSON.parse(installation.config) as ConfigContent;
  return readIn(spec === null ? [] : effectiveReads({ ...spec, read: { objects } }, config), given);
}

function readIn(reads: readonly EffectiveRead[], given: string): EffectiveRead {
  const found = namedIn(reads, given);
  if (found !== undefined) return found;
  throw new IntegrationError('not_found', `the installation does not read an object named "${given}"`);
}

/**
 * The provider's names of objects that are read, or were and are known still. Rejects with `bad_request` for others: a
 * name that is mistyped must not look like one that was heard.
 */
export function knownReads(rows: CommittedRows, installation: InstallationRow, given: readonly string[]): string[] {
  const known = readCheckpointsOf(rows.store.reads, installation.installationId);
  const reads = [
    ...readsOf(rows, installation),
    ...known.map(({ objectName }) => ({ objectName, deliveredName: objectName })),
  ];
  return given.map((name, index) => {
    const found = namedIn(reads, name);
    if (found !== undefined) return found.objectName;
    throw new IntegrationError('bad_request', `the installation does not read an object named "${name}"`, {
      issues: [{ in: 'body', name: `objects[${index}]`, detail: 'is not read' }],
    });
  });
}

function namedIn<Read extends Pick<EffectiveRead, 'objectName' | 'deliveredName'>>(
  reads: readonly Read[],
  given: string,
): Read | undefined {
  const isGiven = (name: string) => name.toLowerCase() === given.toLowerCase();
  return (
    reads.find(({ objectName }) => isGiven(objectName)) ?? reads.find(({ deliveredName }) => isGiven(deliveredName))
  );
}

// The reads of an installation: which there are, who performs them and when they are due.

import { type ActorId, actorIdOf } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { ConfigContent } from '../../manifest/config.ts';
import { agendaOf, type EffectiveRead, effectiveReads } from '../../manifest/effective.ts';
import { runningSpec } from '../../manifest/kept.ts';
import { nextRunAtMs } from '../../manifest/schedule.ts';
import { type InstallationRow, readIntegration } from '../../store/tables/installations.ts';
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
  const integration = readIntegration(rows.store.reads, installation.projectId, installation.integrationId);
  if (integration === undefined) return [];
  const spec = runningSpec(runningRevisionOf(rows, integration), installation.createdAtMs);
  return effectiveReads(spec, JSON.parse(installation.config) as ConfigContent);
}

// Which installations are watched, when their objects are looked at, and what the actor that does so is told. Called
// where a config is applied and where reads are told what became of their connection. Invariant: an installation that
// was never watched has no actor for it, and one that is not watched any more loses it.

import { hash } from 'node:crypto';
import type { Message } from '../../../actors/host.ts';
import type { TellReadsEffect } from '../../../machines/effects.ts';
import { type ActorId, actorIdOf } from '../../core/ids.ts';
import { SCHEMA_LOOK_SPREAD_MS } from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import type { EffectiveRead } from '../../manifest/effective.ts';
import { nextRunAtMs } from '../../manifest/schedule.ts';
import { type SchemaWatch, schemaWatchOf } from '../../manifest/schemaWatch.ts';
import { readEffectsFor } from '../../store/tables/effects.ts';
import { readObjectsLookedAt } from '../../store/tables/fieldSnapshots.ts';
import type { InstallationRow } from '../../store/tables/installations.ts';
import { readSnapshot } from '../../store/tables/snapshots.ts';
import { readsOf, specFor } from '../read/reads.ts';
import type { CommittedRows, Services } from '../services.ts';

/** Where something is to be looked at soon, and not by everybody at once. */
export const HOURLY = '0 * * * *';
const HASH_DIGITS = 8;

/** The actor that watches the fields of an installation's objects. */
export function schemaWatchActorId(installationId: string): ActorId {
  return actorIdOf('schemaWatch', installationId);
}

/** What an installation watches by the latest manifest; null: nothing. */
export function watchOf(rows: CommittedRows, installation: InstallationRow): SchemaWatch | null {
  const spec = specFor(rows, installation);
  return spec === null ? null : schemaWatchOf(spec);
}

/** What is looked at. Objects that are switched off are not: what becomes of them meanwhile is told afterwards. */
export function watchedReads(rows: CommittedRows, installation: InstallationRow): readonly EffectiveRead[] {
  return readsOf(rows, installation).filter(({ isDisabled }) => !isDisabled);
}

/**
 * When a schedule is due next for an installation. All of them name the same minutes, mostly midnight, so each
 * installation has a time of its own after those, always the same, and the interval stays what it is.
 */
export function nextLookAtMs(schedule: string, installationId: string, nowMs: Ms): Ms | null {
  const share = Number.parseInt(hash('sha256', installationId).slice(0, HASH_DIGITS), 16) / 16 ** HASH_DIGITS;
  const laterMs = Math.floor(share * SCHEMA_LOOK_SPREAD_MS);
  const runAtMs = nextRunAtMs(schedule, nowMs - laterMs);
  return runAtMs === null ? null : runAtMs + laterMs;
}

/** What commits with a config that is applied. */
export function watchConfigured(
  { store, clock }: Pick<Services, 'store' | 'clock'>,
  installation: InstallationRow,
): readonly Message[] {
  const { installationId, createdAtMs } = installation;
  const to = schemaWatchActorId(installationId);
  const watch = watchOf({ store }, installation);
  if (watch === null) return isKnown({ store }, to) ? [{ to, event: { type: 'watch.removed' } }] : [];
  const nowMs = clock.nowMs();
  const lookedAt = new Set(readObjectsLookedAt(store.reads, installationId));
  const isEachKnown = watchedReads({ store }, installation).every(({ objectName }) => lookedAt.has(objectName));
  // What nobody has looked at cannot be seen to change. A deploy brings that to all installations at once, so only
  // those that were made just now are looked at immediately.
  const isNew = nowMs - createdAtMs < SCHEMA_LOOK_SPREAD_MS;
  const soonAtMs = isNew ? nowMs : nextLookAtMs(HOURLY, installationId, nowMs);
  const atMs = isEachKnown ? nextLookAtMs(watch.schedule, installationId, nowMs) : soonAtMs;
  return [{ to, event: { type: 'watch.configured', installationId, nextLookAtMs: atMs } }];
}

const TOLD = {
  'read.blocked': 'watch.blocked',
  'read.unblocked': 'watch.unblocked',
  'read.removed': 'watch.removed',
} as const;

/** What commits with news for all reads of an installation. That they are paused is nothing to who only looks. */
export function watchTold(
  rows: CommittedRows,
  installationId: string,
  event: TellReadsEffect['event'],
): readonly Message[] {
  if (event === 'read.paused' || event === 'read.resumed') return [];
  const to = schemaWatchActorId(installationId);
  return isKnown(rows, to) ? [{ to, event: { type: TOLD[event] } }] : [];
}

/** It watches, or is about to hear that it should. */
function isKnown({ store }: CommittedRows, actorId: ActorId): boolean {
  if ((readSnapshot(store.reads, actorId)?.state ?? '') !== '') return true;
  return readEffectsFor(store.reads, actorId, 1).length > 0;
}

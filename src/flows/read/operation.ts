// The operation that the wire shows for a run: opened with its first page, counted with each, closed with the last or
// when the run will not go on.

import type { ReplayableHandler } from '../../../actors/dispatch.ts';
import type { CloseRunEffect, Trigger } from '../../../machines/effects.ts';
import { type ActorId, newId, type OperationId } from '../../core/ids.ts';
import { EFFECT_DEADLINE_MS } from '../../core/limits.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import type { RowWrite } from '../../store/port.ts';
import {
  type CheckpointRow,
  deleteCheckpoint,
  insertOperation,
  readCheckpoint,
  readInstallation,
  readOperation,
  updateOperation,
} from '../../store/tables/installations.ts';
import { type Appended, NOTHING_APPENDED } from '../deliver/append.ts';
import { readSchedulePaused, readTriggeredEnded } from '../notify/events.ts';
import type { Services } from '../services.ts';
import type { PageContext } from './page.ts';
import { readActorId, readsOf } from './reads.ts';

interface MetadataFacts {
  readonly installationId: string;
  readonly objectName: string;
  readonly operationId: string | null;
  readonly readType: string | null;
  readonly recordsRead: number;
}

/** What a triggered read was asked for; a side that was left open is absent. */
interface ReadPeriod {
  readonly fromTimestamp?: string;
  readonly untilTimestamp?: string;
}

export function periodOf({ sinceMs, untilMs }: Pick<Trigger, 'sinceMs' | 'untilMs'>): ReadPeriod {
  return {
    ...(sinceMs === null ? {} : { fromTimestamp: toRfc3339(sinceMs) }),
    ...(untilMs === null ? {} : { untilTimestamp: toRfc3339(untilMs) }),
  };
}

/** Metadata of a read operation on the wire; `readType` and the period of a triggered one are additions of ours. */
export function metadataOf(facts: MetadataFacts, period: ReadPeriod): string {
  const { installationId, objectName, operationId, readType, recordsRead } = facts;
  const progress = { installationId, objectName, operationId, recordsProcessed: recordsRead };
  return JSON.stringify({ objects: [objectName], readType, ...period, progress });
}

/** The rows of an operation that go with a page; `next` is the checkpoint after it. */
export function operationWrites(
  { checkpoint, installation, effect }: PageContext,
  next: CheckpointRow,
  isLast: boolean,
  nowMs: Ms,
): readonly RowWrite[] {
  const status = isLast ? 'success' : 'in_progress';
  const result = isLast ? resultOf(next) : null;
  const metadata = metadataOf(next, effect.trigger == null ? {} : periodOf(effect.trigger));
  // That of a trigger is as old as its answer.
  const isOpen = checkpoint.page > 0 || effect.trigger != null;
  if (isOpen) return [updateOperation(checkpoint.operationId, { status, result, metadata }, nowMs)];
  const { projectId, integrationId, installationId, configId } = installation;
  const { operationId } = checkpoint;
  const facts = { projectId, integrationId, installationId, configId, status, result, metadata } as const;
  return [insertOperation({ operationId, ...facts, actionType: 'read', createdAtMs: nowMs })];
}

function resultOf({ objectName, recordsRead }: CheckpointRow): string {
  return recordsRead === 0 ? `[${objectName}] No new data found` : `[${objectName}] Read ${recordsRead} records`;
}

export function closeRunHandler(services: Services): ReplayableHandler<CloseRunEffect> {
  return {
    kind: 'replayable',
    deadlineMs: EFFECT_DEADLINE_MS,
    perform(effect) {
      const actorId = readActorId(effect.installationId, effect.objectName);
      const removal = effect.isRemoved ? [deleteCheckpoint(actorId)] : [];
      const ended =
        effect.operationId == null
          ? failureWrites(services, actorId, effect)
          : endOf(services, effect.operationId, effect);
      const waiting = (effect.waiting ?? []).map((operationId) => endOf(services, operationId, effect));
      const told = [ended, ...waiting, pauseTold(services, effect)];
      return Promise.resolve({
        event: null,
        writes: [...removal, ...told.flatMap(({ writes }) => writes)],
        messages: told.flatMap(({ messages }) => messages),
      });
    },
  };
}

/** Where the read pauses by itself its builder is told; what is gone tells nothing. */
function pauseTold(services: Services, { installationId, objectName, message, isPaused }: CloseRunEffect): Appended {
  const installation = isPaused === true ? readInstallation(services.store.reads, installationId) : undefined;
  if (installation === undefined) return NOTHING_APPENDED;
  return readSchedulePaused(services, installation, `[${objectName}] ${message}`);
}

function endOf(services: Services, operationId: string, effect: CloseRunEffect): Appended {
  const { store, clock } = services;
  const operation = readOperation(store.reads, operationId);
  if (operation?.status !== 'in_progress') return NOTHING_APPENDED;
  const { metadata } = operation;
  const result = `[${effect.objectName}] ${effect.message}`;
  const told = triggeredTold(services, JSON.parse(metadata) as ReadPeriod & { readType: string | null }, effect);
  const update = updateOperation(operationId, { status: 'failure', result, metadata }, clock.nowMs());
  return { writes: [update, ...told.writes], messages: told.messages };
}

function triggeredTold(
  services: Services,
  { readType, fromTimestamp, untilTimestamp }: ReadPeriod & { readonly readType: string | null },
  { installationId, objectName, message }: CloseRunEffect,
): Appended {
  const installation = readInstallation(services.store.reads, installationId);
  if (readType !== 'triggered' || installation === undefined) return NOTHING_APPENDED;
  const read = readsOf(services, installation).find((one) => one.objectName === objectName);
  return readTriggeredEnded(services, installation, {
    objectName: read?.deliveredName ?? objectName,
    period: {
      ...(fromTimestamp === undefined ? {} : { fromTimestamp }),
      ...(untilTimestamp === undefined ? {} : { untilTimestamp }),
    },
    error: message,
  });
}

/** A run that failed before its first page was committed has no operation yet; it gets one, so that it can be seen. */
function failureWrites(services: Services, actorId: ActorId, effect: CloseRunEffect): Appended {
  const { store, clock } = services;
  const { installationId, objectName, readType } = effect;
  const checkpoint = readCheckpoint(store.reads, actorId);
  if (checkpoint?.run === effect.run && checkpoint.operationId !== null) {
    return endOf(services, checkpoint.operationId, effect);
  }
  const installation = readInstallation(store.reads, installationId);
  if (installation === undefined || effect.isRemoved) return NOTHING_APPENDED;
  const { projectId, integrationId, configId } = installation;
  const operationId = newId<OperationId>();
  const result = `[${objectName}] ${effect.message}`;
  const metadata = metadataOf({ installationId, objectName, operationId, readType, recordsRead: 0 }, {});
  const facts = { projectId, integrationId, installationId: installation.installationId, configId } as const;
  const outcome = { actionType: 'read', status: 'failure', result, metadata, createdAtMs: clock.nowMs() } as const;
  return { writes: [insertOperation({ operationId, ...facts, ...outcome })], messages: [] };
}

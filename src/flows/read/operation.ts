// The operation that the wire shows for a run: opened with its first page, counted with each, closed with the last or
// when the run will not go on.

import type { ReplayableHandler } from '../../../actors/dispatch.ts';
import type { CloseRunEffect } from '../../../machines/effects.ts';
import { type ActorId, newId, type OperationId } from '../../core/ids.ts';
import { EFFECT_DEADLINE_MS } from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
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
import type { Services } from '../services.ts';
import type { PageContext } from './page.ts';
import { readActorId } from './reads.ts';

interface MetadataFacts {
  readonly installationId: string;
  readonly objectName: string;
  readonly operationId: string | null;
  readonly readType: string | null;
  readonly recordsRead: number;
}

/** Metadata of a read operation on the wire; `readType` is an addition of ours. */
export function metadataOf(facts: MetadataFacts): string {
  const { installationId, objectName, operationId, readType, recordsRead } = facts;
  const progress = { installationId, objectName, operationId, recordsProcessed: recordsRead };
  return JSON.stringify({ objects: [objectName], readType, progress });
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
  const metadata = metadataOf(next);
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
      const waiting = (effect.waiting ?? []).flatMap((operationId) => endOf(services, operationId, effect));
      return Promise.resolve({ event: null, writes: [...removal, ...ended, ...waiting] });
    },
  };
}

function endOf({ store, clock }: Services, operationId: string, effect: CloseRunEffect): readonly RowWrite[] {
  const operation = readOperation(store.reads, operationId);
  if (operation?.status !== 'in_progress') return [];
  const result = `[${effect.objectName}] ${effect.message}`;
  return [updateOperation(operationId, { status: 'failure', result, metadata: operation.metadata }, clock.nowMs())];
}

/** A run that failed before its first page was committed has no operation yet; it gets one, so that it can be seen. */
function failureWrites(services: Services, actorId: ActorId, effect: CloseRunEffect): readonly RowWrite[] {
  const { store, clock } = services;
  const { installationId, objectName, readType } = effect;
  const checkpoint = readCheckpoint(store.reads, actorId);
  if (checkpoint?.run === effect.run && checkpoint.operationId !== null) {
    return endOf(services, checkpoint.operationId, effect);
  }
  const installation = readInstallation(store.reads, installationId);
  if (installation === undefined || effect.isRemoved) return [];
  const { projectId, integrationId, configId } = installation;
  const operationId = newId<OperationId>();
  const result = `[${objectName}] ${effect.message}`;
  const metadata = metadataOf({ installationId, objectName, operationId, readType, recordsRead: 0 });
  const facts = { projectId, integrationId, installationId: installation.installationId, configId } as const;
  const outcome = { actionType: 'read', status: 'failure', result, metadata, createdAtMs: clock.nowMs() } as const;
  return [insertOperation({ operationId, ...facts, ...outcome })];
}

// The operation that the wire shows for a run: opened with its first page, counted with each, closed with the last or
// when the run will not go on.

import type { ReplayableHandler } from '../../../actors/dispatch.ts';
import type { CloseRunEffect } from '../../../machines/effects.ts';
import { EFFECT_DEADLINE_MS } from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import type { RowWrite } from '../../store/port.ts';
import {
  type CheckpointRow,
  deleteCheckpoint,
  insertOperation,
  readCheckpoint,
  readOperation,
  updateOperation,
} from '../../store/tables/installations.ts';
import { readActorId } from '../install/effects.ts';
import type { Services } from '../services.ts';
import type { PageContext } from './page.ts';

/** Metadata of a read operation on the wire; `readType` is an addition of ours. */
function metadataOf({ installationId, objectName, operationId, readType, recordsRead }: CheckpointRow): string {
  const progress = { installationId, objectName, operationId, recordsProcessed: recordsRead };
  return JSON.stringify({ objects: [objectName], readType, progress });
}

/** The rows of an operation that go with a page; `next` is the checkpoint after it. */
export function operationWrites(
  { checkpoint, installation }: PageContext,
  next: CheckpointRow,
  isLast: boolean,
  nowMs: Ms,
): readonly RowWrite[] {
  const status = isLast ? 'success' : 'in_progress';
  const result = isLast ? resultOf(next) : null;
  const metadata = metadataOf(next);
  if (checkpoint.page > 0) return [updateOperation(checkpoint.operationId, { status, result, metadata }, nowMs)];
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
    perform({ installationId, objectName, message, isRemoved }) {
      const { reads } = services.store;
      const actorId = readActorId(installationId, objectName);
      const checkpoint = readCheckpoint(reads, actorId);
      const operation = checkpoint?.operationId == null ? undefined : readOperation(reads, checkpoint.operationId);
      const writes: RowWrite[] = isRemoved ? [deleteCheckpoint(actorId)] : [];
      if (operation?.status === 'in_progress') {
        const facts = {
          status: 'failure',
          result: `[${objectName}] ${message}`,
          metadata: operation.metadata,
        } as const;
        writes.push(updateOperation(operation.operationId, facts, services.clock.nowMs()));
      }
      return Promise.resolve({ event: null, writes });
    },
    failed(effect, error) {
      throw new Error(`${effect.type} failed: ${error.message}`);
    },
  };
}

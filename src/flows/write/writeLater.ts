// A write that nobody waits for: what is to be written, its operation and the first step of its actor are in one
// commit, which the answer rests on. From there on it is tried until the provider has judged it or its time is over,
// whatever the process does. Single records may be collected to batches first.

import type { WriteBatchContext } from '../../../machines/writeBatch.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { type ActorId, actorIdOf, newId, type OperationId } from '../../core/ids.ts';
import {
  WRITE_BATCH_BYTES_MAX,
  WRITE_BATCH_TRIES_MAX,
  WRITES_WAITING_BYTES_MAX,
  WRITES_WAITING_MAX,
} from '../../core/limits.ts';
import type { RowWrite } from '../../store/port.ts';
import type { InstallationRow } from '../../store/tables/installations.ts';
import { readWaitingWrites } from '../../store/tables/writes.ts';
import type { Services } from '../services.ts';
import { begunOperation } from './outcome.ts';
import { type WriteRequest, type Writing, writingOf } from './request.ts';
import { storedRequest, writeActorId } from './stored.ts';

/**
 * Answers the operation of a write that is on disk. Rejects as `writingOf`, with `rate_limited` while too many of the
 * installation wait, `not_found` if it is deleted meanwhile.
 */
export async function writeLater(
  services: Services,
  installation: InstallationRow,
  request: WriteRequest,
  deadlineMs: number,
): Promise<OperationId> {
  const { write } = admitted(services, installation, request);
  const { installationId } = installation;
  const { objectName } = write;
  const operationId = newId<OperationId>();
  const of = { installationId, operationId, objectName, writeType: request.type };
  await sent(services, writeActorId(installationId, operationId), { type: 'write.requested', ...of, deadlineMs }, [
    begunOperation(services, installation, operationId, objectName),
    storedRequest(services, installation, operationId, request),
  ]);
  return operationId;
}

/** How long the batch of a record may wait for others, and how long it is then tried. */
export interface BatchPolicy {
  readonly delayMs: number;
  readonly deadlineMs: number;
}

/**
 * Adds a single record to the batch of its installation, object and type, and answers the operation of that. Rejects as
 * `writeLater`, and with `overloaded` if others are always faster.
 */
export async function collectWrite(
  services: Services,
  installation: InstallationRow,
  single: WriteRequest,
  { delayMs, deadlineMs }: BatchPolicy,
): Promise<OperationId> {
  const request: WriteRequest = { ...single, isBatch: true };
  const { write } = admitted(services, installation, request);
  const { installationId } = installation;
  const { objectName } = write;
  const actorId = actorIdOf('writeBatch', `${installationId}/${request.type}/${objectName}`);
  const bytes = Buffer.byteLength(JSON.stringify(request.records));
  for (let tries = 0; tries < WRITE_BATCH_TRIES_MAX; tries++) {
    const open = openBatch(services, actorId);
    if (open !== null && open.bytes + bytes > WRITE_BATCH_BYTES_MAX) {
      await sent(services, actorId, { type: 'batch.full', operationId: open.operationId }, []);
      continue;
    }
    const operationId = open?.operationId ?? newId<OperationId>();
    const isFirst = open === null;
    const record = { installationId, objectName, writeType: request.type, operationId, isFirst, bytes };
    const isAdded = await sent(services, actorId, { type: 'record.added', ...record, delayMs, deadlineMs }, [
      ...(isFirst ? [begunOperation(services, installation, operationId, objectName)] : []),
      storedRequest(services, installation, operationId, request),
    ]);
    if (isAdded) return operationId;
  }
  throw new IntegrationError('overloaded', 'too many records are added to batches at the same moment');
}

/** Null: the next record opens one. */
function openBatch(
  { runtime }: Services,
  actorId: ActorId,
): { readonly operationId: OperationId; readonly bytes: number } | null {
  const { operationId, bytes } = runtime.peek(actorId).context as WriteBatchContext;
  return operationId === null ? null : { operationId: operationId as OperationId, bytes };
}

function admitted(services: Services, installation: InstallationRow, request: WriteRequest): Writing {
  const writing = writingOf(services, installation, request);
  const { count, bytes } = readWaitingWrites(services.store.reads, installation.installationId, WRITES_WAITING_MAX);
  if (count < WRITES_WAITING_MAX && bytes < WRITES_WAITING_BYTES_MAX) return writing;
  const waiting = `${count} writes of the installation with ${bytes} bytes wait already`;
  throw new IntegrationError('rate_limited', waiting, {
    remedy: 'Wait for their operations to end, or bring several records in one batch.',
  });
}

async function sent(
  { runtime }: Services,
  actorId: ActorId,
  event: Parameters<Services['runtime']['send']>[1],
  writes: readonly RowWrite[],
): Promise<boolean> {
  return await runtime.send(actorId, event, { writes }).catch((error: unknown) => {
    // A row is refused only if the installation was deleted at the same moment.
    throw errorFacts(error).code === 'invalid_input'
      ? new IntegrationError('not_found', 'no such installation')
      : error;
  });
}

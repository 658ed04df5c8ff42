// Erases one installation everywhere, whatever state it is in. First everything that could make something new goes in
// one commit: the installation, its actors and what they had asked for. Then what they have made goes in small
// commits, and the room is given back, so that nothing of it is left in the files. Invariant: interrupted anywhere, it
// can be called again and goes on.

import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { type ActorId, actorIdOf, type ConnectionId } from '../../core/ids.ts';
import { INBOX_EVENTS_MAX, RETENTION_ROWS_PER_STEP } from '../../core/limits.ts';
import type { RowWrite } from '../../store/port.ts';
import { type ConnectionRow, deleteConnection, readConnection } from '../../store/tables/connections.ts';
import { eraseInboxRows, readInboxDepth, readInboxSeqs } from '../../store/tables/inbox.ts';
import {
  eraseInstallationRows,
  eraseOperations,
  readCheckpointsOf,
  readInstallation,
  readInstallationsOfConnection,
  readOperationIds,
} from '../../store/tables/installations.ts';
import {
  eraseBlobs,
  eraseMessages,
  passOnMessages,
  readBlobIdsOfInstallation,
  readSeqsOfOperations,
  readSeqsOfSubjects,
} from '../../store/tables/outbox.ts';
import { readSubscription } from '../../store/tables/subscriptions.ts';
import { countActorRows, readActorsOfInstallation } from '../../store/tables/upkeep.ts';
import type { Services } from '../services.ts';
import { giveBackPages } from './retention.ts';

export interface EraseOptions {
  /** Keep the connection also if no other installation uses it. */
  readonly isConnectionKept: boolean;
}

/** What was there: rows per table. */
export interface Erased {
  readonly installationId: string;
  /** Null if it was kept, or is used by others. */
  readonly connectionId: ConnectionId | null;
  readonly rows: Readonly<Record<string, number>>;
}

type Storage = Pick<Services, 'store' | 'runtime'>;

/** On a running server. Rejects as `eraseRows`. */
export async function eraseInstallation(
  services: Services,
  installationId: string,
  options: EraseOptions,
): Promise<Erased> {
  const { tokens, targets, log } = services;
  const erased = await eraseRows(services, installationId, options, (connectionId) => {
    targets.forgetAll();
    if (connectionId !== null) tokens.forget(connectionId);
  });
  log.info({ installationId, rows: erased.rows }, 'an installation was erased');
  return erased;
}

/**
 * `removed` is called when nothing new can come of it any more. Rejects with `not_found` if there is nothing of it, and
 * with `storage_unavailable`; then what was erased so far stays erased.
 */
export async function eraseRows(
  storage: Storage,
  installationId: string,
  options: EraseOptions,
  removed: (connectionId: ConnectionId | null) => void = () => {},
): Promise<Erased> {
  const { store } = storage;
  const actors = await removeActors(storage, installationId, options);
  await removeLateActors(storage, installationId);
  removed(actors.connectionId);
  const blobs = await eraseAll(
    () => readBlobIdsOfInstallation(store.reads, installationId, RETENTION_ROWS_PER_STEP),
    (ids) => store.commit([eraseBlobs(ids)]),
  );
  let outbox = await eraseAll(
    () => readSeqsOfSubjects(store.reads, [installationId], RETENTION_ROWS_PER_STEP),
    (seqs) => store.commit(eraseMessages(seqs)),
  );
  const operations = await eraseAll(
    () => readOperationIds(store.reads, installationId, RETENTION_ROWS_PER_STEP),
    async (ids) => {
      outbox += await eraseAll(
        () => readSeqsOfOperations(store.reads, ids, RETENTION_ROWS_PER_STEP),
        (seqs) => store.commit(eraseMessages(seqs)),
      );
      await store.commit([eraseOperations(ids)]);
    },
  );
  const keys = await eraseAll(
    () => readInboxSeqs(store.reads, installationId, RETENTION_ROWS_PER_STEP),
    (seqs) => store.commit([eraseInboxRows(seqs)]),
  );
  const rows = { ...actors.rows, operations, outbox, blobs, inbox: actors.rows.inbox + keys };
  if (Object.values(rows).every((count) => count === 0))
    throw new IntegrationError('not_found', 'no such installation');
  await giveBackPages(store, () => false);
  // Once more, when nothing of it is in use: what is left of it in the log goes too.
  await store.vacuum(0);
  return { installationId, connectionId: actors.connectionId, rows };
}

async function removeActors(storage: Storage, installationId: string, { isConnectionKept }: EraseOptions) {
  const { reads } = storage.store;
  const row = readInstallation(reads, installationId);
  // One that is gone may have left a connection for what is to be taken back with it.
  const connectionId = row?.connectionId ?? readSubscription(reads, installationId)?.connectionId;
  const connection = connectionId === undefined || isConnectionKept ? undefined : readConnection(reads, connectionId);
  const isShared = readInstallationsOfConnection(reads, connection?.connectionId ?? '').length > 1;
  const actorIds = readActorsOfInstallation(reads, installationId);
  const counts = {
    installations: row === undefined ? 0 : 1,
    checkpoints: readCheckpointsOf(reads, installationId).length,
    inbox: readInboxDepth(reads, installationId, INBOX_EVENTS_MAX).events,
  };
  const writes = eraseInstallationRows(installationId);
  if (connection !== undefined && !isShared) {
    const all = [...actorIds, ...actorsOf(connection)];
    const rows = { ...counts, ...countActorRows(reads, all), connections: 1, credentials: 1 };
    const { connectionId: of } = connection;
    const both = [...writes, ...deleteConnection(of), passOnMessages(of, installationId)];
    if (await removeUnlessUsed(storage, all, both)) return { connectionId: of, rows };
  }
  const rows = { ...counts, ...countActorRows(reads, actorIds), connections: 0, credentials: 0 };
  await storage.runtime.remove(actorIds, writes);
  return { connectionId: null, rows };
}

/** A decision that was on its way to the disk may have begun reads that nobody knew of yet. */
async function removeLateActors({ store, runtime }: Storage, installationId: string): Promise<void> {
  for (;;) {
    const actorIds = readActorsOfInstallation(store.reads, installationId);
    if (Object.values(countActorRows(store.reads, actorIds)).every((count) => count === 0)) return;
    await runtime.remove(actorIds, eraseInstallationRows(installationId));
  }
}

/** The credential, and the circuit that a connection without a provider app has to itself. */
function actorsOf({ connectionId, provider }: ConnectionRow): readonly ActorId[] {
  return [actorIdOf('credential', connectionId), actorIdOf('provider', `${provider}/${connectionId}`)];
}

/** False if another installation took the connection into use at the same moment. */
async function removeUnlessUsed(
  { runtime }: Storage,
  actorIds: readonly ActorId[],
  writes: readonly RowWrite[],
): Promise<boolean> {
  try {
    await runtime.remove(actorIds, writes);
    return true;
  } catch (error) {
    if (errorFacts(error).code === 'invalid_input') return false;
    throw error;
  }
}

async function eraseAll<Id>(next: () => readonly Id[], erase: (ids: readonly Id[]) => Promise<void>): Promise<number> {
  let count = 0;
  for (let ids = next(); ids.length > 0; ids = next()) {
    await erase(ids);
    count += ids.length;
  }
  return count;
}

// What asynchronous writes are to write, on disk: each request sealed under an id of its own. Several requests that
// were collected to a batch come to one operation; then they are one request.

import type { ActorId, OperationId } from '../../core/ids.ts';
import { actorIdOf, newId } from '../../core/ids.ts';
import type { RowWrite } from '../../store/port.ts';
import type { InstallationRow } from '../../store/tables/installations.ts';
import { insertWriteRequest, readWriteRequests } from '../../store/tables/writes.ts';
import type { Services } from '../services.ts';
import type { GivenRecord, WriteRequest } from './request.ts';

/** The actor that performs the write of an operation. */
export function writeActorId(installationId: string, operationId: string): ActorId {
  return actorIdOf('write', `${installationId}/${operationId}`);
}

/** Where a stored request is sealed for. */
export function writeRequestPlace(requestId: string) {
  return { connectionId: requestId, generation: 0, purpose: 'writeRequest' };
}

/** The row of a request. Refused if the installation is gone. */
export function storedRequest(
  { vault }: Pick<Services, 'vault'>,
  { installationId }: InstallationRow,
  operationId: OperationId,
  request: WriteRequest,
): RowWrite {
  const requestId = newId<string>();
  const sealed = vault.seal(JSON.stringify(request), writeRequestPlace(requestId));
  return insertWriteRequest({ requestId, operationId, installationId, sealed });
}

/** What an operation is to write; null if that is gone, because its installation was deleted. */
export function requestOf(
  { store, vault }: Pick<Services, 'store' | 'vault'>,
  operationId: string,
): WriteRequest | null {
  const requests = readWriteRequests(store.reads, operationId).map(
    ({ requestId, sealed }) => JSON.parse(vault.open(sealed, writeRequestPlace(requestId)).toString()) as WriteRequest,
  );
  const [first] = requests;
  return first === undefined ? null : { ...first, records: oncePerRecord(requests) };
}

/**
 * Changes of one record that several requests brought are one change: providers refuse a batch that names a record
 * twice, and with it the records of everybody else. Which values are the later ones can be told only in the provider's
 * words, since two names may mean one field. A batch of one request stays as it is.
 */
function oncePerRecord(requests: readonly WriteRequest[]): readonly GivenRecord[] {
  if (requests.length === 1 || requests[0]?.type === 'create') return requests.flatMap(({ records }) => records);
  const byId = new Map<string, GivenRecord>();
  for (const { record, associations } of requests.flatMap(({ records }) => records)) {
    const id = String(record['id']);
    const before = byId.get(id);
    byId.set(id, {
      record,
      associations: [...(before?.associations ?? []), ...associations],
      earlier: before === undefined ? [] : [...(before.earlier ?? []), before.record],
    });
  }
  return [...byId.values()];
}

// From entries to messages in the lane of their destination: cut to the published size, in the published form; one
// that fits no message is stored apart and a link goes out. Called by reads and subscriptions, inside the settlement of
// what they did, so nothing here waits.

import type { JsonObject } from '../../core/json.ts';
import { type ResultEntry, splitIntoMessages } from '../../manifest/messages.ts';
import type { RowWrite } from '../../store/port.ts';
import type { InstallationRow } from '../../store/tables/installations.ts';
import { insertBlob, newBlobId, type OutboxRow } from '../../store/tables/outbox.ts';
import type { Services } from '../services.ts';
import { type Appended, appendToLane, type NewMessage, NOTHING_APPENDED } from './append.ts';
import { messageHead } from './customer.ts';

/** What all messages of an installation's object say, but for its records. */
export function resultEnvelope(
  services: Services,
  action: 'read' | 'subscribe',
  installation: InstallationRow,
  { objectName, deliveredName }: { readonly objectName: string; readonly deliveredName: string },
): JsonObject {
  const { head, workspaceRef } = messageHead(services, installation);
  return {
    action,
    ...head,
    objectName: deliveredName,
    rawObjectName: objectName,
    ...(workspaceRef === null ? {} : { workspace: workspaceRef }),
  };
}

/** The rows of messages with these entries, and the nudge that tells the lane about them. `of`: what erases them. */
export function appendResults(
  services: Services,
  installation: InstallationRow,
  laneId: string,
  envelope: JsonObject,
  entries: readonly ResultEntry[],
  of: Pick<OutboxRow, 'operationId' | 'subjectId'>,
): Appended {
  if (entries.length === 0) return NOTHING_APPENDED;
  const blobs: RowWrite[] = [];
  const cut = splitIntoMessages(entries, envelope).map((message): NewMessage => {
    if (message.kind === 'inline') return { ...of, body: message.body, blobId: null };
    const blobId = newBlobId(installation.installationId);
    blobs.push(insertBlob(blobId, installation.projectId, message.resultJson, services.clock.nowMs()));
    return { ...of, body: JSON.stringify(envelope), blobId, blobBytes: Buffer.byteLength(message.resultJson) };
  });
  const { writes, messages } = appendToLane(services, laneId, cut);
  return { writes: [...blobs, ...writes], messages };
}

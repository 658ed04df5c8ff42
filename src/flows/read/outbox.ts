// From the rows of a page to messages in the outbox of its destination: mapped, cut to the published size, in the
// published form. Runs inside the settlement of a page, so nothing here waits.

import type { Message as ActorMessage } from '../../../actors/host.ts';
import type { ReadRow } from '../../connectors/contract.ts';
import { actorIdOf, newShortId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { toRfc3339 } from '../../core/time.ts';
import { compileMapping } from '../../manifest/mapping.ts';
import { splitIntoMessages } from '../../manifest/messages.ts';
import type { RowWrite } from '../../store/port.ts';
import { readConnection } from '../../store/tables/connections.ts';
import { addToLane, insertBlob, insertOutboxMessage, newBlobId } from '../../store/tables/outbox.ts';
import type { Services } from '../services.ts';
import type { PageContext } from './page.ts';

const MESSAGE_ID_BYTES = 18;

/** The rows of a page's messages, and the nudge that tells the lane about them. */
export function outboxOf(
  services: Services,
  context: PageContext,
  rows: readonly ReadRow[],
): { writes: readonly RowWrite[]; messages: readonly ActorMessage[] } {
  const { read, checkpoint, destination, installation } = context;
  if (destination === null || rows.length === 0) return { writes: [], messages: [] };
  const nowMs = services.clock.nowMs();
  const laneId = destination.destinationId;
  const { operationId } = checkpoint;
  const map = compileMapping(read);
  const envelope = envelopeOf(services, context);
  const writes: RowWrite[] = [];
  let queuedBytes = 0;
  let queued = 0;
  for (const message of splitIntoMessages(rows.map(map), envelope)) {
    let body: string;
    let blobId: string | null = null;
    if (message.kind === 'inline') {
      body = message.body;
    } else {
      body = JSON.stringify(envelope);
      blobId = newBlobId(installation.installationId);
      writes.push(insertBlob(blobId, installation.projectId, message.resultJson, nowMs));
    }
    const bytes = Buffer.byteLength(body);
    // The prefix changes when a backup is restored, so that a receiver never takes a new message for an old one.
    const messageId = `msg_${services.store.epoch}${newShortId(MESSAGE_ID_BYTES)}`;
    writes.push(insertOutboxMessage({ messageId, laneId, operationId, body, blobId, bytes, createdAtMs: nowMs }));
    queuedBytes += bytes;
    queued += 1;
  }
  writes.push(addToLane({ laneId, queuedBytes, queued, delivered: 0, dead: 0 }));
  return { writes, messages: [{ to: actorIdOf('delivery', laneId), event: { type: 'outbox.appended' } }] };
}

/** Everything of a read message but its records. */
function envelopeOf({ store, clock }: Services, { installation, read, effect, checkpoint }: PageContext): JsonObject {
  const connection = readConnection(store.reads, installation.connectionId);
  return {
    action: 'read',
    projectId: installation.projectId,
    provider: connection?.provider ?? '',
    groupRef: installation.groupRef,
    groupName: connection?.groupName ?? installation.groupRef,
    consumerRef: connection?.consumerRef ?? '',
    consumerName: connection?.consumerName ?? '',
    installationId: installation.installationId,
    installationUpdateTime: toRfc3339(installation.updatedAtMs ?? installation.createdAtMs),
    objectName: read.deliveredName,
    rawObjectName: read.objectName,
    ...(connection?.workspaceRef == null ? {} : { workspace: connection.workspaceRef }),
    operationId: checkpoint.operationId,
    operationTime: toRfc3339(clock.nowMs()),
    readType: effect.readType,
  };
}

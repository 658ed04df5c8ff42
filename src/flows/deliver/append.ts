// Messages on their way into the lane of a destination: rows of the outbox with the ids that they keep over all
// attempts, and the nudge that tells the lane. Whoever has something to tell commits both together with its cause.

import type { Message } from '../../../actors/host.ts';
import { fullJitterMs } from '../../core/backoff.ts';
import { actorIdOf, newShortId } from '../../core/ids.ts';
import { OUTBOX_BYTES_PER_LANE_MAX, OUTBOX_WAIT_MS, OUTBOX_WAIT_MS_MAX } from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import type { RowWrite } from '../../store/port.ts';
import { addToLane, insertOutboxMessage, type NewOutboxRow, readLane } from '../../store/tables/outbox.ts';
import type { CommittedRows, Services } from '../services.ts';

const MESSAGE_ID_BYTES = 18;

/** A message that has no id yet. */
export type NewMessage = Omit<NewOutboxRow, 'messageId' | 'laneId' | 'bytes' | 'createdAtMs'> & {
  /** Of what is stored apart: it waits as long as the message does. */
  readonly blobBytes?: number;
};

/** What commits with a cause so that it is told. */
export interface Appended {
  readonly writes: readonly RowWrite[];
  readonly messages: readonly Message[];
}

/** Where nobody is to be told. */
export const NOTHING_APPENDED: Appended = { writes: [], messages: [] };

/** Whether so much waits for a destination that nothing more is asked for on its behalf. */
export function isLaneFull({ store }: CommittedRows, laneId: string): boolean {
  return (readLane(store.reads, laneId)?.queuedBytes ?? 0) > OUTBOX_BYTES_PER_LANE_MAX;
}

/** When whoever found a lane full looks again. */
export function laneRetryAtMs({ clock }: Pick<Services, 'clock'>, deferrals: number): Ms {
  return clock.nowMs() + OUTBOX_WAIT_MS + fullJitterMs(deferrals, OUTBOX_WAIT_MS, OUTBOX_WAIT_MS_MAX);
}

/** Rows and nudge for messages to one destination, in their order. */
export function appendToLane(
  { store, clock }: Pick<Services, 'store' | 'clock'>,
  laneId: string,
  messages: readonly NewMessage[],
): Appended {
  if (messages.length === 0) return NOTHING_APPENDED;
  const createdAtMs = clock.nowMs();
  let queuedBytes = 0;
  const rows = messages.map(({ blobBytes = 0, ...message }) => {
    const bytes = Buffer.byteLength(message.body) + blobBytes;
    queuedBytes += bytes;
    // The prefix changes when a backup is restored, so that a receiver never takes a new message for an old one.
    const messageId = `msg_${store.epoch}${newShortId(MESSAGE_ID_BYTES)}`;
    return insertOutboxMessage({ ...message, messageId, laneId, bytes, createdAtMs });
  });
  return {
    writes: [...rows, addToLane({ laneId, queuedBytes, queued: messages.length, delivered: 0, dead: 0 })],
    messages: [{ to: actorIdOf('delivery', laneId), event: { type: 'outbox.appended' } }],
  };
}

// What waits for destinations, what they refused for good, and an operator's word that it is to be sent again: under
// the ids that it had, so that a receiver which took a message after all knows it.

import type { Runtime } from '../../../actors/runtime.ts';
import { IntegrationError } from '../../core/errors.ts';
import { actorIdOf } from '../../core/ids.ts';
import { OUTBOX_BYTES_PER_LANE_MAX, RESENT_PER_STEP_MAX } from '../../core/limits.ts';
import { toRfc3339 } from '../../core/time.ts';
import { type DestinationRow, readDestinationById } from '../../store/tables/accounts.ts';
import {
  type LaneRow,
  type OutboxRow,
  readDeadLetters,
  readDeadSizes,
  readLane,
  readMostTried,
  readNextAttemptAtMs,
  readUnsettledLanes,
  reviveMessages,
} from '../../store/tables/outbox.ts';
import type { Look } from './look.ts';

/** How one destination stands. Messages that were delivered are counted since its first. */
export interface DeliveriesView {
  readonly destinationId: string;
  /** Null once it is deleted, as is the project. */
  readonly name: string | null;
  readonly projectId: string | null;
  /** Since when nothing is sent to it. */
  readonly disabledAt: string | null;
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly nextAttemptAt: string | null;
  readonly delivered: number;
  readonly dead: number;
}

interface DeadLetterView {
  readonly messageId: string;
  readonly writtenAt: string;
  readonly attempts: number;
  readonly lastError: string;
  readonly bytes: number;
  readonly operationId: string | null;
  /** The installation or connection of a notification. */
  readonly subjectId: string | null;
}

/** With its dead letters, the one given up last first. */
export interface DestinationView extends DeliveriesView {
  /** The waiting message that was tried most often; null if none was tried yet. */
  readonly failing: { readonly attempts: number; readonly lastError: string } | null;
  readonly deadLetters: readonly DeadLetterView[];
}

export interface DeliveriesPage {
  readonly destinations: readonly DeliveriesView[];
  /** Of the next page; null on the last one. */
  readonly cursor: string | null;
}

/** What became of dead letters that were to be sent again. */
export interface Resent {
  readonly destinationId: string;
  readonly name: string;
  readonly resent: number;
  /** Dead letters that there are still. */
  readonly left: number;
}

interface Deciding {
  readonly runtime: Pick<Runtime, 'send'>;
  readonly look: Look;
}

/** Destinations for which something waits, or that refused something, in the order of their ids after `cursor`. */
export function listDeliveries(look: Look, limit: number, cursor: string): DeliveriesPage {
  const lanes = readUnsettledLanes(look.store.reads, cursor, limit + 1);
  const page = lanes.slice(0, limit);
  return {
    destinations: page.map((lane) => viewOf(look, lane)),
    cursor: lanes.length > limit ? (page.at(-1)?.laneId ?? null) : null,
  };
}

/** Rejects with `not_found`. */
export function deliveriesTo(look: Look, destinationId: string, limit: number): DestinationView {
  const { reads } = look.store;
  const lane = readLane(reads, destinationId) ?? emptyLane(destinationOf(look, destinationId).destinationId);
  const deadLetters = readDeadLetters(reads, destinationId, limit).map(deadLetterView);
  const { attempts = 0, lastError } = readMostTried(reads, destinationId) ?? {};
  const failing = attempts === 0 ? null : { attempts, lastError: lastError ?? '' };
  return { ...viewOf(look, lane), failing, deadLetters };
}

/**
 * Has dead letters of a destination sent again, all of them or one, as far as the lane has room: what waits is bounded,
 * and the rest can follow when it was taken. Each step is committed with its nudge, so that nothing is lost or counted
 * twice if this ends in the middle. Rejects with `not_found`; `conflict` if the destination is disabled or too much
 * waits for it.
 */
export async function resend(
  { runtime, look }: Deciding,
  destinationId: string,
  messageId: string | null,
): Promise<Resent> {
  const { store, clock } = look;
  const { name } = destinationOf(look, destinationId);
  // What is refused again at once is not taken up a second time.
  const startedAtMs = clock.nowMs();
  let resent = 0;
  for (;;) {
    const room = OUTBOX_BYTES_PER_LANE_MAX - (readLane(store.reads, destinationId)?.queuedBytes ?? 0);
    const dead = readDeadSizes(store.reads, destinationId, startedAtMs, messageId, RESENT_PER_STEP_MAX);
    const seqs = firstWithin(dead, room);
    if (dead.length > 0 && seqs.length === 0 && resent === 0) throw full(name);
    if (seqs.length === 0) break;
    const event = { type: 'outbox.appended' };
    const writes = reviveMessages(seqs, startedAtMs);
    if (!(await runtime.send(actorIdOf('delivery', destinationId), event, { writes }))) throw disabled(name);
    resent += seqs.length;
  }
  if (messageId !== null && resent === 0) {
    throw new IntegrationError('not_found', `no dead letter of "${name}" has the id ${messageId}`);
  }
  return { destinationId, name, resent, left: readLane(store.reads, destinationId)?.dead ?? 0 };
}

/** As many from the front as fit. */
function firstWithin(messages: readonly Pick<OutboxRow, 'seq' | 'bytes'>[], bytesMax: number): number[] {
  let bytes = 0;
  const seqs: number[] = [];
  for (const message of messages) {
    bytes += message.bytes;
    if (bytes > bytesMax) break;
    seqs.push(message.seq);
  }
  return seqs;
}

function destinationOf({ store }: Look, destinationId: string): DestinationRow {
  const destination = readDestinationById(store.reads, destinationId);
  if (destination !== undefined) return destination;
  throw new IntegrationError('not_found', `there is no destination ${destinationId}`, {
    remedy: '`tenon deliveries list` shows those that have something waiting or refused.',
  });
}

function full(name: string): IntegrationError {
  return new IntegrationError('conflict', `so much waits for the destination "${name}" that nothing is added`, {
    remedy: 'Resend when some of it was taken; `tenon deliveries show` says how much waits.',
  });
}

function disabled(name: string): IntegrationError {
  return new IntegrationError('conflict', `the destination "${name}" is disabled, so that nothing is sent to it`, {
    remedy: 'Name its address again (`PATCH …/destinations/{id}` with `metadata.url`), then resend.',
  });
}

function emptyLane(laneId: string): LaneRow {
  return { laneId, queuedBytes: 0, queued: 0, delivered: 0, dead: 0 };
}

function viewOf({ store }: Look, lane: LaneRow): DeliveriesView {
  const destination = readDestinationById(store.reads, lane.laneId);
  return {
    destinationId: lane.laneId,
    name: destination?.name ?? null,
    projectId: destination?.projectId ?? null,
    disabledAt: timeOf(destination?.disabledAtMs ?? null),
    waiting: lane.queued,
    waitingBytes: lane.queuedBytes,
    nextAttemptAt: timeOf(readNextAttemptAtMs(store.reads, lane.laneId, [])),
    delivered: lane.delivered,
    dead: lane.dead,
  };
}

function deadLetterView(row: OutboxRow): DeadLetterView {
  const { messageId, createdAtMs, attempts, lastError, bytes, operationId, subjectId } = row;
  const writtenAt = toRfc3339(createdAtMs);
  return { messageId, writtenAt, attempts, lastError: lastError ?? '', bytes, operationId, subjectId };
}

function timeOf(atMs: number | null): string | null {
  return atMs === null ? null : toRfc3339(atMs);
}

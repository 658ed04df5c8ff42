// The messenger: one round of a lane sends what is due, each message signed and stamped anew under the id it was
// written with, and settles all results in one commit. A crash in the middle of a round means that some messages are
// sent again, under the same id; never that one is lost.

import type { ReplayableHandler, Settlement } from '../../../actors/dispatch.ts';
import type { DeliverEffect } from '../../../machines/effects.ts';
import { jitter } from '../../core/backoff.ts';
import { countOutcome, DELIVERY_OUTCOMES } from '../../core/counts.ts';
import { type ErrorFacts, errorFacts } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import {
  DELIVERY_RESPONSE_BYTES_MAX,
  DELIVERY_RETRY_DELAYS_MS,
  DELIVERY_RETRY_JITTER_SHARE,
  DELIVERY_ROUND_MAX,
  DELIVERY_TIMEOUT_MS,
  EFFECT_DEADLINE_MS,
  LANE_RETRY_MS,
} from '../../core/limits.ts';
import type { Span } from '../../core/spans.ts';
import { type Ms, SECOND_MS } from '../../core/time.ts';
import { urlMessageBody } from '../../manifest/messages.ts';
import type { RowWrite } from '../../store/port.ts';
import { type DestinationRow, readDestinationById } from '../../store/tables/accounts.ts';
import {
  addToLane,
  buryOutboxMessage,
  deleteOutboxMessage,
  type OutboxRow,
  readDueMessages,
  readNextAttemptAtMs,
  readSeqsPresent,
  retryOutboxMessage,
} from '../../store/tables/outbox.ts';
import { deliveryHeaders } from '../../webhook/sign.ts';
import { openSigningSecrets } from '../destinations.ts';
import { linkedNotification } from '../notify/notify.ts';
import type { Services } from '../services.ts';
import { beginClientSpan, errorTypeOf } from '../tracing/client.ts';
import { downloadUrl } from './download.ts';

/** What came of one attempt. */
type Attempt =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly error: string; readonly atMs: Ms }
  | { readonly kind: 'dead'; readonly error: string };

export function deliverHandler(services: Services): ReplayableHandler<DeliverEffect> {
  return {
    kind: 'replayable',
    deadlineMs: EFFECT_DEADLINE_MS,
    perform: (effect) => deliverRound(services, effect),
    failed: (effect, error: ErrorFacts) => {
      services.log.error({ laneId: effect.laneId, err: error.message }, 'a delivery round failed');
      return finished(effect, services.clock.nowMs() + LANE_RETRY_MS, null, []);
    },
  };
}

async function deliverRound(services: Services, effect: DeliverEffect): Promise<Settlement> {
  const { store, clock } = services;
  const { laneId } = effect;
  const due = readDueMessages(store.reads, laneId, clock.nowMs(), DELIVERY_ROUND_MAX);
  const destination = readDestinationById(store.reads, laneId);
  const results = await Promise.all(
    due.map(async (message) => ({ message, attempt: await attemptOf(services, destination, message) })),
  );
  for (const { attempt } of results) countOutcome(services.counts.deliveries, DELIVERY_OUTCOMES, attempt.kind);
  const retryAtMs = results.map(({ attempt }) => (attempt.kind === 'retry' ? attempt.atMs : null));
  const others = readNextAttemptAtMs(
    store.reads,
    laneId,
    due.map(({ seq }) => seq),
  );
  // Those that were erased while they were under way are nobody's business any more.
  const present = readSeqsPresent(
    store.reads,
    due.map(({ seq }) => seq),
  );
  const left = results.filter(({ message }) => present.has(message.seq));
  const isTaken = destination === undefined ? null : isAnyTaken(results);
  return finished(effect, earliest([...retryAtMs, others]), isTaken, resultWrites(laneId, left, clock.nowMs()));
}

function finished(
  { round }: DeliverEffect,
  nextAttemptAtMs: Ms | null,
  isTaken: boolean | null,
  writes: readonly RowWrite[],
): Settlement {
  return { event: { type: 'round.finished', round, nextAttemptAtMs, isTaken }, writes };
}

/** Null if nothing was sent. */
function isAnyTaken(results: readonly { readonly attempt: Attempt }[]): boolean | null {
  return results.length === 0 ? null : results.some(({ attempt }) => attempt.kind === 'delivered');
}

function earliest(times: readonly (Ms | null)[]): Ms | null {
  const known = times.filter((atMs) => atMs !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function resultWrites(
  laneId: string,
  results: readonly { message: OutboxRow; attempt: Attempt }[],
  nowMs: Ms,
): RowWrite[] {
  const difference = { laneId, queuedBytes: 0, queued: 0, delivered: 0, dead: 0 };
  const writes = results.map(({ message, attempt }): RowWrite => {
    const { seq, attempts, bytes } = message;
    if (attempt.kind === 'retry') return retryOutboxMessage(seq, attempts + 1, attempt.atMs, attempt.error);
    difference.queuedBytes -= bytes;
    difference.queued -= 1;
    if (attempt.kind === 'delivered') {
      difference.delivered += 1;
      return deleteOutboxMessage(seq);
    }
    difference.dead += 1;
    return buryOutboxMessage(seq, attempts + 1, nowMs, attempt.error);
  });
  return difference.queued === 0 ? writes : [...writes, addToLane(difference)];
}

async function attemptOf(
  services: Services,
  destination: DestinationRow | undefined,
  message: OutboxRow,
): Promise<Attempt> {
  if (destination === undefined) return { kind: 'dead', error: 'the destination was deleted' };
  const { egress, clock, tracer } = services;
  let span: Span | null = null;
  try {
    const { url, headers = {} } = JSON.parse(destination.metadata) as { url: string; headers?: Record<string, string> };
    const body = bodyOf(services, message);
    const stamp = { id: message.messageId, timestampS: Math.floor(clock.nowMs() / SECOND_MS), body };
    span = tracer === null ? null : beginClientSpan(tracer, null, 'POST', url, undefined);
    const response = await egress.request({
      url,
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        ...deliveryHeaders(stamp, openSigningSecrets(services, destination)),
        ...(span === null ? {} : { traceparent: span.traceparent }),
      },
      body,
      timeoutMs: DELIVERY_TIMEOUT_MS,
      responseBytesMax: DELIVERY_RESPONSE_BYTES_MAX,
      isBodyUnneeded: true,
    });
    span?.end({ 'http.response.status_code': response.status }, errorTypeOf(response.status));
    if (response.status >= 200 && response.status < 300) return { kind: 'delivered' };
    const error = `answered ${response.status}`;
    // Svix's convention: the receiver asks for no further attempts.
    if (response.headers['webhook-delivery'] === 'abort-message') return { kind: 'dead', error };
    return retryOrBury(message, error, clock.nowMs());
  } catch (error) {
    span?.end({}, errorFacts(error).code);
    return retryOrBury(message, errorFacts(error).message, clock.nowMs());
  }
}

/** What is too large for a message is behind a link, and each attempt carries a fresh one. */
function bodyOf(services: Services, { body, blobId, lastBlobId }: OutboxRow): string {
  if (blobId === null && lastBlobId === null) return body;
  const envelope = JSON.parse(body) as JsonObject;
  const linkTo = (id: string | null) => (id === null ? null : downloadUrl(services, id));
  if (Object.hasOwn(envelope, 'notificationType')) {
    return linkedNotification(envelope, linkTo(blobId), linkTo(lastBlobId));
  }
  return urlMessageBody(envelope, linkTo(blobId) ?? '', 1);
}

function retryOrBury({ attempts }: OutboxRow, error: string, nowMs: Ms): Attempt {
  const delayMs = DELIVERY_RETRY_DELAYS_MS[attempts];
  if (delayMs === undefined) return { kind: 'dead', error };
  return { kind: 'retry', error, atMs: nowMs + jitter(delayMs, DELIVERY_RETRY_JITTER_SHARE) };
}

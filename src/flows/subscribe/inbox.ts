// One batch of an inbox: take the oldest events, leave out what nobody wants, read the records that they are about, and
// settle. The messages, the emptied rows and the machine's step commit together or not at all; so after a crash the
// batch is made again, under new message ids that nobody has seen the old ones of, and no event is told by two
// committed messages. What fails stays where it is; what else there is of the batch goes out.

import { hash } from 'node:crypto';
import type { ReplayableHandler, Settlement } from '../../../actors/dispatch.ts';
import type { Message } from '../../../actors/host.ts';
import type { ProcessInboxEffect } from '../../../machines/effects.ts';
import { connectorOf, eventSourceOf } from '../../connectors/connectors.ts';
import type { ProviderEvent } from '../../connectors/events.ts';
import { fullJitterMs } from '../../core/backoff.ts';
import { countOutcome, countsOf, INBOX_OUTCOMES } from '../../core/counts.ts';
import { type ErrorFacts, errorFacts, invariant } from '../../core/errors.ts';
import {
  EFFECT_DEADLINE_MS,
  INBOX_ATTEMPTS_MAX,
  INBOX_BATCH_BYTES_MAX,
  INBOX_BATCH_EVENTS_MAX,
  INBOX_BLOCKED_MS_MAX,
  READ_BACKOFF_BASE_MS,
  READ_BACKOFF_MS_MAX,
  REAUTH_WAIT_MS,
} from '../../core/limits.ts';
import { toRfc3339 } from '../../core/time.ts';
import type { ConfigContent } from '../../manifest/config.ts';
import { type EffectiveRead, effectiveReads } from '../../manifest/effective.ts';
import { type EffectiveSubscription, effectiveSubscriptions } from '../../manifest/subscriptions.ts';
import type { RowWrite } from '../../store/port.ts';
import { readDestination } from '../../store/tables/accounts.ts';
import { readConnection } from '../../store/tables/connections.ts';
import { emptyInboxEvents, holdInboxEvents, readInboxDepth, readWaitingEvents } from '../../store/tables/inbox.ts';
import { type InstallationRow, readInstallation } from '../../store/tables/installations.ts';
import { isLaneFull, laneRetryAtMs } from '../deliver/append.ts';
import { appendResults, resultEnvelope } from '../deliver/results.ts';
import { providerCalls } from '../providerCall.ts';
import { specFor } from '../read/reads.ts';
import type { Services } from '../services.ts';
import { isPassing, setbackOf, tooLate } from '../setback.ts';
import { bareEntry, Entries, type SubscribeEntry } from './entries.ts';
import { type Records, readRecords, readsNeeded } from './records.ts';
import { coalesced, type MatchedEvent, recordKey, type ToldEvent, type Wish, wishOf } from './sort.ts';

export function processInboxHandler(services: Services): ReplayableHandler<ProcessInboxEffect> {
  return {
    kind: 'replayable',
    deadlineMs: EFFECT_DEADLINE_MS,
    perform: (effect, signal) => processBatch(services, effect, signal),
    failed: (effect, error) => ({ event: batchLeft(services, effect, tooLate(error)) }),
  };
}

/** What an installation subscribes to now. */
interface Wishes {
  readonly installation: InstallationRow;
  readonly reads: readonly EffectiveRead[];
  readonly subscriptions: readonly EffectiveSubscription[];
  /** Whose events are told, where they say whose they are; null: nobody knows, so none. Undefined: all are ours. */
  readonly workspace: string | null | undefined;
}

/** Where messages go, or why they cannot and what rows are marked with meanwhile. */
type Lane = { readonly laneId: string } | { readonly obstacle: string; readonly hold: string };

/** What a batch takes up. */
interface Batch {
  readonly told: readonly ToldEvent[];
  /** By the names of destinations. */
  readonly lanes: ReadonlyMap<string, Lane>;
  /** Rows that nobody wants, or nobody can read. */
  readonly unwanted: readonly number[];
  readonly dropped: readonly number[];
  /** Rows whose destination takes nothing, by what they are marked with. */
  readonly held: ReadonlyMap<string, readonly number[]>;
  /** Why a destination takes nothing; null: all of them take what there is. */
  readonly obstacle: string | null;
  /** Nothing waits beyond it but what is held for such a destination. */
  readonly isLast: boolean;
}

async function processBatch(services: Services, effect: ProcessInboxEffect, signal: AbortSignal): Promise<Settlement> {
  const wishes = wishesOf(services, effect.installationId);
  if (wishes === null) return { event: { type: 'batch.gone', turn: effect.turn } };
  const batch = takeBatch(services, effect, wishes);
  const isLastTry = effect.attempt >= INBOX_ATTEMPTS_MAX;
  const records: Records = isLastTry ? new Map() : await fetchRecords(services, wishes, batch.told, signal);
  return settled(services, effect, wishes, batch, records, isLastTry);
}

function wishesOf(services: Services, installationId: string): Wishes | null {
  const installation = readInstallation(services.store.reads, installationId);
  if (installation === undefined) return null;
  const spec = specFor(services, installation);
  if (spec === null) return { installation, reads: [], subscriptions: [], workspace: null };
  const config = JSON.parse(installation.config) as ConfigContent;
  const declaration = services.catalog.find(spec.provider);
  const source = declaration === undefined ? undefined : eventSourceOf(declaration, () => spec.module);
  const isSaid = source?.addressedTo === 'integration';
  return {
    installation,
    reads: effectiveReads(spec, config),
    subscriptions: effectiveSubscriptions(spec, config),
    // Else the address has said it, and what waited while the account changed was left out with that.
    workspace: isSaid
      ? (readConnection(services.store.reads, installation.connectionId)?.workspaceRef ?? null)
      : undefined,
  };
}

/** An event that waited while the installation moved to another account is about nothing that is there. */
function wishFor(event: ProviderEvent, { subscriptions, workspace }: Wishes): Wish | null {
  const isForeign = workspace !== undefined && (workspace === null || event.workspace !== workspace);
  return isForeign ? null : wishOf(event, subscriptions);
}

/**
 * The oldest events whose destination takes anything. Those of one that does not are marked on the way and not looked
 * at again while that is so, however many they are. With each failure in a row half as many, down to one.
 */
function takeBatch({ store }: Services, effect: ProcessInboxEffect, wishes: Wishes): Batch {
  const eventsMax = Math.max(1, INBOX_BATCH_EVENTS_MAX >> effect.attempt);
  const lanes = lanesOf(store, wishes);
  const obstructed = [...lanes.values()].filter((lane) => 'hold' in lane);
  const holds = obstructed.map(({ hold }) => hold);
  const matched: MatchedEvent[] = [];
  const unwanted: number[] = [];
  const dropped: number[] = [];
  const held = new Map(holds.map((hold): [string, number[]] => [hold, []]));
  let [afterSeq, bytesLeft, isLast] = [0, INBOX_BATCH_BYTES_MAX, false];
  while (matched.length < eventsMax && bytesLeft > 0) {
    const from = { afterSeq, holds };
    const rows = readWaitingEvents(store.reads, effect.installationId, INBOX_BATCH_EVENTS_MAX, bytesLeft, from);
    isLast = rows.length === 0;
    if (isLast) break;
    for (const { seq, event: text } of rows) {
      if (matched.length === eventsMax) break;
      afterSeq = seq;
      bytesLeft -= Buffer.byteLength(text);
      const event = eventIn(text);
      const wish = event === null ? null : wishFor(event, wishes);
      const lane = wish === null ? undefined : lanes.get(wish.subscription.destination);
      if (event === null || wish === null || lane === undefined) (event === null ? dropped : unwanted).push(seq);
      else if ('laneId' in lane) matched.push({ seq, event, ...wish });
      else held.get(lane.hold)?.push(seq);
    }
  }
  const obstacle = obstructed[0]?.obstacle ?? null;
  return { told: coalesced(matched), lanes, unwanted, dropped, held, obstacle, isLast };
}

/** Rows are ours, so this is of a version that wrote them otherwise. */
function eventIn(text: string): ProviderEvent | null {
  try {
    const event = JSON.parse(text) as ProviderEvent;
    return typeof event.providerEventType === 'string' && typeof event.raw === 'object' ? event : null;
  } catch {
    return null;
  }
}

/** Of each destination that is subscribed to, by its name. */
function lanesOf(store: Services['store'], wishes: Wishes): ReadonlyMap<string, Lane> {
  const names = new Set(wishes.subscriptions.map(({ destination }) => destination));
  return new Map([...names].map((name) => [name, laneOf(store, wishes, name)]));
}

function laneOf(store: Services['store'], { installation, subscriptions }: Wishes, name: string): Lane {
  const laneId = readDestination(store.reads, installation.projectId, name)?.destinationId;
  if (laneId !== undefined && !isLaneFull({ store }, laneId)) return { laneId };
  const obstacle =
    laneId === undefined ? `the project has no destination named "${name}"` : 'the destination is behind';
  // Another one whenever something else is subscribed to, by which the same event may go elsewhere.
  return { obstacle, hold: hash('sha256', JSON.stringify([name, subscriptions]), 'base64url') };
}

async function fetchRecords(
  services: Services,
  { installation, reads }: Wishes,
  told: readonly ToldEvent[],
  signal: AbortSignal,
): Promise<Records> {
  if (told.every((one) => readsNeeded(one, reads).length === 0)) return new Map();
  const target = services.targets.ofConnection(installation.connectionId);
  const connector = connectorOf(services.connectors, target.declaration);
  return readRecords(connector, providerCalls(services, target, 'subscribe', signal), told, reads);
}

function settled(
  services: Services,
  effect: ProcessInboxEffect,
  wishes: Wishes,
  batch: Batch,
  records: Records,
  isLastTry: boolean,
): Settlement {
  const { turn, installationId } = effect;
  const outcomes = batch.told.map((told) => ({ told, failure: failureOf(told, wishes, records, isLastTry) }));
  const staying = outcomes.filter(({ failure }) => failure !== null && isPassing(failure));
  const passing = staying[0]?.failure ?? null;
  // Nothing overtakes an event of its record: an update that comes after the deletion would bring the record back.
  const kept = new Set(staying.map(({ told }) => recordKey(told)));
  const going = outcomes.filter((one) => !staying.includes(one) && !kept.has(recordKey(one.told) ?? ''));
  const written = messagesOf(
    services,
    wishes,
    batch,
    going.map(({ told }) => told),
    records,
  );
  const seqs = [...going.flatMap(({ told }) => told.seqs), ...batch.unwanted, ...batch.dropped];
  const holding = [...batch.held].filter(([, rows]) => rows.length > 0);
  const writes = [
    ...written.writes,
    ...(seqs.length === 0 ? [] : [emptyInboxEvents(seqs)]),
    ...holding.map(([hold, rows]) => holdInboxEvents(rows, hold)),
  ];
  const { messages } = written;
  count(services, wishes, batch, going);
  if (passing !== null) return { event: batchLeft(services, effect, passing), writes, messages };
  const isMoreWaiting = readInboxDepth(services.store.reads, installationId, seqs.length + 1).events > seqs.length;
  if (isMoreWaiting && batch.isLast && batch.obstacle !== null) {
    return { event: behind(services, effect, batch.obstacle), writes, messages };
  }
  return { event: { type: 'batch.settled', turn, isMoreWaiting }, writes, messages };
}

interface EventOutcome {
  readonly told: ToldEvent;
  /** Why its records are not there. */
  readonly failure: ErrorFacts | null;
}

/** After its last try nothing that may pass is waited for any more. */
const GIVEN_UP: ErrorFacts = { code: 'not_found', message: 'it failed too often' };

function failureOf(told: ToldEvent, { reads }: Wishes, records: Records, isLastTry: boolean): ErrorFacts | null {
  const needed = readsNeeded(told, reads);
  if (isLastTry) return needed.length === 0 ? null : GIVEN_UP;
  for (const [{ objectName }] of needed) {
    const found = records.get(objectName);
    if (found?.kind === 'failed') return found.error;
  }
  return null;
}

/** One set of messages for each object, which has one destination. */
function messagesOf(
  services: Services,
  { installation, reads }: Wishes,
  { lanes }: Batch,
  going: readonly ToldEvent[],
  records: Records,
): { readonly writes: readonly RowWrite[]; readonly messages: readonly Message[] } {
  const entries = new Entries(reads, records);
  const writes: RowWrite[] = [];
  const messages: Message[] = [];
  for (const [subscription, events] of Map.groupBy(going, (one) => one.subscription)) {
    const lane = lanes.get(subscription.destination);
    invariant(lane !== undefined && 'laneId' in lane, 'T-3201', 'an event is told to a destination that takes it');
    const envelope = {
      ...resultEnvelope(services, 'subscribe', installation, subscription),
      operationTime: toRfc3339(services.clock.nowMs()),
    };
    const of = { operationId: null, subjectId: installation.installationId };
    const told = events.map((one) => entryOf(services, entries, one));
    const appended = appendResults(services, installation, lane.laneId, envelope, told, of);
    writes.push(...appended.writes);
    messages.push(...appended.messages);
  }
  return { writes, messages };
}

/** A record that cannot be mapped is a bug of ours, and no reason to hold the event back. */
function entryOf({ log }: Services, entries: Entries, told: ToldEvent): SubscribeEntry {
  try {
    return entries.full(told);
  } catch (error) {
    log.error({ ...errorFacts(error), seqs: told.seqs }, 'an event goes out without its record');
    return bareEntry(told);
  }
}

function count(
  { store, counts, log }: Services,
  { installation }: Wishes,
  { unwanted, dropped }: Batch,
  going: readonly EventOutcome[],
): void {
  const { installationId, connectionId } = installation;
  if (dropped.length > 0) log.error({ installationId, seqs: dropped }, 'events that nobody can read were dropped');
  const bare = going.filter(({ failure }) => failure !== null);
  if (bare.length > 0) {
    const reason = bare[0]?.failure?.message;
    log.warn({ installationId, events: bare.length, reason }, 'events go out without their records');
  }
  const provider = readConnection(store.reads, connectionId)?.provider;
  if (provider === undefined) return;
  const { inboxEvents } = countsOf(counts, provider);
  const events = {
    told: going.length - bare.length,
    merged: going.reduce((sum, { told }) => sum + told.seqs.length - 1, 0),
    bare: bare.length,
    unwanted: unwanted.length,
    dropped: dropped.length,
  };
  for (const outcome of INBOX_OUTCOMES) countOutcome(inboxEvents, INBOX_OUTCOMES, outcome, events[outcome]);
}

/** All that is left is for destinations that take nothing. */
function behind(services: Services, { turn, deferrals }: ProcessInboxEffect, message: string) {
  return { type: 'batch.held', turn, message, retryAtMs: laneRetryAtMs(services, deferrals) };
}

function batchLeft({ clock }: Services, effect: ProcessInboxEffect, error: ErrorFacts) {
  const nowMs = clock.nowMs();
  const { turn, attempt, deferrals } = effect;
  const { message } = error;
  const setback = setbackOf(error, effect, nowMs);
  if (setback.kind === 'blocked') {
    const waitMs = fullJitterMs(deferrals, REAUTH_WAIT_MS, INBOX_BLOCKED_MS_MAX);
    return { type: 'batch.blocked', turn, message, retryAtMs: setback.retryAtMs + waitMs };
  }
  if (setback.kind === 'deferred') return { type: 'batch.deferred', turn, message, retryAtMs: setback.retryAtMs };
  // Whatever it was: the last try asks nobody, and gets rid of the event.
  const backoffMs = fullJitterMs(attempt, READ_BACKOFF_BASE_MS, READ_BACKOFF_MS_MAX);
  return { type: 'batch.failed', turn, message, retryAtMs: setback.retryAtMs ?? nowMs + backoffMs };
}

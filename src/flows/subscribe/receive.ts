// A webhook of a provider, from its bytes to the inbox: who sent it (one of the secrets, or the address), what
// happened, whom that concerns, and one commit of all that is new with a message to each inbox. Called by
// `src/edge/webhooks.ts`, which answers 2xx when this has resolved. Invariants: nothing of a request is believed before
// it is proved; what is acknowledged is on disk, but for what an inbox has had no room for in a day; a second delivery
// changes nothing and wakes nobody.

import { hash } from 'node:crypto';
import type { IssuedEffect } from '../../../actors/host.ts';
import { eventSourceOf } from '../../connectors/connectors.ts';
import type { EventSource, Handshake, ProviderEvent } from '../../connectors/events.ts';
import {
  countOutcome,
  countsOf,
  type ProviderCounts,
  WEBHOOK_EVENT_OUTCOMES,
  WEBHOOK_OUTCOMES,
} from '../../core/counts.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { actorIdOf, newId } from '../../core/ids.ts';
import {
  EVENT_KEY_CHARS_MAX,
  INBOX_BYTES_MAX,
  INBOX_EVENTS_MAX,
  INBOX_RETRY_MS,
  INBOX_STUCK_MS,
  WEBHOOK_EVENTS_MAX,
  WEBHOOK_INSTALLATIONS_MAX,
  WEBHOOK_TEXTS_BYTES_MAX,
} from '../../core/limits.ts';
import type { RowWrite } from '../../store/port.ts';
import { readConnection } from '../../store/tables/connections.ts';
import { readEffect } from '../../store/tables/effects.ts';
import {
  insertInboxEvent,
  readInboxDepth,
  readInboxKeys,
  readInstallationsOfWorkspace,
  wakeInbox,
} from '../../store/tables/inbox.ts';
import type { InstallationRow, IntegrationRow } from '../../store/tables/installations.ts';
import type { ReceivedWebhook } from '../../webhook/received.ts';
import { specOf } from '../install/installations.ts';
import type { Services } from '../services.ts';
import type { Addressee } from './address.ts';
import { secretsOf } from './secrets.ts';
import { wishOf } from './sort.ts';
import type { Subscriptions } from './subscriptions.ts';

/** The webhooks of an integration's provider; undefined where this version knows none. */
export function sourceOf(services: Services, integration: IntegrationRow): EventSource | undefined {
  const declaration = services.catalog.find(integration.provider);
  return declaration === undefined ? undefined : eventSourceOf(declaration, () => specOf(services, integration).module);
}

/**
 * Resolves when all that is new is on disk, or with what the provider wants to see first. Rejects with
 * `unauthenticated` what nothing proves, `malformed` or `payload_too_large` what cannot be taken apart, `overloaded`
 * where not all of it found room, which is to be delivered again.
 */
export async function receiveWebhook(
  services: Services,
  subscriptions: Subscriptions,
  source: EventSource,
  addressee: Addressee,
  webhook: ReceivedWebhook,
): Promise<Handshake | null> {
  const counts = countsOf(services.counts, addressee.integration.provider);
  try {
    const handshake = await taken(services, subscriptions, source, addressee, webhook);
    if (handshake === null) countOutcome(counts.webhooks, WEBHOOK_OUTCOMES, 'received');
    return handshake;
  } catch (error) {
    const isLater = error instanceof IntegrationError && error.isRetryable;
    countOutcome(counts.webhooks, WEBHOOK_OUTCOMES, isLater ? 'deferred' : 'refused');
    throw error;
  }
}

async function taken(
  services: Services,
  subscriptions: Subscriptions,
  source: EventSource,
  addressee: Addressee,
  webhook: ReceivedWebhook,
): Promise<Handshake | null> {
  const handshake = source.handshake?.(webhook) ?? null;
  if (handshake !== null) return handshake;
  prove(services, source, addressee, webhook);
  const counts = countsOf(services.counts, addressee.integration.provider);
  const all = inboxes(services, subscriptions, source, addressee, parsed(source, webhook), counts);
  if (await store(services, all, counts)) return null;
  throw new IntegrationError('overloaded', 'too many events of this account wait already', {
    retryAtMs: services.clock.nowMs() + INBOX_RETRY_MS,
  });
}

/** Rejects with `unauthenticated` what none of the secrets proves. */
function prove(services: Services, source: EventSource, addressee: Addressee, webhook: ReceivedWebhook): void {
  if (source.secretOf === 'address') return;
  let failure = new IntegrationError('unauthenticated', 'no secret is set that could prove a webhook of this provider');
  for (const secret of secretsOf(services, source, addressee)) {
    try {
      source.verify(webhook, secret, services.clock.nowMs());
      return;
    } catch (error) {
      if (errorFacts(error).code !== 'unauthenticated') throw error;
      failure = error as IntegrationError;
    }
  }
  throw failure;
}

function parsed(source: EventSource, webhook: ReceivedWebhook): readonly ProviderEvent[] {
  const events = source.parse(webhook);
  if (events.length <= WEBHOOK_EVENTS_MAX) return events;
  throw new IntegrationError('payload_too_large', `a webhook has at most ${WEBHOOK_EVENTS_MAX} events`);
}

/** What is to be stored for each installation, by the keys of its events. */
type Inboxes = ReadonlyMap<string, { readonly installation: InstallationRow; readonly events: Map<string, string> }>;

function inboxes(
  services: Services,
  subscriptions: Subscriptions,
  source: EventSource,
  addressee: Addressee,
  events: readonly ProviderEvent[],
  counts: ProviderCounts,
): Inboxes {
  const found: Map<string, { installation: InstallationRow; events: Map<string, string> }> = new Map();
  const concerned = concernedBy(services, source, addressee);
  let bytes = 0;
  for (const event of events) {
    const installations = concerned(event);
    const wanting = installations.filter((one) => wishOf(event, subscriptions.of(addressee.integration, one)) !== null);
    if (wanting.length === 0) {
      countOutcome(counts.webhookEvents, WEBHOOK_EVENT_OUTCOMES, installations.length === 0 ? 'unclaimed' : 'unwanted');
      continue;
    }
    const [key, text] = [storedKey(event), JSON.stringify(event)];
    bytes += Buffer.byteLength(text);
    if (bytes > WEBHOOK_TEXTS_BYTES_MAX) {
      throw new IntegrationError('payload_too_large', 'the events of a webhook are too large to store one by one');
    }
    for (const installation of wanting) {
      const { installationId } = installation;
      const inbox = found.get(installationId) ?? { installation, events: new Map() };
      inbox.events.set(key, text);
      found.set(installationId, inbox);
    }
  }
  return found;
}

/** Looks up each account once. */
function concernedBy(
  { store }: Services,
  { addressedTo }: EventSource,
  addressee: Addressee,
): (event: ProviderEvent) => readonly InstallationRow[] {
  if (addressee.of === 'installation') {
    if (addressedTo === 'installation') return () => [addressee.installation];
    // All accounts come to one address: whoever entered this one there must not be told of the others.
    const { connectionId } = addressee.installation;
    const own = readConnection(store.reads, connectionId)?.workspaceRef ?? null;
    return ({ workspace }) => (workspace !== null && workspace === own ? [addressee.installation] : []);
  }
  const { integrationId } = addressee.integration;
  const byWorkspace = new Map<string, readonly InstallationRow[]>();
  return ({ workspace }) => {
    if (workspace === null) return [];
    const known = byWorkspace.get(workspace);
    if (known !== undefined) return known;
    const rows = readInstallationsOfWorkspace(store.reads, integrationId, workspace, WEBHOOK_INSTALLATIONS_MAX);
    byWorkspace.set(workspace, rows);
    return rows;
  };
}

function storedKey({ key }: ProviderEvent): string {
  return key.length <= EVENT_KEY_CHARS_MAX ? key : hash('sha256', key, 'base64url');
}

/**
 * False where an inbox had no room and the provider is to come again: what found some is stored all the same, and its
 * second delivery is known.
 */
async function store(services: Services, all: Inboxes, counts: ProviderCounts): Promise<boolean> {
  const { store, runtime, clock } = services;
  const receivedAtMs = clock.nowMs();
  const writes: RowWrite[] = [];
  const wakes: IssuedEffect[] = [];
  const outcomes: (typeof WEBHOOK_EVENT_OUTCOMES)[number][] = [];
  let isRoom = true;
  for (const { installation, events } of all.values()) {
    const { installationId } = installation;
    const known = readInboxKeys(store.reads, installationId, [...events.keys()]);
    const fresh = [...events].filter(([eventKey]) => !known.has(eventKey));
    outcomes.push(...[...known].map(() => 'duplicate' as const));
    if (fresh.length === 0) continue;
    const room = roomFor(services, installationId, fresh);
    if (room === 'later') isRoom = false;
    if (room === 'never') outcomes.push(...fresh.map(() => 'overflow' as const));
    if (room !== 'now') continue;
    outcomes.push(...fresh.map(() => 'stored' as const));
    writes.push(
      ...fresh.map(([eventKey, event]) => insertInboxEvent({ installationId, eventKey, event, receivedAtMs })),
    );
    const wake = wakeOf(installationId);
    writes.push(wakeInbox(installationId, wake.effectId, wake.actorId, JSON.stringify(wake.effect)));
    wakes.push(wake);
  }
  if (writes.length > 0) await store.commit(writes);
  // One for which nothing was left to wait has no row, and would fail with whatever its actor does at that moment.
  const stored = wakes.filter(({ effectId }) => readEffect(store.reads, effectId) !== undefined);
  for (const wake of stored) runtime.dispatcher.dispatch(wake);
  for (const outcome of outcomes) countOutcome(counts.webhookEvents, WEBHOOK_EVENT_OUTCOMES, outcome);
  return isRoom;
}

/** Whether an inbox has room for events, is likely to have some while the provider comes again, or is not. */
function roomFor(
  { store, clock, log }: Services,
  installationId: string,
  fresh: readonly (readonly [key: string, event: string])[],
): 'now' | 'later' | 'never' {
  const { events, bytes, oldestAtMs } = readInboxDepth(store.reads, installationId, INBOX_EVENTS_MAX);
  const bytesThen = fresh.reduce((sum, [, event]) => sum + Buffer.byteLength(event), bytes);
  if (events + fresh.length <= INBOX_EVENTS_MAX && bytesThen <= INBOX_BYTES_MAX) return 'now';
  if (oldestAtMs === null || clock.nowMs() - oldestAtMs < INBOX_STUCK_MS) return 'later';
  log.warn({ installationId, events: fresh.length }, 'events are lost, because too many have waited for a day');
  return 'never';
}

/** A message of an inbox to its own actor, under the id of an effect: nobody else sends it. */
function wakeOf(installationId: string): IssuedEffect {
  const actorId = actorIdOf('inbox', installationId);
  const effect = { type: 'effect.send', to: actorId, event: { type: 'inbox.received' } } as const;
  return { effectId: `${actorId}:${newId<string>()}`, actorId, effect };
}

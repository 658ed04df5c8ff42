// One turn of a subscription: what the committed config wants, what the provider has by the sealed row, and the
// connector brings the one in line with the other. Safe to repeat, because the connector finds by name what an
// interrupted turn has made. What there is then is stored also where a turn failed: nothing that was made at a provider
// is forgotten before it is taken back, unless nobody may take it back any more: its account was left.

import type { ReplayableHandler, Settlement } from '../../../actors/dispatch.ts';
import type { CloseSubscriptionEffect, SubscribeEffect } from '../../../machines/effects.ts';
import {
  type ObjectEvents,
  type SubscribeConnector,
  type SubscribeFailure,
  type SubscribeOutcome,
  type SubscribeParams,
  type SubscriptionState,
  subscribeFailure,
} from '../../connectors/events.ts';
import { fullJitterMs } from '../../core/backoff.ts';
import { type ErrorFacts, IntegrationError } from '../../core/errors.ts';
import {
  EFFECT_DEADLINE_MS,
  SUBSCRIBE_ATTEMPTS_MAX,
  SUBSCRIBE_BACKOFF_BASE_MS,
  SUBSCRIBE_BACKOFF_MS_MAX,
  SUBSCRIBE_EFFECT_DEADLINE_MS,
} from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import type { EffectiveSubscription } from '../../manifest/subscriptions.ts';
import type { RowWrite } from '../../store/port.ts';
import { type ConnectionRow, readConnection } from '../../store/tables/connections.ts';
import { type InstallationRow, readInstallation, readIntegration } from '../../store/tables/installations.ts';
import {
  deleteSubscription,
  readSubscription,
  type SubscriptionRow,
  type SubscriptionStatus,
  setSubscriptionStatus,
  settleSubscription,
} from '../../store/tables/subscriptions.ts';
import { removeOrphan } from '../connect/removeConnection.ts';
import { type Appended, NOTHING_APPENDED } from '../deliver/append.ts';
import { subscribeFailed } from '../notify/events.ts';
import { providerCalls } from '../providerCall.ts';
import type { Services } from '../services.ts';
import { webhookUrl } from './address.ts';
import { sourceOf } from './receive.ts';
import { openState, type StoredState, sealState } from './stored.ts';
import { subscriberOf, subscriptionActorId, subscriptionsOf } from './tell.ts';

/** What a turn works on. */
interface Turn {
  readonly effect: SubscribeEffect;
  readonly row: SubscriptionRow;
  /** Null where everything is taken back. */
  readonly installation: InstallationRow | null;
  /** The one that calls are made with. */
  readonly connectionId: string;
  /** Whose account that is at the provider; null: that is not known. */
  readonly account: string | null;
}

export function subscribeHandler(services: Services): ReplayableHandler<SubscribeEffect> {
  return {
    kind: 'replayable',
    deadlineMs: SUBSCRIBE_EFFECT_DEADLINE_MS,
    perform: (effect, signal) => perform(services, effect, signal),
    failed: (effect, error) => failed(services, effect, error),
  };
}

async function perform(services: Services, effect: SubscribeEffect, signal: AbortSignal): Promise<Settlement> {
  const { reads } = services.store;
  const { installationId, turn, isRemoved } = effect;
  const row = readSubscription(reads, installationId);
  if (row === undefined) return { event: { type: 'subscription.applied', turn, renewAtMs: null } };
  const installation = isRemoved ? null : (readInstallation(reads, installationId) ?? null);
  // Deleted, and about to be told so; where that came before its config did, it comes from here.
  if (installation === null && !isRemoved) {
    const messages = [{ to: subscriptionActorId(installationId), event: { type: 'subscription.removed' } }];
    return { event: { type: 'subscription.applied', turn, renewAtMs: null }, messages };
  }
  const connectionId = installation?.connectionId ?? row.connectionId;
  const connection = readConnection(reads, connectionId);
  if (connection === undefined || connection.status === 'bad_credentials') return denied(services, effect);
  const subscriber = subscriberOf(services, connection.provider);
  const stored = openState(services, row);
  const made = { effect, row, installation, connectionId, account: connection.workspaceRef };
  const former = { ...made, connectionId: row.connectionId, account: stored?.account ?? null };
  if (subscriber === undefined) return settled(services, former, { state: stored, failure: NO_SUBSCRIBER }, null);
  if (row.connectionId !== connectionId) {
    const left = await leave(services, subscriber, row, stored, signal);
    if (left.failure !== null && !isFinal(effect, left.failure)) return settled(services, former, left, null);
    if (left.failure !== null) {
      const { message: err } = left.failure;
      services.log.warn({ installationId, connectionId: row.connectionId, err }, FORMER_KEEPS);
    }
  }
  const params = paramsOf(services, row, installation, stateIn(services, connection, row, stored));
  // Until this turn settles, there may be more than the row says: whoever takes it up again sees that.
  if (row.status !== 'pending') {
    await services.store.commit([setSubscriptionStatus(installationId, 'pending', row.error, services.clock.nowMs())]);
  }
  warnOfQuota(services, params);
  const call = providerCalls(services, services.targets.ofConnection(connectionId), 'subscribe', signal);
  const outcome = await subscriber.subscribe(params, call);
  return settled(services, made, outcome, subscriber.renewEveryMs);
}

/** What is asked for to spare a quota changes only how much is sent: what nobody wants is left out here as well. */
function warnOfQuota({ log }: Services, { installationId, wanted }: SubscribeParams): void {
  const objects = wanted.filter(({ isQuotaOptimized }) => isQuotaOptimized).map(({ objectName }) => objectName);
  if (objects.length > 0)
    log.warn({ installationId, objects }, 'quotaOptimization is not applied: all changes are sent');
}

const NO_SUBSCRIBER: SubscribeFailure = {
  message: 'this version does not subscribe to anything at the provider',
  isRetryable: false,
  isRolledBack: true,
};

/** Without an installation everything is taken back. */
function paramsOf(
  services: Services,
  { installationId, status }: SubscriptionRow,
  installation: InstallationRow | null,
  previous: SubscriptionState | null,
): SubscribeParams {
  return {
    installationId,
    label: `Tenon ${installationId}`,
    webhookUrl: installation === null ? '' : webhookUrlOf(services, installation),
    relay: services.eventRelay,
    wanted: installation === null ? [] : subscriptionsOf(services, installation).map(objectEventsOf),
    previous,
    isUnsettled: previous === null || status !== 'success',
  };
}

/** Empty for an integration that is gone. */
function webhookUrlOf(services: Services, installation: InstallationRow): string {
  const { projectId, integrationId } = installation;
  const integration = readIntegration(services.store.reads, projectId, integrationId);
  const source = integration === undefined ? undefined : sourceOf(services, integration);
  if (integration === undefined || source === undefined) return '';
  return webhookUrl(services, source, { of: 'installation', integration, installation }).url;
}

/** The names that connectors use. */
function objectEventsOf(subscription: EffectiveSubscription): ObjectEvents {
  const { objectName, events, watchedFields, otherEvents, isQuotaOptimized } = subscription;
  const named = events.map((event) => (event === 'associationChange' ? 'associationUpdate' : event));
  return { objectName, events: named, watchedFields, otherEvents, isQuotaOptimized };
}

/**
 * Of what is stored, what the account of a connection has: nothing where that was authorised for another since, or
 * nobody wrote down whose it is. What is there all the same is found by its name.
 */
function stateIn(
  { log }: Services,
  { connectionId, workspaceRef }: ConnectionRow,
  row: SubscriptionRow,
  stored: StoredState | null,
): SubscriptionState | null {
  if (row.connectionId !== connectionId || stored?.account === undefined) return null;
  const { account } = stored;
  if (account === null || workspaceRef === null || account === workspaceRef) return stored;
  log.warn({ installationId: row.installationId, connectionId }, FORMER_KEEPS);
  return null;
}

const FORMER_KEEPS = 'a former account keeps what was subscribed to';

/**
 * The installation was moved to another connection: what there is goes with the former one, if that still can. What
 * could not be taken back yet is in the state that is answered.
 */
async function leave(
  services: Services,
  subscriber: SubscribeConnector,
  row: SubscriptionRow,
  stored: StoredState | null,
  signal: AbortSignal,
): Promise<SubscribeOutcome> {
  const { store, targets } = services;
  const { connectionId } = row;
  const connection = readConnection(store.reads, connectionId);
  if (connection === undefined || connection.status === 'bad_credentials') return { state: null, failure: null };
  const call = providerCalls(services, targets.ofConnection(connectionId), 'subscribe', signal);
  const params = paramsOf(services, row, null, stateIn(services, connection, row, stored));
  return subscriber.subscribe(params, call);
}

function settled(
  services: Services,
  { effect, row, installation, connectionId, account }: Turn,
  { state, failure }: SubscribeOutcome,
  renewEveryMs: Ms | null,
): Settlement {
  const nowMs = services.clock.nowMs();
  const { turn, installationId } = effect;
  const objects = JSON.stringify((state?.objects ?? []).map(({ objectName }) => objectName));
  const sealed = sealState(services, row, state, account);
  const status = statusOf(effect, failure);
  const stored = { ...row, connectionId, status, objects, sealed, error: failure?.message ?? null, updatedAtMs: nowMs };
  const told = failure === null ? NOTHING_APPENDED : toldOf(services, effect, installation, failure);
  const rows = { writes: [settleSubscription(stored), ...told.writes], messages: told.messages };
  if (failure !== null) return { event: failedEvent(effect, failure, nowMs), ...rows };
  const renewAtMs = renewEveryMs === null ? null : nowMs + renewEveryMs;
  services.log.info({ installationId, objects }, 'subscribed at the provider');
  return { event: { type: 'subscription.applied', turn, renewAtMs }, ...rows };
}

/** Trying again cannot help, or has not so far. */
function isFinal({ attempt }: SubscribeEffect, { isRetryable }: SubscribeFailure): boolean {
  return !isRetryable || attempt + 1 >= SUBSCRIBE_ATTEMPTS_MAX;
}

function statusOf(effect: SubscribeEffect, failure: SubscribeFailure | null): SubscriptionStatus {
  if (failure === null) return 'success';
  if (!isFinal(effect, failure)) return 'pending';
  return failure.isRolledBack ? 'failed' : 'failed_to_rollback';
}

/** The builder hears of a failure once, when nothing more is to be expected of trying. */
function toldOf(
  services: Services,
  effect: SubscribeEffect,
  installation: InstallationRow | null,
  failure: SubscribeFailure,
): Appended {
  const { installationId, isRemoved, isTold } = effect;
  if (!isFinal(effect, failure) || isTold) return NOTHING_APPENDED;
  const outcome = isRemoved ? 'what was subscribed to could not be taken back' : 'the provider was not subscribed to';
  services.log.warn({ installationId, err: failure.message }, outcome);
  return installation === null ? NOTHING_APPENDED : subscribeFailed(services, installation, failure.message);
}

function failedEvent({ turn, attempt }: SubscribeEffect, failure: SubscribeFailure, nowMs: Ms) {
  const { message, isRetryable, retryAtMs: askedAtMs = 0 } = failure;
  const backoffMs = fullJitterMs(attempt, SUBSCRIBE_BACKOFF_BASE_MS, SUBSCRIBE_BACKOFF_MS_MAX);
  const retryAtMs = isRetryable ? Math.max(askedAtMs, nowMs + SUBSCRIBE_BACKOFF_BASE_MS + backoffMs) : null;
  return { type: 'subscription.failed', turn, message, retryAtMs };
}

/** Nobody can be asked before the customer has connected again. */
function denied({ clock }: Services, { installationId, turn }: SubscribeEffect): Settlement {
  const message = 'the customer has to connect again first';
  return {
    event: { type: 'subscription.denied', turn, message },
    writes: [setSubscriptionStatus(installationId, 'pending', message, clock.nowMs())],
  };
}

/** A throw is of something that no connector tells of, such as a deadline: what is at the provider is as it was. */
function failed(services: Services, effect: SubscribeEffect, { code, message, retryAtMs }: ErrorFacts): Settlement {
  const row = readSubscription(services.store.reads, effect.installationId);
  // A bug of ours may be one of what the provider has answered just now.
  const isBug = code === 'invariant';
  const asked = retryAtMs === undefined ? {} : { retryAtMs };
  const failure: SubscribeFailure = isBug
    ? { message, isRetryable: true, isRolledBack: false }
    : subscribeFailure(new IntegrationError(code, message, asked), false);
  const event = failedEvent(effect, failure, services.clock.nowMs());
  if (row === undefined) return { event };
  const installation = effect.isRemoved
    ? null
    : (readInstallation(services.store.reads, effect.installationId) ?? null);
  const told = toldOf(services, effect, installation, failure);
  const writes: RowWrite[] = [
    setSubscriptionStatus(row.installationId, statusOf(effect, failure), message, services.clock.nowMs()),
    ...told.writes,
  ];
  return { event, writes, messages: told.messages };
}

/** The row goes last: until then it says which connection is to be looked at. */
export function closeSubscriptionHandler(services: Services): ReplayableHandler<CloseSubscriptionEffect> {
  const { store, clock } = services;
  return {
    kind: 'replayable',
    deadlineMs: EFFECT_DEADLINE_MS,
    async perform({ installationId, isConnectionKept }) {
      const row = readSubscription(store.reads, installationId);
      if (row === undefined) return { event: null };
      // Others that end at this moment see that this one needs the connection no more.
      await store.commit([setSubscriptionStatus(installationId, 'closing', row.error, clock.nowMs())]);
      if (!isConnectionKept) await removeOrphan(services, row.connectionId, installationId);
      return { event: null, writes: [deleteSubscription(installationId)] };
    },
  };
}

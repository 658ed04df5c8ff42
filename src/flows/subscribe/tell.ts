// Tells the subscription of an installation what became of that. Called by the handlers of the installation's own
// effects and when a credential is stored. Invariant: an installation that subscribes to nothing, or whose provider
// needs no asking, never gets a row nor an actor.

import type { Message } from '../../../actors/host.ts';
import { connectorOf } from '../../connectors/connectors.ts';
import type { SubscribeConnector } from '../../connectors/events.ts';
import { type ActorId, actorIdOf } from '../../core/ids.ts';
import type { ConfigContent } from '../../manifest/config.ts';
import { type EffectiveSubscription, effectiveSubscriptions } from '../../manifest/subscriptions.ts';
import { leaveInboxEvents } from '../../store/tables/inbox.ts';
import { type InstallationRow, readInstallationsOfConnection } from '../../store/tables/installations.ts';
import { beginSubscription, readLeavingIds, readSubscription } from '../../store/tables/subscriptions.ts';
import { type Appended, NOTHING_APPENDED } from '../deliver/append.ts';
import { specFor } from '../read/reads.ts';
import type { CommittedRows, Services } from '../services.ts';

/** The actor that asks the provider for what an installation subscribes to. */
export function subscriptionActorId(installationId: string): ActorId {
  return actorIdOf('subscription', installationId);
}

/** The subscriptions of an installation as its config and the latest manifest say now. */
export function subscriptionsOf(rows: CommittedRows, installation: InstallationRow): readonly EffectiveSubscription[] {
  const spec = specFor(rows, installation);
  return spec === null ? [] : effectiveSubscriptions(spec, JSON.parse(installation.config) as ConfigContent);
}

/** Undefined where subscriptions are configured by hand, or the provider is not known any more. */
export function subscriberOf(
  { catalog, connectors }: Pick<Services, 'catalog' | 'connectors'>,
  provider: string,
): SubscribeConnector | undefined {
  const declaration = catalog.find(provider);
  return declaration === undefined ? undefined : connectorOf(connectors, declaration)?.subscriber;
}

/** What goes with the commit that applies a config. */
export function subscriptionConfigured(services: Services, installation: InstallationRow): Appended {
  const { store, clock } = services;
  const { installationId, connectionId } = installation;
  const messages = [{ to: subscriptionActorId(installationId), event: { type: 'subscription.configured' } }];
  if (readSubscription(store.reads, installationId) !== undefined) return { writes: [], messages };
  if (subscriptionsOf(services, installation).length === 0) return NOTHING_APPENDED;
  const provider = specFor(services, installation)?.provider ?? '';
  if (subscriberOf(services, provider) === undefined) return NOTHING_APPENDED;
  return { writes: [beginSubscription(installationId, connectionId, clock.nowMs())], messages };
}

/** Of the fates of reads, those that subscriptions share. */
const FATES: Readonly<Record<string, string>> = {
  'read.blocked': 'subscription.blocked',
  'read.unblocked': 'subscription.unblocked',
  'read.removed': 'subscription.removed',
};

/** What the subscription is told when the reads of its installation are told `event`. */
export function subscriptionTold(rows: CommittedRows, installationId: string, event: string): readonly Message[] {
  const type = FATES[event];
  if (type === undefined || readSubscription(rows.store.reads, installationId) === undefined) return [];
  return [{ to: subscriptionActorId(installationId), event: { type } }];
}

/**
 * A connection is of another account than it was: there is nothing yet of what its installations subscribe to, and what
 * waits in their inboxes is of the former one.
 */
export function accountChanged({ store }: CommittedRows, connectionId: string): Appended {
  const installations = readInstallationsOfConnection(store.reads, connectionId);
  const subscribed = installations.filter(
    ({ installationId }) => readSubscription(store.reads, installationId) !== undefined,
  );
  return {
    writes: installations.map(({ installationId }) => leaveInboxEvents(installationId)),
    messages: subscribed.map(({ installationId }) => ({
      to: subscriptionActorId(installationId),
      event: { type: 'subscription.configured' },
    })),
  };
}

/** Whoever takes something back with a connection must not remove it, once its customer has connected again. */
export function connectionRenewed(rows: CommittedRows, connectionId: string): readonly Message[] {
  return readLeavingIds(rows.store.reads, connectionId).map((installationId) => ({
    to: subscriptionActorId(installationId),
    event: { type: 'connection.renewed' },
  }));
}

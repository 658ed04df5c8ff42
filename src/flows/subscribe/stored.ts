// What a provider has of an installation, as it is stored: sealed, because it holds what webhooks are signed with.

import type { SubscriptionState } from '../../connectors/events.ts';
import type { SubscriptionRow } from '../../store/tables/subscriptions.ts';
import type { Services } from '../services.ts';
import { subscriptionPlace } from './places.ts';

/** Null where the provider has nothing. */
export function openState({ vault }: Pick<Services, 'vault'>, row: SubscriptionRow): SubscriptionState | null {
  const { installationId, generation, sealed } = row;
  if (sealed === null) return null;
  return JSON.parse(vault.open(sealed, subscriptionPlace(installationId, generation)).toString()) as SubscriptionState;
}

/** The state for the generation after the row's. */
export function sealState(
  { vault }: Pick<Services, 'vault'>,
  { installationId, generation }: SubscriptionRow,
  state: SubscriptionState | null,
): Uint8Array | null {
  if (state === null) return null;
  return vault.seal(JSON.stringify(state), subscriptionPlace(installationId, generation + 1));
}

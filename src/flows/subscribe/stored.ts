// What a provider has of an installation, as it is stored: sealed, because it holds what webhooks are signed with.

import type { SubscriptionState } from '../../connectors/events.ts';
import type { SubscriptionRow } from '../../store/tables/subscriptions.ts';
import type { Services } from '../services.ts';
import { subscriptionPlace } from './places.ts';

/** What is sealed. */
export interface StoredState extends SubscriptionState {
  /** The account that has it, as its connection named it; null: it did not. Absent: stored before this was noted. */
  readonly account?: string | null;
}

/** Null where the provider has nothing. */
export function openState({ vault }: Pick<Services, 'vault'>, row: SubscriptionRow): StoredState | null {
  const { installationId, generation, sealed } = row;
  if (sealed === null) return null;
  return JSON.parse(vault.open(sealed, subscriptionPlace(installationId, generation)).toString()) as StoredState;
}

/** The state for the generation after the row's. */
export function sealState(
  { vault }: Pick<Services, 'vault'>,
  { installationId, generation }: SubscriptionRow,
  state: SubscriptionState | null,
  account: string | null,
): Uint8Array | null {
  if (state === null) return null;
  const stored: StoredState = { ...state, account };
  return vault.seal(JSON.stringify(stored), subscriptionPlace(installationId, generation + 1));
}

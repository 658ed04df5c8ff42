// Where what belongs to a subscription is sealed for.

import type { SealedPlace } from '../../auth/vault.ts';

/** A `SubscriptionState` of an installation; `generation` grows whenever it is stored. */
export function subscriptionPlace(installationId: string, generation: number): SealedPlace {
  return { connectionId: installationId, generation, purpose: 'subscription' };
}

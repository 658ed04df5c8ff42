// What installations subscribe to, asked before an event is stored: a provider app hears of everything that any
// installation of it subscribes to, and of a busy account most is nobody's. Invariant: it is what the actor of the
// inbox would go by at this moment.

import { SUBSCRIPTIONS_CACHED_MAX } from '../../core/limits.ts';
import { recentlyUsed } from '../../core/recent.ts';
import type { EffectiveSubscription } from '../../manifest/subscriptions.ts';
import type { InstallationRow, IntegrationRow } from '../../store/tables/installations.ts';
import type { CommittedRows } from '../services.ts';
import { subscriptionsOf } from './tell.ts';

/** By what they depend on: another config or a later revision has another key. */
export class Subscriptions {
  readonly #committed: CommittedRows;
  readonly #known = recentlyUsed<string, readonly EffectiveSubscription[]>(SUBSCRIPTIONS_CACHED_MAX);

  constructor(committed: CommittedRows) {
    this.#committed = committed;
  }

  of(integration: IntegrationRow, installation: InstallationRow): readonly EffectiveSubscription[] {
    const { installationId, configId } = installation;
    const key = `${installationId}/${configId}/${integration.revisionId}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = subscriptionsOf(this.#committed, installation);
    this.#known.set(key, found);
    return found;
  }
}

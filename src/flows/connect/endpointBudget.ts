// Token endpoints have limits of their own, and count failures: Outreach gives one token per user and minute, Zoho ten
// per grant in ten minutes. Windows are kept in memory, unlike those of the API: what a restart could repeat is on disk
// already. A token that was had is not asked for again, when a failed one is tried again is committed by its machine,
// and of one that was under way it is known. What little comes too early is refused, an answer like any other.

import { accountOf } from '../../../actors/lease.ts';
import { type ProviderDeclaration, tokenFactsOf } from '../../catalog/schema.ts';
import { BUDGETS_CACHED_MAX } from '../../core/limits.ts';
import { recentlyUsed } from '../../core/recent.ts';
import type { Ms } from '../../core/time.ts';
import { earliestAtMs, spend } from '../../limits/meter.ts';
import { type Meter, newMeter } from '../../limits/slices.ts';
import type { ConnectionRow } from '../../store/tables/connections.ts';

export class EndpointBudget {
  readonly #windows = recentlyUsed<string, Meter>(BUDGETS_CACHED_MAX);

  /** Spends one request, or answers when there is one to spend; then nothing was spent. */
  take(declaration: ProviderDeclaration, connection: ConnectionRow, nowMs: Ms): Ms | null {
    const quota = tokenFactsOf(declaration)?.endpointQuota;
    if (quota === undefined) return null;
    const app = connection.providerAppId ?? connection.connectionId;
    const owner = {
      providerApp: app,
      externalAccount: accountOf(connection),
      appInAccount: `${app}/${accountOf(connection)}`,
      user: connection.connectionId,
      sourceAddress: '',
    }[quota.scope];
    const key = `${declaration.name}/${quota.scope}/${owner}`;
    let window = this.#windows.get(key);
    if (window === undefined) {
      window = newMeter(quota.limit, quota.windowMs);
      this.#windows.set(key, window);
    }
    const atMs = earliestAtMs(window, nowMs);
    if (atMs > nowMs) return atMs;
    spend(window, nowMs);
    return null;
  }
}

// Token endpoints have limits of their own, and count failures: Outreach gives one token per user and minute, Zoho ten
// per grant in ten minutes. Windows are kept in memory, unlike those of the API: what a restart could repeat is on disk
// already. A token that was had is not asked for again, when a failed one is tried again is committed by its machine,
// and of one that was under way it is known. What little comes too early is refused, an answer like any other.

import type { BudgetView } from '../../../actors/budgetState.ts';
import { accountOf } from '../../../actors/leaseTarget.ts';
import type { Quota } from '../../catalog/quotas.ts';
import { type ProviderDeclaration, tokenFactsOf } from '../../catalog/schema.ts';
import { BUDGETS_CACHED_MAX, REFRESH_BACKOFF_MS_MAX } from '../../core/limits.ts';
import { recentlyUsed } from '../../core/recent.ts';
import type { Ms } from '../../core/time.ts';
import { earliestAtMs, spend } from '../../limits/meter.ts';
import { advance, type Meter, newMeter } from '../../limits/slices.ts';
import type { ConnectionRow } from '../../store/tables/connections.ts';

interface Endpoint {
  readonly key: string;
  readonly name: string;
  readonly meter: Meter;
  /** Connections whose renewal found no room, until when each has asked again; with the first refused first. */
  readonly waiting: Map<string, Ms>;
}

export class EndpointBudget {
  readonly #endpoints = recentlyUsed<string, Endpoint>(BUDGETS_CACHED_MAX);

  /** Spends one request, or answers when there is one to spend; then nothing was spent. */
  take(declaration: ProviderDeclaration, connection: ConnectionRow, nowMs: Ms): Ms | null {
    const quota = quotaOf(declaration);
    if (quota === undefined) return null;
    const key = keyOf(declaration, quota, connection);
    let endpoint = this.#endpoints.get(key);
    if (endpoint === undefined) {
      endpoint = newEndpoint(key, quota);
      this.#endpoints.set(key, endpoint);
    }
    const { meter, waiting } = endpoint;
    const atMs = earliestAtMs(meter, nowMs);
    waiting.delete(connection.connectionId);
    if (atMs > nowMs) {
      forgetGone(waiting, nowMs);
      // It asks again then, or after its backoff where that is longer; twice that, because its effect may wait too.
      waiting.set(connection.connectionId, Math.max(atMs, nowMs + REFRESH_BACKOFF_MS_MAX) + REFRESH_BACKOFF_MS_MAX);
      return atMs;
    }
    spend(meter, nowMs);
    return null;
  }

  /** What renewals of a connection spend, for operators; null where nothing is declared. */
  viewFor(declaration: ProviderDeclaration, connection: ConnectionRow, nowMs: Ms): BudgetView | null {
    const quota = quotaOf(declaration);
    if (quota === undefined) return null;
    const key = keyOf(declaration, quota, connection);
    return viewOf(this.#endpoints.peek(key) ?? newEndpoint(key, quota), nowMs, connection.connectionId);
  }

  /** All in memory, whose use it is not. */
  view(nowMs: Ms): BudgetView[] {
    return [...this.#endpoints.values()].map((endpoint) => viewOf(endpoint, nowMs));
  }
}

function quotaOf(declaration: ProviderDeclaration): Quota | undefined {
  return tokenFactsOf(declaration)?.endpointQuota;
}

/** Formed like those of the API's limits; none of these has the name of such a limit. */
function keyOf({ name: provider }: ProviderDeclaration, { name, scope }: Quota, connection: ConnectionRow): string {
  const app = connection.providerAppId ?? connection.connectionId;
  const owner = {
    providerApp: app,
    externalAccount: accountOf(connection),
    appInAccount: `${app}/${accountOf(connection)}`,
    user: connection.connectionId,
    sourceAddress: '',
  }[scope];
  return `${provider}/${scope}/${owner}/${name}`;
}

function newEndpoint(key: string, { name, limit, windowMs }: Quota): Endpoint {
  return { key, name, meter: newMeter(limit, windowMs), waiting: new Map() };
}

/** Disconnected meanwhile, or renewed in another way: they never ask again. */
function forgetGone(waiting: Map<string, Ms>, nowMs: Ms): void {
  for (const [connectionId, untilMs] of waiting) {
    if (untilMs > nowMs) return;
    waiting.delete(connectionId);
  }
}

function viewOf({ key, name, meter, waiting }: Endpoint, nowMs: Ms, connectionId = ''): BudgetView {
  advance(meter, nowMs);
  forgetGone(waiting, nowMs);
  const { limit, windowMs, total: spent } = meter;
  return {
    ...{ key, name, limit, windowMs, spent, held: 0, isLearned: false },
    // Everybody's renewals are equal: none is made for a schedule.
    ...{ reservedForPeople: 0, pacePerHour: null, blockedUntilMs: null, ownSpent: null },
    waiting: { refresh: waiting.size },
    ownWaiting: waiting.has(connectionId) ? 1 : 0,
  };
}

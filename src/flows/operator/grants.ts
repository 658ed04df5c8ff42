// Provider apps that are not trusted: those whose customers are held because their grants were refused together, and
// those that the provider refuses. An operator looks at them and may decide before the runtime knows: everybody tries
// again, or the grants are gone.

import type { Runtime } from '../../../actors/runtime.ts';
import type { ProviderAppContext } from '../../../machines/providerApp.ts';
import { IntegrationError } from '../../core/errors.ts';
import { actorIdOf } from '../../core/ids.ts';
import { FLEET_SUSPECT_MS_MAX, OPERATOR_HELD_COUNTED_MAX, OPERATOR_IDS_COMPARED_MAX } from '../../core/limits.ts';
import { nearNames } from '../../core/nearNames.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import { readProviderApp, readProviderAppIds, readProviderAppsNotTrusted } from '../../store/tables/accounts.ts';
import { countHeld } from '../../store/tables/connections.ts';
import { readSnapshot } from '../../store/tables/snapshots.ts';
import type { Look } from './look.ts';
import { restoredOf } from './past.ts';

export interface HeldAppsPage {
  readonly providerApps: readonly HeldAppView[];
  /** Of the next page; null on the last one. */
  readonly cursor: string | null;
}

/** Times are RFC 3339. */
export interface HeldAppView {
  readonly id: string;
  readonly provider: string;
  readonly projectId: string;
  /** `suspect`: grants were refused together; `faulty`: the provider refuses the provider app. */
  readonly state: string;
  readonly since: string | null;
  /** When a held customer is tried next. */
  readonly nextProbeAt: string | null;
  /** When the refusals are believed by themselves; null where they never are. */
  readonly believedAt: string | null;
  readonly probes: number;
  /** Connections that are tried first. */
  readonly candidates: readonly string[];
  readonly lastError: string | null;
  /** Customers that are held back, counted up to OPERATOR_HELD_COUNTED_MAX. */
  readonly held: number;
}

/** In the order of their ids, after `cursor`. */
export function listHeldApps({ store }: Look, limit: number, cursor: string): HeldAppsPage {
  const rows = readProviderAppsNotTrusted(store.reads, cursor, limit + 1);
  const page = rows.slice(0, limit);
  return {
    providerApps: page.map(({ providerAppId, provider, projectId, state }): HeldAppView => {
      const { value, context } = JSON.parse(state) as { value: string; context: ProviderAppContext };
      const { sinceMs, wakeAtMs, probes, candidates, lastError } = context;
      return {
        id: providerAppId,
        provider,
        projectId,
        state: value,
        since: timeOrNull(sinceMs),
        nextProbeAt: timeOrNull(wakeAtMs),
        believedAt: value === 'suspect' && sinceMs !== null ? toRfc3339(sinceMs + FLEET_SUSPECT_MS_MAX) : null,
        probes,
        candidates,
        lastError,
        held: countHeld(store.reads, providerAppId, OPERATOR_HELD_COUNTED_MAX),
      };
    }),
    cursor: rows.length > limit ? (page.at(-1)?.providerAppId ?? null) : null,
  };
}

/** `release`: everybody tries again, spread over minutes. `confirm`: the grants are gone, customers connect again. */
export type GrantDecision = 'release' | 'confirm';

/** What was decided about. */
export interface Decided {
  readonly id: string;
  /** Customers that were held when it was decided, counted as in the view. */
  readonly held: number;
}

interface Deciding {
  readonly runtime: Pick<Runtime, 'send'>;
  readonly look: Look;
}

/**
 * Ends a hold. Rejects with `not_found` for an unknown provider app, naming near ids, and with `conflict` where there
 * is nothing to decide: it is trusted, or the provider refuses the provider app itself, which says nothing of grants.
 */
export async function decideGrants({ runtime, look }: Deciding, id: string, decision: GrantDecision): Promise<Decided> {
  const { reads } = look.store;
  const providerAppId = id.replace(/^providerApp:/, '');
  if (readProviderApp(reads, providerAppId) === undefined) throw unknownApp(look, providerAppId);
  const actorId = actorIdOf('providerApp', providerAppId);
  const row = readSnapshot(reads, actorId);
  const state = row === undefined || row.state === '' ? 'trusted' : (restoredOf(row)?.state ?? 'unreadable');
  const held = countHeld(reads, providerAppId, OPERATOR_HELD_COUNTED_MAX);
  const type = decision === 'release' ? 'grants.released' : 'grants.confirmed';
  const isAccepted = state !== 'trusted' && (await runtime.send(actorId, { type }));
  if (isAccepted) return { id: providerAppId, held };
  if (decision === 'confirm' && state === 'faulty') {
    throw new IntegrationError('conflict', 'the provider refuses this provider app, which says nothing of its grants', {
      remedy: 'Mend the client id and secret of the provider app; or release it, and everybody tries again.',
    });
  }
  throw new IntegrationError('conflict', 'nothing of this provider app is held back');
}

function unknownApp({ store }: Look, providerAppId: string): IntegrationError {
  const near = nearNames(providerAppId, readProviderAppIds(store.reads, OPERATOR_IDS_COMPARED_MAX), 1);
  const remedy =
    near.length === 0 ? '`tenon grants list` shows those that are held.' : `Did you mean ${near.join('')}?`;
  return new IntegrationError('not_found', `there is no provider app ${providerAppId}`, { remedy });
}

function timeOrNull(atMs: Ms | null): string | null {
  return atMs === null ? null : toRfc3339(atMs);
}

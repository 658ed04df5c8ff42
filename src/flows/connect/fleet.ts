// Tells the held credentials of a provider app that they may try again, or that they are gone. Those that try again are
// spread over time, each at an instant of its own, so that a provider that has come back does not go down again.

import type { ReplayableHandler } from '../../../actors/dispatch.ts';
import type { Message } from '../../../actors/host.ts';
import type { SettleFleetEffect } from '../../../machines/effects.ts';
import { shareOf } from '../../auth/lifetime.ts';
import { actorIdOf } from '../../core/ids.ts';
import { EFFECT_DEADLINE_MS, FLEET_PAGE, FLEET_SPREAD_MS } from '../../core/limits.ts';
import { readHeldConnectionIds } from '../../store/tables/connections.ts';
import type { Services } from '../services.ts';

export function settleFleetHandler(services: Services): ReplayableHandler<SettleFleetEffect> {
  return {
    kind: 'replayable',
    deadlineMs: EFFECT_DEADLINE_MS,
    perform: async ({ providerAppId, verdict, after }) => {
      const ids = readHeldConnectionIds(services.store.reads, providerAppId, after, FLEET_PAGE);
      const nowMs = services.clock.nowMs();
      const messages = ids.map((connectionId): Message => {
        const retryAtMs = nowMs + Math.floor(shareOf(connectionId) * FLEET_SPREAD_MS);
        const event = verdict === 'confirmed' ? { type: 'grant.confirmed' } : { type: 'grant.released', retryAtMs };
        return { to: actorIdOf('credential', connectionId), event };
      });
      const last = ids.length < FLEET_PAGE ? undefined : ids.at(-1);
      return { event: last === undefined ? null : { type: 'fleet.pageSettled', verdict, after: last }, messages };
    },
  };
}

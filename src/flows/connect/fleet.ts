// Tells the held credentials of a provider app that they may try again, or that they are gone; and finds the one that
// is tried. Those that try again are spread over time, each at an instant of its own, so that a provider that has come
// back does not go down again.

import type { ReplayableHandler } from '../../../actors/dispatch.ts';
import type { Message } from '../../../actors/host.ts';
import type { MachineEvent, ProbeFleetEffect, SettleFleetEffect } from '../../../machines/effects.ts';
import { shareOf } from '../../auth/lifetime.ts';
import { actorIdOf } from '../../core/ids.ts';
import { EFFECT_DEADLINE_MS, FLEET_PAGE, FLEET_SPREAD_MS } from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import { isHeld, readBelievedConnectionIds, readHeldConnectionIds } from '../../store/tables/connections.ts';
import type { Services } from '../services.ts';

export function settleFleetHandler(services: Services): ReplayableHandler<SettleFleetEffect> {
  return {
    kind: 'replayable',
    deadlineMs: EFFECT_DEADLINE_MS,
    perform: async ({ providerAppId, verdict, sinceMs, after }) => {
      const { reads } = services.store;
      const ids =
        verdict === 'suspected'
          ? readBelievedConnectionIds(reads, providerAppId, sinceMs, after, FLEET_PAGE)
          : readHeldConnectionIds(reads, providerAppId, after, FLEET_PAGE);
      const nowMs = services.clock.nowMs();
      const messages = ids.map((connectionId): Message => {
        const events: Readonly<Record<SettleFleetEffect['verdict'], MachineEvent>> = {
          confirmed: { type: 'grant.confirmed' },
          suspected: { type: 'grant.suspected', sinceMs },
          released: { type: 'grant.released', retryAtMs: releasedAtMs(connectionId, nowMs) },
        };
        return { to: actorIdOf('credential', connectionId), event: events[verdict] };
      });
      const last = ids.length < FLEET_PAGE ? undefined : ids.at(-1);
      return {
        event: last === undefined ? null : { type: 'fleet.pageSettled', verdict, sinceMs, after: last },
        messages,
      };
    },
  };
}

/** When a released credential tries again. */
export function releasedAtMs(connectionId: string, nowMs: Ms): Ms {
  return nowMs + Math.floor(shareOf(connectionId) * FLEET_SPREAD_MS);
}

/** Somebody must be tried, or a hold whose candidates were deleted or connected again would outlast its cause. */
export function probeFleetHandler({ store }: Services): ReplayableHandler<ProbeFleetEffect> {
  return {
    kind: 'replayable',
    deadlineMs: EFFECT_DEADLINE_MS,
    perform: async ({ providerAppId, connectionId }) => {
      const next = (after: string) => readHeldConnectionIds(store.reads, providerAppId, after, 1)[0];
      const tried = isHeld(store.reads, connectionId) ? connectionId : (next(connectionId) ?? next(''));
      const message = { type: 'grant.probed' };
      return {
        event: null,
        messages: tried === undefined ? [] : [{ to: actorIdOf('credential', tried), event: message }],
      };
    },
  };
}

// Disables a destination that has taken nothing for days. Nothing is sent to it from then on and no notification is
// stored for it, until its builder names its address again. What waited is kept, and reads wait once that is much.

import type { ReplayableHandler } from '../../../actors/dispatch.ts';
import type { DisableDestinationEffect } from '../../../machines/effects.ts';
import { EFFECT_DEADLINE_MS } from '../../core/limits.ts';
import { toRfc3339 } from '../../core/time.ts';
import { disableDestination, readDestinationById } from '../../store/tables/accounts.ts';
import { webhookDisabled } from '../notify/events.ts';
import type { Services } from '../services.ts';

export function disableDestinationHandler(services: Services): ReplayableHandler<DisableDestinationEffect> {
  const { store, clock, log } = services;
  // Deleted, maybe at this moment: the next round buries what waited for it.
  const gone = { event: { type: 'destination.changed' } };
  return {
    kind: 'replayable',
    deadlineMs: EFFECT_DEADLINE_MS,
    async perform({ laneId, round, failingSinceMs }) {
      const destination = readDestinationById(store.reads, laneId);
      if (destination === undefined) return gone;
      const told = webhookDisabled(services, destination);
      return {
        event: { type: 'destination.disabled', round },
        writes: [disableDestination(destination, clock.nowMs()), ...told.writes],
        messages: told.messages,
        onCommitted: () => {
          const facts = { destinationId: laneId, failingSince: toRfc3339(failingSinceMs) };
          log.warn(facts, 'a destination has taken nothing for days and is disabled');
        },
      };
    },
    failed: () => gone,
  };
}

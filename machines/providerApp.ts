// Whether what the provider says of the grants of one provider app is to be believed.
//   trusted   a refused grant is a refused grant.
//   suspect   the grants of many customers were refused together, with none renewed in between: an incident, not the
//             customers. They are held; from time to time one of them is tried.
//   faulty    the provider refuses the provider app itself (wrong secret, suspended). No grant can be renewed; from
//             time to time one is tried.
// Refusals are counted in memory (`actors/fleets.ts`); only changes of state are committed. One renewal that works
// ends both; what was held is then told to try again, spread over time. Invariant: suspect and faulty have an alarm.

import { assign, emit, setup } from 'xstate';
import { actorIdOf } from '../src/core/ids.ts';
import {
  FLEET_CANDIDATES_MAX,
  FLEET_PROBE_BASE_MS,
  FLEET_PROBE_MS_MAX,
  FLEET_SUSPECT_MS_MAX,
  GRANT_STORM_WINDOW_MS,
  MACHINE_ITERATIONS_MAX,
} from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { defineMachine } from './definition.ts';
import type { AlarmFired, SendEffect, SettleFleetEffect, Stamped } from './effects.ts';

/** What the actor of a provider app remembers. */
export interface ProviderAppContext {
  readonly providerAppId: string;
  /** Connections that were refused; they are tried in turn. */
  readonly candidates: readonly string[];
  readonly probes: number;
  readonly sinceMs: Ms | null;
  readonly wakeAtMs: Ms | null;
  readonly lastError: string | null;
}

/** The grants of these connections were refused one after the other. */
interface GrantsFailedTogether {
  readonly type: 'grants.failedTogether';
  readonly connectionIds: readonly string[];
  readonly message: string;
}

/** The provider refused the client while it was asked for `connectionId`. */
interface AppRefused {
  readonly type: 'app.refused';
  readonly connectionId: string;
  readonly message: string;
}

/**
 * `grant.worked`: a token was given. `app.accepted`: the client was, whatever the answer. `app.changed`: the builder
 * gave another client or secret. The last two are an operator's decisions on what is held.
 */
interface FleetNews {
  readonly type: 'grant.worked' | 'app.accepted' | 'app.changed' | 'grants.released' | 'grants.confirmed';
}

interface FleetPageSettled {
  readonly type: 'fleet.pageSettled';
  readonly verdict: SettleFleetEffect['verdict'];
  readonly after: string;
}

/** Everything the actor of a provider app handles. */
export type ProviderAppEvent = GrantsFailedTogether | AppRefused | FleetNews | FleetPageSettled | AlarmFired;

/** The pauses between two probes double. */
function nextProbeAtMs(probes: number, nowMs: Ms): Ms {
  return nowMs + Math.min(FLEET_PROBE_BASE_MS * 2 ** probes, FLEET_PROBE_MS_MAX);
}

const providerAppSetup = setup({
  types: {
    context: {} as ProviderAppContext,
    events: {} as Stamped<ProviderAppEvent>,
    input: {} as { readonly key: string },
    emitted: {} as SendEffect | SettleFleetEffect,
  },
  guards: {
    isDue: ({ context }, params: { nowMs: Ms }) => context.wakeAtMs !== null && params.nowMs >= context.wakeAtMs,
    isDueForTooLong: ({ context }, params: { nowMs: Ms }) =>
      context.wakeAtMs !== null &&
      params.nowMs >= context.wakeAtMs &&
      params.nowMs >= (context.sinceMs ?? params.nowMs) + FLEET_SUSPECT_MS_MAX,
  },
  actions: {
    beginHold: assign(({ context }, params: { connectionIds: readonly string[]; message: string; nowMs: Ms }) => ({
      ...context,
      candidates: params.connectionIds.slice(0, FLEET_CANDIDATES_MAX),
      probes: 0,
      sinceMs: params.nowMs,
      wakeAtMs: nextProbeAtMs(0, params.nowMs),
      lastError: params.message,
    })),
    endHold: assign(({ context }) => ({
      ...context,
      candidates: [],
      probes: 0,
      sinceMs: null,
      wakeAtMs: null,
      lastError: null,
    })),
    noteProbe: assign(({ context }, params: { nowMs: Ms }) => ({
      ...context,
      probes: context.probes + 1,
      wakeAtMs: nextProbeAtMs(context.probes + 1, params.nowMs),
    })),
    probe: emit(({ context }) => ({
      type: 'effect.send' as const,
      to: actorIdOf('credential', context.candidates[context.probes % context.candidates.length] ?? ''),
      event: { type: 'grant.probed' },
    })),
    settle: emit(({ context }, params: { verdict: SettleFleetEffect['verdict']; after: string }) => ({
      type: 'effect.settleFleet' as const,
      providerAppId: context.providerAppId,
      ...params,
    })),
  },
});

/** Those that were believed before it was seen that it happens to everybody. */
const suspectAll = providerAppSetup.enqueueActions(({ context, event, enqueue }) => {
  for (const connectionId of context.candidates) {
    enqueue.emit({
      type: 'effect.send',
      to: actorIdOf('credential', connectionId),
      event: { type: 'grant.suspected', sinceMs: event.nowMs - GRANT_STORM_WINDOW_MS },
    });
  }
});

const release = ['endHold' as const, { type: 'settle' as const, params: { verdict: 'released' as const, after: '' } }];
const confirm = ['endHold' as const, { type: 'settle' as const, params: { verdict: 'confirmed' as const, after: '' } }];

const providerAppMachine = providerAppSetup.createMachine({
  id: 'providerApp',
  options: { maxIterations: MACHINE_ITERATIONS_MAX },
  context: ({ input }) => ({
    providerAppId: input.key,
    candidates: [],
    probes: 0,
    sinceMs: null,
    wakeAtMs: null,
    lastError: null,
  }),
  initial: 'trusted',
  on: {
    'fleet.pageSettled': {
      actions: { type: 'settle', params: ({ event }) => ({ verdict: event.verdict, after: event.after }) },
    },
  },
  states: {
    trusted: {
      on: {
        'grants.failedTogether': {
          target: 'suspect',
          actions: [{ type: 'beginHold', params: ({ event }) => event }, suspectAll],
        },
        'app.refused': {
          target: 'faulty',
          actions: {
            type: 'beginHold',
            params: ({ event }) => ({
              connectionIds: [event.connectionId],
              message: event.message,
              nowMs: event.nowMs,
            }),
          },
        },
      },
    },
    suspect: {
      tags: ['suspect'],
      on: {
        'grant.worked': { target: 'trusted', actions: release },
        'app.changed': { target: 'trusted', actions: release },
        'grants.released': { target: 'trusted', actions: release },
        'grants.confirmed': { target: 'trusted', actions: confirm },
        'app.refused': {
          target: 'faulty',
          actions: {
            type: 'beginHold',
            params: ({ event }) => ({
              connectionIds: [event.connectionId],
              message: event.message,
              nowMs: event.nowMs,
            }),
          },
        },
        'alarm.fired': [
          {
            guard: { type: 'isDueForTooLong', params: ({ event }) => event },
            target: 'trusted',
            actions: confirm,
          },
          {
            guard: { type: 'isDue', params: ({ event }) => event },
            actions: ['probe', { type: 'noteProbe', params: ({ event }) => event }],
          },
        ],
      },
    },
    faulty: {
      tags: ['faulty'],
      on: {
        // The client is accepted again, and now the grants are not.
        'grants.failedTogether': {
          target: 'suspect',
          actions: [{ type: 'beginHold', params: ({ event }) => event }, suspectAll],
        },
        'grant.worked': { target: 'trusted', actions: release },
        'app.accepted': { target: 'trusted', actions: release },
        'app.changed': { target: 'trusted', actions: release },
        'grants.released': { target: 'trusted', actions: release },
        'alarm.fired': {
          guard: { type: 'isDue', params: ({ event }) => event },
          actions: ['probe', { type: 'noteProbe', params: ({ event }) => event }],
        },
      },
    },
  },
});

/** The machine with its alarm. */
export const providerApp = defineMachine<ProviderAppContext>({
  name: 'providerApp',
  machine: providerAppMachine,
  schemaVersion: 1,
  migrations: [],
  wakeAtMs: (context) => context.wakeAtMs,
});

// Whether what the provider says of the grants of one provider app is to be believed.
//   trusted   a refused grant is a refused grant.
//   suspect   the grants of many customers were refused together, with none renewed in between: an incident, not the
//             customers. They are held; from time to time one of them is tried.
//   faulty    the provider refuses the provider app itself (wrong secret, suspended). No grant can be renewed; from
//             time to time one is tried.
// Refusals are counted in memory (`actors/fleets.ts`); only changes of state are committed. One renewal that works
// ends both; what was held is then told to try again, spread over time. Who is held is read from tables by whoever
// performs the effects here. Invariants: suspect and faulty have an alarm; one probe is asked for per alarm.

import { assign, emit, setup } from 'xstate';
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
import type { AlarmFired, ProbeFleetEffect, SettleFleetEffect, Stamped } from './effects.ts';

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
  readonly sinceMs: Ms;
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
    emitted: {} as ProbeFleetEffect | SettleFleetEffect,
  },
  guards: {
    isVerdict: (_, params: Pick<SettleFleetEffect, 'verdict'>) => params.verdict !== 'suspected',
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
      type: 'effect.probeFleet' as const,
      providerAppId: context.providerAppId,
      connectionId: context.candidates[context.probes % context.candidates.length] ?? '',
    })),
    /** Those that were believed before it was seen that it happens to everybody, however many they are. */
    suspectAll: emit(({ context }) => ({
      type: 'effect.settleFleet' as const,
      providerAppId: context.providerAppId,
      verdict: 'suspected' as const,
      sinceMs: (context.sinceMs ?? 0) - GRANT_STORM_WINDOW_MS,
      after: '',
    })),
    settle: emit(({ context }, params: Pick<SettleFleetEffect, 'verdict' | 'sinceMs' | 'after'>) => ({
      type: 'effect.settleFleet' as const,
      providerAppId: context.providerAppId,
      ...params,
    })),
  },
});

const nextPage = providerAppSetup.emit(({ context, event }) => {
  const { verdict, sinceMs, after } = event as FleetPageSettled;
  return { type: 'effect.settleFleet', providerAppId: context.providerAppId, verdict, sinceMs, after };
});
const first = { sinceMs: 0, after: '' } as const;
const release = ['endHold' as const, { type: 'settle' as const, params: { verdict: 'released' as const, ...first } }];
const confirm = ['endHold' as const, { type: 'settle' as const, params: { verdict: 'confirmed' as const, ...first } }];

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
      guard: { type: 'isVerdict', params: ({ event }) => event },
      actions: nextPage,
    },
  },
  states: {
    trusted: {
      on: {
        'grants.failedTogether': {
          target: 'suspect',
          actions: [{ type: 'beginHold', params: ({ event }) => event }, 'suspectAll'],
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
        // In other states whoever is pulled back would wait for a release that has been.
        'fleet.pageSettled': { actions: nextPage },
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
            // Some refusals were on their way to the disk when it was seen what they are.
            guard: { type: 'isDue', params: ({ event }) => event },
            actions: ['suspectAll', 'probe', { type: 'noteProbe', params: ({ event }) => event }],
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
          actions: [{ type: 'beginHold', params: ({ event }) => event }, 'suspectAll'],
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

// The circuit of one provider app, kept by its supervisor (`actors/supervisor.ts`).
//   closed    calls go through.
//   open      too many calls failed; none go through until `wakeAtMs`, or for CIRCUIT_OPEN_MS at most: an alarm that is
//             further away is of before the clock was put back, and any alarm ends it.
//   halfOpen  one call at a time goes through, to see whether the provider is back.
// Calls are counted in memory by the supervisor; only changes of state are committed here. Invariant: an open
// circuit always has a `wakeAtMs`.

import { assign, setup } from 'xstate';
import { CIRCUIT_OPEN_MS, MACHINE_ITERATIONS_MAX } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { defineMachine } from './definition.ts';
import type { AlarmFired, Stamped } from './effects.ts';

/** What the circuit of a provider app remembers. */
export interface ProviderContext {
  readonly providerKey: string;
  /** Times the circuit opened since it was last closed. */
  readonly trips: number;
  readonly wakeAtMs: Ms | null;
  readonly lastError: string | null;
}

/** The share of failed calls passed its bound. */
interface CircuitTripped {
  readonly type: 'circuit.tripped';
  readonly message: string;
}

/** The probe of a half-open circuit came back. */
interface ProbeFinished {
  readonly type: 'probe.succeeded' | 'probe.failed';
}

/** Everything a circuit handles. */
export type ProviderEvent = CircuitTripped | ProbeFinished | AlarmFired;

const providerSetup = setup({
  types: {
    context: {} as ProviderContext,
    events: {} as Stamped<ProviderEvent>,
    input: {} as { readonly key: string },
  },
  guards: {
    isDue: ({ context: { wakeAtMs } }, { nowMs }: { nowMs: Ms }) =>
      wakeAtMs !== null && (nowMs >= wakeAtMs || wakeAtMs - nowMs > CIRCUIT_OPEN_MS),
  },
  actions: {
    open: assign(({ context }, params: { message: string | null; nowMs: Ms }) => ({
      ...context,
      trips: context.trips + 1,
      wakeAtMs: params.nowMs + CIRCUIT_OPEN_MS,
      lastError: params.message ?? context.lastError,
    })),
    disarm: assign(({ context }) => ({ ...context, wakeAtMs: null })),
    close: assign(({ context }) => ({ ...context, trips: 0, lastError: null })),
  },
});

const providerMachine = providerSetup.createMachine({
  id: 'provider',
  options: { maxIterations: MACHINE_ITERATIONS_MAX },
  context: ({ input }) => ({ providerKey: input.key, trips: 0, wakeAtMs: null, lastError: null }),
  initial: 'closed',
  states: {
    closed: {
      on: {
        'circuit.tripped': { target: 'open', actions: { type: 'open', params: ({ event }) => event } },
      },
    },
    open: {
      tags: ['refusing'],
      on: {
        'alarm.fired': {
          guard: { type: 'isDue', params: ({ event }) => event },
          target: 'halfOpen',
          actions: 'disarm',
        },
      },
    },
    halfOpen: {
      tags: ['probing'],
      on: {
        'probe.succeeded': { target: 'closed', actions: 'close' },
        'probe.failed': {
          target: 'open',
          actions: { type: 'open', params: ({ event }) => ({ message: null, nowMs: event.nowMs }) },
        },
      },
    },
  },
});

/** The machine with its alarm. */
export const provider = defineMachine<ProviderContext>({
  name: 'provider',
  machine: providerMachine,
  schemaVersion: 1,
  migrations: [],
  wakeAtMs: (context) => context.wakeAtMs,
});

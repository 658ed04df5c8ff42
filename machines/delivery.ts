// A delivery lane: what waits to be sent to one destination.
//   idle      nothing is outstanding. If messages wait for their next attempt, `wakeAtMs` is the earliest.
//   sending   exactly one round outstanding; `hasMore` remembers that messages were added meanwhile.
// Messages, attempts and dead letters are rows of the outbox; the lane decides only when the next round is due.
// Invariant: whenever the lane has a message that may be sent now, a round is outstanding or `wakeAtMs` is set.

import { assign, emit, setup } from 'xstate';
import { MACHINE_ITERATIONS_MAX } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { defineMachine } from './definition.ts';
import type { AlarmFired, DeliverEffect, Stamped } from './effects.ts';

/** What a lane remembers; its messages are in the outbox. */
export interface DeliveryContext {
  readonly laneId: string;
  readonly round: number;
  readonly hasMore: boolean;
  readonly wakeAtMs: Ms | null;
}

/** Messages were added to this lane in the transaction that carries this event. */
interface OutboxAppended {
  readonly type: 'outbox.appended';
}

interface RoundFinished {
  readonly type: 'round.finished';
  readonly round: number;
  /** When the earliest message that is left may be tried; null if none is left. */
  readonly nextAttemptAtMs: Ms | null;
}

/** Everything a lane handles. */
export type DeliveryEvent = OutboxAppended | RoundFinished | AlarmFired;

const deliverySetup = setup({
  types: {
    context: {} as DeliveryContext,
    events: {} as Stamped<DeliveryEvent>,
    input: {} as { readonly key: string },
    emitted: {} as DeliverEffect,
  },
  guards: {
    isDue: ({ context }, params: { nowMs: Ms }) => context.wakeAtMs !== null && params.nowMs >= context.wakeAtMs,
    answersAndMoreIsDue: ({ context }, params: RoundFinished & { nowMs: Ms }) =>
      params.round === context.round &&
      (context.hasMore || (params.nextAttemptAtMs !== null && params.nextAttemptAtMs <= params.nowMs)),
    answers: ({ context }, params: RoundFinished) => params.round === context.round,
  },
  actions: {
    beginRound: assign(({ context }) => ({ ...context, round: context.round + 1, hasMore: false, wakeAtMs: null })),
    noteMore: assign(({ context }) => ({ ...context, hasMore: true })),
    arm: assign(({ context }, params: RoundFinished) => ({ ...context, wakeAtMs: params.nextAttemptAtMs })),
    emitDeliver: emit(({ context }) => ({
      type: 'effect.deliver' as const,
      laneId: context.laneId,
      round: context.round,
    })),
  },
});

const deliveryMachine = deliverySetup.createMachine({
  id: 'delivery',
  options: { maxIterations: MACHINE_ITERATIONS_MAX },
  context: ({ input }) => ({ laneId: input.key, round: 0, hasMore: false, wakeAtMs: null }),
  initial: 'idle',
  states: {
    idle: {
      on: {
        'outbox.appended': 'sending',
        'alarm.fired': { guard: { type: 'isDue', params: ({ event }) => event }, target: 'sending' },
      },
    },
    sending: {
      entry: ['beginRound', 'emitDeliver'],
      on: {
        'outbox.appended': { actions: 'noteMore' },
        'round.finished': [
          {
            guard: { type: 'answersAndMoreIsDue', params: ({ event }) => event },
            target: 'sending',
            reenter: true,
          },
          {
            guard: { type: 'answers', params: ({ event }) => event },
            target: 'idle',
            actions: { type: 'arm', params: ({ event }) => event },
          },
        ],
      },
    },
  },
});

/** The machine with its alarm. */
export const delivery = defineMachine<DeliveryContext>({
  name: 'delivery',
  machine: deliveryMachine,
  schemaVersion: 1,
  migrations: [],
  wakeAtMs: (context) => context.wakeAtMs,
});

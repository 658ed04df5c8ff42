// A delivery lane: what waits to be sent to one destination.
//   idle       nothing is outstanding. If messages wait for their next attempt, `wakeAtMs` is the earliest.
//   sending    exactly one round outstanding; `hasMore` remembers that messages were added meanwhile.
//   disabling  the destination has taken nothing for days; that is being written down, and who asked for it is told.
//   disabled   nothing is sent until its builder changes the destination. What waits is kept.
// Messages, attempts and dead letters are rows of the outbox; the lane decides only when the next round is due.
// Invariant: whenever the lane has a message that may be sent now, a round is outstanding or `wakeAtMs` is set, or the
// destination is disabled.

import { assign, emit, setup } from 'xstate';
import type { JsonObject } from '../src/core/json.ts';
import { DESTINATION_FAILING_GAP_MS, DESTINATION_FAILING_MS_MAX, MACHINE_ITERATIONS_MAX } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { defineMachine } from './definition.ts';
import type { AlarmFired, DeliverEffect, DisableDestinationEffect, Stamped } from './effects.ts';

/** What a lane remembers; its messages are in the outbox. */
export interface DeliveryContext {
  readonly laneId: string;
  readonly round: number;
  readonly hasMore: boolean;
  readonly wakeAtMs: Ms | null;
  /** Since when nothing was taken although something was sent; null if the last round went well. */
  readonly failingSinceMs: Ms | null;
  readonly lastFailureAtMs: Ms | null;
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
  /**
   * Whether the destination took any of what was sent; null if nothing was. Absent in histories of versions that
   * disabled none.
   */
  readonly isTaken?: boolean | null;
}

/** That it is disabled is on disk. */
interface DestinationDisabled {
  readonly type: 'destination.disabled';
  readonly round: number;
}

/** In the transaction that carries this event the address was changed or confirmed, or the destination deleted. */
interface DestinationChanged {
  readonly type: 'destination.changed';
}

/** Everything a lane handles. */
export type DeliveryEvent = OutboxAppended | RoundFinished | DestinationDisabled | DestinationChanged | AlarmFired;

/** Since when nothing is taken, counting a failure now: one that comes long after the last begins anew. */
function failingSinceMs({ failingSinceMs: sinceMs, lastFailureAtMs }: DeliveryContext, nowMs: Ms): Ms {
  const isContinued = lastFailureAtMs !== null && nowMs - lastFailureAtMs <= DESTINATION_FAILING_GAP_MS;
  return isContinued ? (sinceMs ?? nowMs) : nowMs;
}

const deliverySetup = setup({
  types: {
    context: {} as DeliveryContext,
    events: {} as Stamped<DeliveryEvent>,
    input: {} as { readonly key: string },
    emitted: {} as DeliverEffect | DisableDestinationEffect,
  },
  guards: {
    isDue: ({ context }, params: { nowMs: Ms }) => context.wakeAtMs !== null && params.nowMs >= context.wakeAtMs,
    answersAndFailedTooLong: ({ context }, params: RoundFinished & { nowMs: Ms }) =>
      params.round === context.round &&
      params.isTaken === false &&
      params.nowMs - failingSinceMs(context, params.nowMs) >= DESTINATION_FAILING_MS_MAX,
    answersAndMoreIsDue: ({ context }, params: RoundFinished & { nowMs: Ms }) =>
      params.round === context.round &&
      (context.hasMore || (params.nextAttemptAtMs !== null && params.nextAttemptAtMs <= params.nowMs)),
    answers: ({ context }, params: { round: number }) => params.round === context.round,
  },
  actions: {
    beginRound: assign(({ context }) => ({ ...context, round: context.round + 1, hasMore: false, wakeAtMs: null })),
    noteMore: assign(({ context }) => ({ ...context, hasMore: true })),
    noteTaken: assign(({ context }, params: RoundFinished & { nowMs: Ms }) => {
      if (params.isTaken == null) return context;
      if (params.isTaken) return { ...context, failingSinceMs: null, lastFailureAtMs: null };
      return {
        ...context,
        failingSinceMs: failingSinceMs(context, params.nowMs),
        lastFailureAtMs: params.nowMs,
      };
    }),
    forgive: assign(({ context }) => ({ ...context, failingSinceMs: null, lastFailureAtMs: null })),
    arm: assign(({ context }, params: RoundFinished) => ({ ...context, wakeAtMs: params.nextAttemptAtMs })),
    emitDeliver: emit(({ context }) => ({
      type: 'effect.deliver' as const,
      laneId: context.laneId,
      round: context.round,
    })),
    emitDisable: emit(({ context }) => ({
      type: 'effect.disableDestination' as const,
      laneId: context.laneId,
      round: context.round,
      failingSinceMs: context.failingSinceMs ?? 0,
    })),
  },
});

const noting = {
  type: 'noteTaken',
  params: ({ event }: { event: Stamped<RoundFinished> }) => event,
} as const;
const enabling = { target: 'sending', actions: 'forgive' } as const;

const deliveryMachine = deliverySetup.createMachine({
  id: 'delivery',
  options: { maxIterations: MACHINE_ITERATIONS_MAX },
  context: ({ input }) => ({
    laneId: input.key,
    round: 0,
    hasMore: false,
    wakeAtMs: null,
    failingSinceMs: null,
    lastFailureAtMs: null,
  }),
  initial: 'idle',
  states: {
    idle: {
      on: {
        'outbox.appended': 'sending',
        'destination.changed': enabling,
        'alarm.fired': { guard: { type: 'isDue', params: ({ event }) => event }, target: 'sending' },
      },
    },
    sending: {
      entry: ['beginRound', 'emitDeliver'],
      on: {
        'outbox.appended': { actions: 'noteMore' },
        'destination.changed': { actions: ['forgive', 'noteMore'] },
        'round.finished': [
          {
            guard: { type: 'answersAndFailedTooLong', params: ({ event }) => event },
            target: 'disabling',
            actions: noting,
          },
          {
            guard: { type: 'answersAndMoreIsDue', params: ({ event }) => event },
            target: 'sending',
            reenter: true,
            actions: noting,
          },
          {
            guard: { type: 'answers', params: ({ event }) => event },
            target: 'idle',
            actions: [noting, { type: 'arm', params: ({ event }) => event }],
          },
        ],
      },
    },
    disabling: {
      tags: 'disabled',
      entry: 'emitDisable',
      on: {
        'destination.disabled': { guard: { type: 'answers', params: ({ event }) => event }, target: 'disabled' },
        'destination.changed': enabling,
      },
    },
    disabled: { tags: 'disabled', on: { 'destination.changed': enabling } },
  },
});

/** Schema 2 knows destinations that fail for days. */
function withFailure(state: JsonObject): JsonObject {
  return { ...state, context: { ...(state['context'] as JsonObject), failingSinceMs: null, lastFailureAtMs: null } };
}

/** The machine with its alarm. */
export const delivery = defineMachine<DeliveryContext>({
  name: 'delivery',
  machine: deliveryMachine,
  schemaVersion: 2,
  migrations: [withFailure],
  wakeAtMs: (context) => context.wakeAtMs,
});

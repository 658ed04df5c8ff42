// What providers told of one installation, on its way to messages.
//   idle      nothing waits, as far as is known.
//   working   exactly one batch outstanding; `hasMore` remembers that events came meanwhile.
//   waiting   the batch must be tried again at `wakeAtMs`: the provider failed or a budget is spent.
//   held      all that waits is for destinations that take nothing, which are looked at again at `wakeAtMs`. What comes
//             meanwhile may be for others and is taken up at once.
//   blocked   the customer has to connect again. Tried again at `wakeAtMs` all the same: a refusal need not be the end
//             of the grant, and of one that is not nobody tells that it is back.
//   removed   final.
// Events are rows of the inbox, which a batch empties in the commit that its messages are written in; the machine knows
// only that there are some. Invariants: whenever an event waits, a batch is outstanding or `wakeAtMs` is set; an answer
// to any batch but the last (another `turn`) changes nothing.

import { assign, emit, setup } from 'xstate';
import { MACHINE_ITERATIONS_MAX } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { defineMachine } from './definition.ts';
import type { AlarmFired, ProcessInboxEffect, Stamped } from './effects.ts';

/** What an inbox remembers; its events are in the table. */
export interface InboxContext {
  readonly installationId: string;
  /** Counts batches; an answer must carry the current one. */
  readonly turn: number;
  /** Failures in a row. */
  readonly attempt: number;
  /** Times in a row that a batch was put off without a failure. */
  readonly deferrals: number;
  /** Events came since the batch began, which may have seen them or not. */
  readonly hasMore: boolean;
  /** The customer connected again since the batch began, which may have met the old grant. */
  readonly isUnblocked: boolean;
  readonly wakeAtMs: Ms | null;
  readonly lastError: string | null;
}

/** Rows were added in the transaction that carries this event. */
interface InboxReceived {
  readonly type: 'inbox.received';
}

/** There is a grant again. */
interface InboxUnblocked {
  readonly type: 'inbox.unblocked';
}

/** The installation is gone, and with it what waited. */
interface InboxRemoved {
  readonly type: 'inbox.removed';
}

/** The messages of a batch are on disk. */
interface BatchSettled {
  readonly type: 'batch.settled';
  readonly turn: number;
  readonly isMoreWaiting: boolean;
}

/** Events of a batch are left; what else there was of it is on disk. */
interface BatchLeft {
  readonly type: 'batch.failed' | 'batch.deferred' | 'batch.held' | 'batch.blocked';
  readonly turn: number;
  readonly message: string;
  readonly retryAtMs: Ms;
}

/** There is no such installation. */
interface BatchGone {
  readonly type: 'batch.gone';
  readonly turn: number;
}

/** Everything an inbox handles. */
export type InboxEvent =
  | InboxReceived
  | InboxUnblocked
  | InboxRemoved
  | BatchSettled
  | BatchLeft
  | BatchGone
  | AlarmFired;

const inboxSetup = setup({
  types: {
    context: {} as InboxContext,
    events: {} as Stamped<InboxEvent>,
    input: {} as { readonly key: string },
    emitted: {} as ProcessInboxEffect,
  },
  guards: {
    isDue: ({ context }, params: { nowMs: Ms }) => context.wakeAtMs !== null && params.nowMs >= context.wakeAtMs,
    answers: ({ context }, params: { turn: number }) => params.turn === context.turn,
    answersAndMoreWaits: ({ context }, params: BatchSettled) =>
      params.turn === context.turn && (params.isMoreWaiting || context.hasMore),
    answersAndCame: ({ context }, params: BatchLeft) => params.turn === context.turn && context.hasMore,
    answersAfterUnblocked: ({ context }, params: BatchLeft) => params.turn === context.turn && context.isUnblocked,
  },
  actions: {
    beginTurn: assign(({ context }) => ({
      ...context,
      turn: context.turn + 1,
      hasMore: false,
      isUnblocked: false,
      wakeAtMs: null,
    })),
    noteMore: assign(({ context }) => ({ ...context, hasMore: true })),
    noteUnblocked: assign(({ context }) => ({ ...context, isUnblocked: true })),
    forgive: assign(({ context }) => ({ ...context, attempt: 0, deferrals: 0, lastError: null })),
    noteFailure: assign(({ context }, params: BatchLeft) => ({
      ...context,
      attempt: context.attempt + 1,
      lastError: params.message,
      wakeAtMs: params.retryAtMs,
    })),
    noteWait: assign(({ context }, params: BatchLeft) => ({
      ...context,
      deferrals: context.deferrals + 1,
      lastError: params.message,
      wakeAtMs: params.retryAtMs,
    })),
    forgiveFailures: assign(({ context }) => ({ ...context, attempt: 0 })),
    emitBatch: emit(({ context }) => ({
      type: 'effect.processInbox' as const,
      installationId: context.installationId,
      turn: context.turn,
      attempt: context.attempt,
      deferrals: context.deferrals,
    })),
  },
});

const due = {
  guard: { type: 'isDue', params: ({ event }: { event: { nowMs: Ms } }) => event },
  target: 'working',
} as const;
const answering = { type: 'answers', params: ({ event }: { event: { turn: number } }) => event } as const;
const notingWait = { type: 'noteWait', params: ({ event }: { event: BatchLeft }) => event } as const;

const inboxMachine = inboxSetup.createMachine({
  id: 'inbox',
  options: { maxIterations: MACHINE_ITERATIONS_MAX },
  context: ({ input }) => ({
    installationId: input.key,
    turn: 0,
    attempt: 0,
    deferrals: 0,
    hasMore: false,
    isUnblocked: false,
    wakeAtMs: null,
    lastError: null,
  }),
  initial: 'idle',
  states: {
    idle: {
      on: { 'inbox.received': 'working', 'inbox.removed': 'removed' },
    },
    working: {
      entry: ['beginTurn', 'emitBatch'],
      on: {
        'inbox.received': { actions: 'noteMore' },
        'inbox.unblocked': { actions: 'noteUnblocked' },
        'inbox.removed': 'removed',
        'batch.settled': [
          {
            guard: { type: 'answersAndMoreWaits', params: ({ event }) => event },
            target: 'working',
            reenter: true,
            actions: 'forgive',
          },
          { guard: answering, target: 'idle', actions: 'forgive' },
        ],
        'batch.failed': {
          guard: answering,
          target: 'waiting',
          actions: { type: 'noteFailure', params: ({ event }) => event },
        },
        'batch.deferred': { guard: answering, target: 'waiting', actions: notingWait },
        // Nothing of it failed: what failed before is told, and a later failure is the first of its own.
        'batch.held': [
          {
            guard: { type: 'answersAndCame', params: ({ event }) => event },
            target: 'working',
            reenter: true,
            actions: 'forgiveFailures',
          },
          { guard: answering, target: 'held', actions: ['forgiveFailures', notingWait] },
        ],
        'batch.blocked': [
          {
            guard: { type: 'answersAfterUnblocked', params: ({ event }) => event },
            target: 'working',
            reenter: true,
          },
          { guard: answering, target: 'blocked', actions: notingWait },
        ],
        'batch.gone': { guard: answering, target: 'removed' },
      },
    },
    waiting: {
      on: { 'alarm.fired': due, 'inbox.removed': 'removed' },
    },
    held: {
      on: { 'alarm.fired': due, 'inbox.received': 'working', 'inbox.removed': 'removed' },
    },
    blocked: {
      on: { 'alarm.fired': due, 'inbox.unblocked': 'working', 'inbox.removed': 'removed' },
    },
    removed: { type: 'final' },
  },
});

/** The machine with its alarm. */
export const inbox = defineMachine<InboxContext>({
  name: 'inbox',
  machine: inboxMachine,
  schemaVersion: 2,
  // Only a state was added.
  migrations: [(state) => state],
  wakeAtMs: (context) => context.wakeAtMs,
});

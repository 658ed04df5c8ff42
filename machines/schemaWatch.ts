// Looks from time to time at which fields the objects of an installation have, where its integration watches them.
//   absent    not asked for.
//   idle      nothing to do until `nextLookAtMs` (never, if null).
//   looking   exactly one object outstanding: the first after `after`, in the order of their names.
//   waiting   that object must be asked for again at `wakeAtMs`: the provider failed, a budget is spent or the
//             destination is behind.
//   blocked   the customer has to connect again; goes on where it stopped.
//   ending    not watched any more; what is known of the fields is being forgotten.
//   removed   final.
// What the fields were is in the fieldSnapshots table and commits with the messages that tell what became of them; the
// machine knows only how far a look has come. An object that fails too often is passed over until the next look: it is
// compared with what was known before. Invariant: an answer to any request but the last (another `turn`) changes
// nothing.

import { assign, emit, setup } from 'xstate';
import { MACHINE_ITERATIONS_MAX, SCHEMA_LOOK_ATTEMPTS_MAX } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { defineMachine } from './definition.ts';
import type { AlarmFired, ForgetFieldsEffect, Stamped, WatchSchemaEffect } from './effects.ts';

/** What the watch of an installation remembers. */
export interface SchemaWatchContext {
  readonly installationId: string;
  /** Counts requests; an answer must carry the current one. */
  readonly turn: number;
  readonly isLookOpen: boolean;
  /** The object that this look has come to; empty before the first. */
  readonly after: string;
  /** Failures of this object in a row. */
  readonly attempt: number;
  /** Times in a row that this object was put off without a failure. */
  readonly deferrals: number;
  /** While a look is open: when another was asked for meanwhile. */
  readonly nextLookAtMs: Ms | null;
  readonly wakeAtMs: Ms | null;
  readonly lastError: string | null;
  /** What the last look, or the one that is open, could not see, and why; null if there is no such thing. */
  readonly unseen: string | null;
}

/** The integration watches; also when its schedule or the objects of the installation have changed. */
interface WatchConfigured {
  readonly type: 'watch.configured';
  readonly installationId: string;
  readonly nextLookAtMs: Ms | null;
}

interface LookAnswer {
  readonly turn: number;
}

/** What there is of an object, and the messages about it, are on disk. */
interface ObjectLooked extends LookAnswer {
  readonly type: 'object.looked';
  readonly objectName: string;
}

interface ObjectFailed extends LookAnswer {
  readonly type: 'object.failed';
  readonly objectName: string;
  readonly message: string;
  /** Null: trying again cannot help. */
  readonly retryAtMs: Ms | null;
}

/** Not a failure: there is no room now, at the provider's budget or at the destination. */
interface LookDeferred extends LookAnswer {
  readonly type: 'look.deferred';
  readonly message: string;
  readonly retryAtMs: Ms;
}

/** There is no further object, or nothing can be looked at, as `message` says. */
interface LookEnded extends LookAnswer {
  readonly type: 'look.ended';
  readonly message: string | null;
  readonly nextLookAtMs: Ms | null;
}

interface FieldsForgotten extends LookAnswer {
  readonly type: 'fields.forgotten';
}

interface WatchSwitched {
  readonly type: 'watch.blocked' | 'watch.unblocked' | 'watch.removed';
}

/** Everything the watch of an installation handles. */
export type SchemaWatchEvent =
  | WatchConfigured
  | ObjectLooked
  | ObjectFailed
  | LookDeferred
  | LookEnded
  | FieldsForgotten
  | WatchSwitched
  | AlarmFired;

const watchSetup = setup({
  types: {
    context: {} as SchemaWatchContext,
    events: {} as Stamped<SchemaWatchEvent>,
    input: {} as { readonly key: string },
    emitted: {} as WatchSchemaEffect | ForgetFieldsEffect,
  },
  guards: {
    isDue: ({ context }, params: { nowMs: Ms }) => context.wakeAtMs !== null && params.nowMs >= context.wakeAtMs,
    isLookOpen: ({ context }) => context.isLookOpen,
    answers: ({ context }, params: LookAnswer) => params.turn === context.turn,
    answersAndMayRetry: ({ context }, params: ObjectFailed) =>
      params.turn === context.turn && params.retryAtMs !== null && context.attempt + 1 < SCHEMA_LOOK_ATTEMPTS_MAX,
  },
  actions: {
    // A look that is due already is not put off.
    configure: assign(({ context }, params: Stamped<WatchConfigured>) => ({
      ...context,
      installationId: params.installationId,
      nextLookAtMs:
        context.nextLookAtMs !== null && context.nextLookAtMs <= params.nowMs
          ? context.nextLookAtMs
          : params.nextLookAtMs,
    })),
    openLook: assign(({ context }) => ({
      ...context,
      isLookOpen: true,
      after: '',
      attempt: 0,
      deferrals: 0,
      nextLookAtMs: null,
      lastError: null,
      unseen: null,
    })),
    advance: assign(({ context }, params: { objectName: string }) => ({
      ...context,
      after: params.objectName,
      attempt: 0,
      deferrals: 0,
      lastError: null,
    })),
    notePassedOver: assign(({ context }, { objectName, message }: ObjectFailed) => ({
      ...context,
      unseen: `${objectName}: ${message}`,
    })),
    noteFailure: assign(({ context }, params: ObjectFailed) => ({
      ...context,
      attempt: context.attempt + 1,
      wakeAtMs: params.retryAtMs,
      lastError: params.message,
    })),
    noteWait: assign(({ context }, params: LookDeferred) => ({
      ...context,
      deferrals: context.deferrals + 1,
      wakeAtMs: params.retryAtMs,
      lastError: params.message,
    })),
    closeLook: assign(({ context }, params: LookEnded) => ({
      ...context,
      isLookOpen: false,
      after: '',
      attempt: 0,
      deferrals: 0,
      nextLookAtMs: earlierOf(context.nextLookAtMs, params.nextLookAtMs),
      lastError: null,
      unseen: params.message ?? context.unseen,
    })),
    abandonLook: assign(({ context }) => ({ ...context, isLookOpen: false, nextLookAtMs: null })),
    arm: assign(({ context }) => ({ ...context, wakeAtMs: context.nextLookAtMs })),
    disarm: assign(({ context }) => ({ ...context, wakeAtMs: null })),
    beginTurn: assign(({ context }) => ({ ...context, turn: context.turn + 1, wakeAtMs: null })),
    emitLook: emit(({ context }) => ({
      type: 'effect.watchSchema' as const,
      installationId: context.installationId,
      turn: context.turn,
      after: context.after,
      attempt: context.attempt,
      deferrals: context.deferrals,
    })),
    emitForget: emit(({ context }) => ({
      type: 'effect.forgetFields' as const,
      installationId: context.installationId,
      turn: context.turn,
    })),
  },
});

function earlierOf(one: Ms | null, other: Ms | null): Ms | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

const configuring = {
  type: 'configure',
  params: ({ event }: { event: Stamped<WatchConfigured> }) => event,
} as const;
const advancing = {
  type: 'advance',
  params: ({ event }: { event: ObjectLooked | ObjectFailed }) => event,
} as const;
const blocking = { target: '#schemaWatch.blocked', actions: 'disarm' } as const;
const ending = { target: '#schemaWatch.ending', actions: 'abandonLook' } as const;

const schemaWatchMachine = watchSetup.createMachine({
  id: 'schemaWatch',
  options: { maxIterations: MACHINE_ITERATIONS_MAX },
  context: () => ({
    installationId: '',
    turn: 0,
    isLookOpen: false,
    after: '',
    attempt: 0,
    deferrals: 0,
    nextLookAtMs: null,
    wakeAtMs: null,
    lastError: null,
    unseen: null,
  }),
  initial: 'absent',
  states: {
    absent: { on: { 'watch.configured': { target: 'idle', actions: configuring } } },
    idle: {
      entry: 'arm',
      on: {
        'watch.configured': { target: 'idle', reenter: true, actions: configuring },
        'alarm.fired': {
          guard: { type: 'isDue', params: ({ event }) => event },
          target: 'looking',
          actions: 'openLook',
        },
        'watch.blocked': blocking,
        'watch.removed': ending,
      },
    },
    looking: {
      entry: ['beginTurn', 'emitLook'],
      on: {
        'object.looked': {
          guard: { type: 'answers', params: ({ event }) => event },
          target: 'looking',
          reenter: true,
          actions: advancing,
        },
        'object.failed': [
          {
            guard: { type: 'answersAndMayRetry', params: ({ event }) => event },
            target: 'waiting',
            actions: { type: 'noteFailure', params: ({ event }) => event },
          },
          {
            guard: { type: 'answers', params: ({ event }) => event },
            target: 'looking',
            reenter: true,
            actions: [{ type: 'notePassedOver', params: ({ event }) => event }, advancing],
          },
        ],
        'look.deferred': {
          guard: { type: 'answers', params: ({ event }) => event },
          target: 'waiting',
          actions: { type: 'noteWait', params: ({ event }) => event },
        },
        'look.ended': {
          guard: { type: 'answers', params: ({ event }) => event },
          target: 'idle',
          actions: { type: 'closeLook', params: ({ event }) => event },
        },
        'watch.configured': { actions: configuring },
        'watch.blocked': blocking,
        'watch.removed': ending,
      },
    },
    waiting: {
      on: {
        'alarm.fired': { guard: { type: 'isDue', params: ({ event }) => event }, target: 'looking' },
        'watch.configured': { actions: configuring },
        'watch.blocked': blocking,
        'watch.removed': ending,
      },
    },
    blocked: {
      on: {
        'watch.unblocked': [{ guard: 'isLookOpen', target: 'looking' }, { target: 'idle' }],
        'watch.configured': { actions: configuring },
        'watch.removed': ending,
      },
    },
    ending: {
      entry: ['beginTurn', 'emitForget'],
      on: {
        'fields.forgotten': { guard: { type: 'answers', params: ({ event }) => event }, target: 'removed' },
        'watch.configured': { target: 'idle', actions: configuring },
      },
    },
    removed: { type: 'final' },
  },
});

/** The machine with its alarm. */
export const schemaWatch = defineMachine<SchemaWatchContext>({
  name: 'schemaWatch',
  machine: schemaWatchMachine,
  schemaVersion: 1,
  migrations: [],
  wakeAtMs: (context) => context.wakeAtMs,
});

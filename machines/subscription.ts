// What a provider was asked to send of one installation.
//   absent      nothing was asked for.
//   applying    exactly one turn outstanding, which brings the provider in line with the committed config.
//   active      all is as configured; looked at again at `wakeAtMs`, where the provider forgets.
//   waiting     the turn came to nothing; the next is due at `wakeAtMs`.
//   failed      given up, and the builder was told. A new config or a new grant begins anew; tried once at `wakeAtMs`.
//   blocked     the customer must connect again first.
//   removing    exactly one turn outstanding, which takes everything back.
//   leaving     that came to nothing; the next is due at `wakeAtMs`.
//   removed     final.
// What is to be and what is there are in tables. What is heard during a turn is remembered and comes after it, because
// only its answer tells what is at the provider now. Invariants: no turn begins while one is outstanding; an answer to
// any but the last changes nothing.

import { assign, emit, setup } from 'xstate';
import {
  MACHINE_ITERATIONS_MAX,
  SUBSCRIBE_ATTEMPTS_MAX,
  SUBSCRIBE_SLOW_RETRY_MS,
  SUBSCRIPTION_REMOVAL_ATTEMPTS_MAX,
} from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { defineMachine } from './definition.ts';
import type { AlarmFired, CloseSubscriptionEffect, Stamped, SubscribeEffect } from './effects.ts';

/** What a subscription remembers. */
export interface SubscriptionContext {
  readonly installationId: string;
  readonly turn: number;
  /** Failures in a row. */
  readonly attempt: number;
  /** The builder knows of this failure. */
  readonly isTold: boolean;
  /** Heard during a turn: something is new. */
  readonly isStale: boolean;
  /** Heard during a turn: the grant is gone. */
  readonly isBlocked: boolean;
  /** Heard during a turn: the installation is gone. */
  readonly isRemoved: boolean;
  /** The customer connected again although the installation was gone. */
  readonly isConnectionKept: boolean;
  readonly wakeAtMs: Ms | null;
  readonly lastError: string | null;
}

/** The config was applied; it may say the same as before. */
interface SubscriptionConfigured {
  readonly type: 'subscription.configured';
}

interface SubscriptionFate {
  readonly type: 'subscription.blocked' | 'subscription.unblocked' | 'subscription.removed';
}

/** A new credential was stored for a connection that only waits for this to end. */
interface ConnectionRenewed {
  readonly type: 'connection.renewed';
}

/** The provider is in line; what it has is in the commit of this event. */
interface SubscriptionApplied {
  readonly type: 'subscription.applied';
  readonly turn: number;
  /** When to look again; null: never. */
  readonly renewAtMs: Ms | null;
}

interface SubscriptionFailed {
  readonly type: 'subscription.failed';
  readonly turn: number;
  readonly message: string;
  /** Null: trying again cannot help. */
  readonly retryAtMs: Ms | null;
}

/** There is no grant to ask the provider with. */
interface SubscriptionDenied {
  readonly type: 'subscription.denied';
  readonly turn: number;
  readonly message: string;
}

/** Everything a subscription handles. */
export type SubscriptionEvent =
  | SubscriptionConfigured
  | SubscriptionFate
  | ConnectionRenewed
  | SubscriptionApplied
  | SubscriptionFailed
  | SubscriptionDenied
  | AlarmFired;

type Answer = Stamped<SubscriptionApplied | SubscriptionFailed | SubscriptionDenied>;

const subscriptionSetup = setup({
  types: {
    context: {} as SubscriptionContext,
    events: {} as Stamped<SubscriptionEvent>,
    input: {} as { readonly key: string },
    emitted: {} as SubscribeEffect | CloseSubscriptionEffect,
  },
  guards: {
    isDue: ({ context }, params: { nowMs: Ms }) => context.wakeAtMs !== null && params.nowMs >= context.wakeAtMs,
    answers: ({ context }, params: { turn: number }) => params.turn === context.turn,
    answersBeforeRemoval: ({ context }, params: { turn: number }) => params.turn === context.turn && context.isRemoved,
    answersBeforeBlock: ({ context }, params: { turn: number }) => params.turn === context.turn && context.isBlocked,
    answersBeforeOther: ({ context }, params: { turn: number }) => params.turn === context.turn && context.isStale,
    answersAndMayRetry: ({ context }, params: SubscriptionFailed) =>
      params.turn === context.turn && params.retryAtMs !== null && context.attempt + 1 < SUBSCRIBE_ATTEMPTS_MAX,
    answersAndMayRetryRemoval: ({ context }, params: SubscriptionFailed) =>
      params.turn === context.turn &&
      params.retryAtMs !== null &&
      context.attempt + 1 < SUBSCRIPTION_REMOVAL_ATTEMPTS_MAX,
  },
  actions: {
    beginTurn: assign(({ context }) => ({
      ...context,
      turn: context.turn + 1,
      isStale: false,
      isBlocked: false,
      wakeAtMs: null,
    })),
    beginAnew: assign(({ context }) => ({ ...context, attempt: 0, isTold: false })),
    // A failure that is final stays so: of those that follow nobody is told.
    giveUp: assign(({ context }, params: Stamped<SubscriptionFailed>) => ({
      ...context,
      attempt: SUBSCRIBE_ATTEMPTS_MAX,
      isTold: true,
      lastError: params.message,
      wakeAtMs: params.nowMs + SUBSCRIBE_SLOW_RETRY_MS,
    })),
    noteApplied: assign(({ context }, params: SubscriptionApplied) => ({
      ...context,
      attempt: 0,
      isTold: false,
      lastError: null,
      wakeAtMs: params.renewAtMs,
    })),
    noteFailure: assign(({ context }, params: SubscriptionFailed) => ({
      ...context,
      attempt: context.attempt + 1,
      lastError: params.message,
      wakeAtMs: params.retryAtMs,
    })),
    noteDenied: assign(({ context }, params: SubscriptionDenied) => ({ ...context, lastError: params.message })),
    noteStale: assign(({ context }) => ({ ...context, isStale: true })),
    noteBlocked: assign(({ context }) => ({ ...context, isBlocked: true })),
    noteUnblocked: assign(({ context }) => ({ ...context, isBlocked: false, isStale: true })),
    noteRemoved: assign(({ context }) => ({ ...context, isRemoved: true })),
    keepConnection: assign(({ context }) => ({ ...context, isConnectionKept: true })),
    disarm: assign(({ context }) => ({ ...context, isStale: false, isBlocked: false, wakeAtMs: null })),
    beginRemoval: assign(({ context }) => ({ ...context, attempt: 0, isRemoved: true })),
    emitSubscribe: emit(({ context }) => ({
      type: 'effect.subscribe' as const,
      installationId: context.installationId,
      turn: context.turn,
      attempt: context.attempt,
      isRemoved: context.isRemoved,
      isTold: context.isTold,
    })),
    emitClose: emit(({ context }) => ({
      type: 'effect.closeSubscription' as const,
      installationId: context.installationId,
      isConnectionKept: context.isConnectionKept,
    })),
  },
});

const answering = { params: ({ event }: { event: Answer }) => event } as const;
const failing = { params: ({ event }: { event: Stamped<SubscriptionFailed> }) => event } as const;
const denying = { type: 'noteDenied', params: ({ event }: { event: SubscriptionDenied }) => event } as const;
const removing = { target: '#subscription.removing', actions: 'beginRemoval' } as const;
const beginning = { target: '#subscription.applying', actions: 'beginAnew' } as const;
const blocking = { target: '#subscription.blocked', actions: 'disarm' } as const;
const due = { type: 'isDue', params: ({ event }: { event: Stamped<AlarmFired> }) => event } as const;
/** What was heard during a turn comes first, whatever became of it. */
const heard = [
  { guard: { type: 'answersBeforeRemoval', ...answering }, ...removing },
  { guard: { type: 'answersBeforeBlock', ...answering }, ...blocking },
  { guard: { type: 'answersBeforeOther', ...answering }, ...beginning, reenter: true },
] as const;

/** Between two turns. */
const resting = {
  'alarm.fired': { guard: due, target: 'applying' },
  'subscription.configured': beginning,
  'subscription.blocked': blocking,
  'subscription.removed': removing,
} as const;

const subscriptionMachine = subscriptionSetup.createMachine({
  id: 'subscription',
  options: { maxIterations: MACHINE_ITERATIONS_MAX },
  context: ({ input }) => ({
    installationId: input.key,
    turn: 0,
    attempt: 0,
    isTold: false,
    isStale: false,
    isBlocked: false,
    isRemoved: false,
    isConnectionKept: false,
    wakeAtMs: null,
    lastError: null,
  }),
  initial: 'absent',
  on: { 'connection.renewed': { actions: 'keepConnection' } },
  states: {
    absent: { on: { 'subscription.configured': beginning, 'subscription.removed': 'removed' } },
    applying: {
      entry: ['beginTurn', 'emitSubscribe'],
      on: {
        'subscription.applied': [
          ...heard,
          {
            guard: { type: 'answers', ...answering },
            target: 'active',
            actions: { type: 'noteApplied', params: ({ event }) => event },
          },
        ],
        'subscription.failed': [
          ...heard,
          {
            guard: { type: 'answersAndMayRetry', ...failing },
            target: 'waiting',
            actions: { type: 'noteFailure', ...failing },
          },
          {
            guard: { type: 'answers', ...answering },
            target: 'failed',
            actions: { type: 'giveUp', ...failing },
          },
        ],
        'subscription.denied': [
          ...heard,
          { guard: { type: 'answers', ...answering }, target: 'blocked', actions: ['disarm', denying] },
        ],
        'subscription.configured': { actions: 'noteStale' },
        'subscription.blocked': { actions: 'noteBlocked' },
        'subscription.unblocked': { actions: 'noteUnblocked' },
        'subscription.removed': { actions: 'noteRemoved' },
      },
    },
    active: { on: resting },
    waiting: { on: { ...resting, 'subscription.unblocked': beginning } },
    failed: { on: { ...resting, 'subscription.unblocked': beginning } },
    blocked: { on: { 'subscription.unblocked': beginning, 'subscription.removed': removing } },
    removing: {
      entry: ['beginTurn', 'emitSubscribe'],
      on: {
        'subscription.applied': { guard: { type: 'answers', ...answering }, target: 'removed' },
        'subscription.failed': [
          {
            guard: { type: 'answersAndMayRetryRemoval', ...failing },
            target: 'leaving',
            actions: { type: 'noteFailure', ...failing },
          },
          { guard: { type: 'answers', ...answering }, target: 'removed' },
        ],
        'subscription.denied': { guard: { type: 'answers', ...answering }, target: 'removed' },
      },
    },
    leaving: {
      on: {
        'alarm.fired': { guard: due, target: 'removing' },
        'connection.renewed': { target: 'removing', actions: 'keepConnection' },
      },
    },
    removed: { type: 'final', entry: 'emitClose' },
  },
});

/** The machine with its alarm. */
export const subscription = defineMachine<SubscriptionContext>({
  name: 'subscription',
  machine: subscriptionMachine,
  schemaVersion: 1,
  migrations: [],
  wakeAtMs: (context) => context.wakeAtMs,
});

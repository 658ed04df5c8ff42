// Token life of one connection.
//   absent      nothing stored yet.
//   fresh       a usable credential; nothing outstanding, no alarm (an idle connection costs nothing).
//   refreshing  exactly one refresh outstanding; leases go on with the old token while it lives.
//   backingOff  the last attempt failed and may be tried again at `wakeAtMs`.
//   uncertain   a rotating refresh token was sent and the answer is lost. Trying again may revoke the whole
//               grant, so this waits until the old access token is about to end or is refused; from then on it is
//               tried until the provider answers.
//   revoked     the provider refused the grant; only connecting again helps.
// Invariant: `effect.refresh` is emitted once per entry into `refreshing` and never while one is outstanding.
// Late answers of another generation or attempt are ignored.

import { assign, emit, setup } from 'xstate';
import { MACHINE_ITERATIONS_MAX } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { defineMachine } from './definition.ts';
import type { AlarmFired, RefreshEffect, Stamped, TellInstallationsEffect } from './effects.ts';

/** What a second use of a refresh token does at this provider (catalog fact). */
export type Rotation = 'stable' | 'singleUseGrace' | 'singleUseRevoking';

/** What a credential actor remembers; never the secret itself. */
export interface CredentialContext {
  readonly connectionId: string;
  readonly generation: number;
  /** When the access token ends, as the provider said or, where it says nothing, as is assumed; null: never. */
  readonly endsAtMs: Ms | null;
  readonly canRefresh: boolean;
  readonly rotation: Rotation;
  /** Refresh attempts since the last success. */
  readonly attempt: number;
  readonly wakeAtMs: Ms | null;
  /** The last failure, for people. */
  readonly lastError: string | null;
  readonly lastErrorAtMs: Ms | null;
  /** When the answer to a single-use refresh token was lost; the cause, if the grant turns out to be gone. */
  readonly lostAnswerAtMs: Ms | null;
}

/** A credential was stored by connecting or reconnecting. `generation` must follow the current one. */
interface CredentialStored {
  readonly type: 'credential.stored';
  readonly generation: number;
  readonly endsAtMs: Ms | null;
  readonly canRefresh: boolean;
  readonly rotation: Rotation;
}

/** Somebody needs a newer token than `generation`: it is due, or the provider refused it. */
interface RefreshRequested {
  readonly type: 'refresh.requested';
  readonly generation: number;
  /** The provider no longer takes this generation, so nothing is lost by a refresh that may fail. */
  readonly isRefused: boolean;
}

/** Says which request an answer belongs to. */
interface RefreshAnswer {
  readonly fromGeneration: number;
  readonly attempt: number;
}

interface RefreshSucceeded extends RefreshAnswer {
  readonly type: 'refresh.succeeded';
  readonly generation: number;
  readonly endsAtMs: Ms | null;
  readonly canRefresh: boolean;
}

/** Nothing is known to have happened at the provider, or it asked us to come back. */
interface RefreshFailed extends RefreshAnswer {
  readonly type: 'refresh.failed';
  readonly message: string;
  readonly retryAtMs: Ms;
}

/** The provider said that the grant is gone. After a lost answer that is the likely cause. */
interface RefreshRefused extends RefreshAnswer {
  readonly type: 'refresh.refused';
  readonly message: string;
}

/** The request may have been carried out and its answer is lost. `retryAtMs` is when a retry is due if one is safe. */
interface RefreshOutcomeUnknown extends RefreshAnswer {
  readonly type: 'refresh.outcomeUnknown';
  readonly message: string;
  readonly retryAtMs: Ms;
}

interface ConnectionDeleted {
  readonly type: 'connection.deleted';
}

/** Everything a credential actor handles. */
export type CredentialEvent =
  | CredentialStored
  | RefreshRequested
  | RefreshSucceeded
  | RefreshFailed
  | RefreshRefused
  | RefreshOutcomeUnknown
  | ConnectionDeleted
  | AlarmFired;

/** A token that is kept until it is nearly dead is tried this long before its end. */
const LAST_CHANCE_MS = 60_000;

function answers(context: CredentialContext, answer: RefreshAnswer): boolean {
  return answer.attempt === context.attempt && answer.fromGeneration === context.generation;
}

const credentialSetup = setup({
  types: {
    context: {} as CredentialContext,
    events: {} as Stamped<CredentialEvent>,
    input: {} as { readonly key: string },
    emitted: {} as RefreshEffect | TellInstallationsEffect,
  },
  guards: {
    followsGeneration: ({ context }, params: { generation: number }) => params.generation === context.generation + 1,
    isCurrentAndCanRefresh: ({ context }, params: { generation: number }) =>
      context.canRefresh && params.generation === context.generation,
    isCurrentAndRefused: ({ context }, params: RefreshRequested) =>
      params.isRefused && params.generation === context.generation,
    answersAttempt: ({ context }, params: RefreshAnswer) => answers(context, params),
    answersLastChance: ({ context }, params: RefreshAnswer) =>
      answers(context, params) && context.lostAnswerAtMs !== null,
    answersAndMayRepeat: ({ context }, params: RefreshAnswer) =>
      answers(context, params) && context.rotation !== 'singleUseRevoking',
    isDue: ({ context }, params: { nowMs: Ms }) => context.wakeAtMs !== null && params.nowMs >= context.wakeAtMs,
  },
  actions: {
    store: assign(({ context }, params: CredentialStored) => ({
      ...context,
      generation: params.generation,
      endsAtMs: params.endsAtMs,
      canRefresh: params.canRefresh,
      rotation: params.rotation,
      attempt: 0,
      wakeAtMs: null,
      lastError: null,
      lastErrorAtMs: null,
      lostAnswerAtMs: null,
    })),
    beginAttempt: assign(({ context }) => ({ ...context, attempt: context.attempt + 1, wakeAtMs: null })),
    rotate: assign(({ context }, params: RefreshSucceeded) => ({
      ...context,
      generation: params.generation,
      endsAtMs: params.endsAtMs,
      canRefresh: params.canRefresh,
      attempt: 0,
      lastError: null,
      lastErrorAtMs: null,
      lostAnswerAtMs: null,
    })),
    noteFailure: assign(({ context }, params: { message: string; wakeAtMs: Ms | null; nowMs: Ms }) => ({
      ...context,
      wakeAtMs: params.wakeAtMs,
      lastError: params.message,
      lastErrorAtMs: params.nowMs,
    })),
    noteLostAnswer: assign(({ context }, params: { nowMs: Ms }) => ({ ...context, lostAnswerAtMs: params.nowMs })),
    emitRefresh: emit(({ context }) => ({
      type: 'effect.refresh' as const,
      connectionId: context.connectionId,
      generation: context.generation,
      attempt: context.attempt,
    })),
    tellInstallations: emit(({ context }, params: { event: TellInstallationsEffect['event'] }) => ({
      type: 'effect.tellInstallations' as const,
      connectionId: context.connectionId,
      generation: context.generation,
      event: params.event,
    })),
  },
});

/** When to try the one dangerous retry of a single-use token: just before the old access token ends. */
function lastChanceAtMs(endsAtMs: Ms | null, retryAtMs: Ms): Ms {
  return Math.max(retryAtMs, (endsAtMs ?? 0) - LAST_CHANCE_MS);
}

const credentialMachine = credentialSetup.createMachine({
  id: 'credential',
  options: { maxIterations: MACHINE_ITERATIONS_MAX },
  context: ({ input }) => ({
    connectionId: input.key,
    generation: 0,
    endsAtMs: null,
    canRefresh: false,
    rotation: 'stable',
    attempt: 0,
    wakeAtMs: null,
    lastError: null,
    lastErrorAtMs: null,
    lostAnswerAtMs: null,
  }),
  initial: 'absent',
  on: {
    'connection.deleted': '.deleted',
    'credential.stored': {
      guard: { type: 'followsGeneration', params: ({ event }) => event },
      target: '.fresh',
      actions: { type: 'store', params: ({ event }) => event },
    },
  },
  states: {
    absent: { on: { 'connection.deleted': undefined } },
    fresh: {
      tags: ['usable'],
      on: {
        'refresh.requested': {
          guard: { type: 'isCurrentAndCanRefresh', params: ({ event }) => event },
          target: 'refreshing',
        },
      },
    },
    refreshing: {
      tags: ['usable', 'refreshing'],
      entry: ['beginAttempt', 'emitRefresh'],
      on: {
        'refresh.succeeded': {
          guard: { type: 'answersAttempt', params: ({ event }) => event },
          target: 'fresh',
          actions: { type: 'rotate', params: ({ event }) => event },
        },
        'refresh.failed': {
          guard: { type: 'answersAttempt', params: ({ event }) => event },
          target: 'backingOff',
          actions: {
            type: 'noteFailure',
            params: ({ event }) => ({ message: event.message, wakeAtMs: event.retryAtMs, nowMs: event.nowMs }),
          },
        },
        'refresh.refused': {
          guard: { type: 'answersAttempt', params: ({ event }) => event },
          target: 'revoked',
          actions: {
            type: 'noteFailure',
            params: ({ event }) => ({ message: event.message, wakeAtMs: null, nowMs: event.nowMs }),
          },
        },
        'refresh.outcomeUnknown': [
          {
            guard: { type: 'answersAndMayRepeat', params: ({ event }) => event },
            target: 'backingOff',
            actions: {
              type: 'noteFailure',
              params: ({ event }) => ({ message: event.message, wakeAtMs: event.retryAtMs, nowMs: event.nowMs }),
            },
          },
          {
            // Nothing is left that another try could lose, and only the provider can say that the grant is gone.
            guard: { type: 'answersLastChance', params: ({ event }) => event },
            target: 'backingOff',
            actions: {
              type: 'noteFailure',
              params: ({ event }) => ({ message: event.message, wakeAtMs: event.retryAtMs, nowMs: event.nowMs }),
            },
          },
          {
            guard: { type: 'answersAttempt', params: ({ event }) => event },
            target: 'uncertain',
            actions: [
              { type: 'noteLostAnswer', params: ({ event }) => event },
              {
                type: 'noteFailure',
                params: ({ context, event }) => ({
                  message: event.message,
                  wakeAtMs: lastChanceAtMs(context.endsAtMs, event.retryAtMs),
                  nowMs: event.nowMs,
                }),
              },
            ],
          },
        ],
      },
    },
    backingOff: {
      tags: ['usable'],
      on: {
        'alarm.fired': { guard: { type: 'isDue', params: ({ event }) => event }, target: 'refreshing' },
      },
    },
    uncertain: {
      tags: ['usable'],
      on: {
        'refresh.requested': {
          guard: { type: 'isCurrentAndRefused', params: ({ event }) => event },
          target: 'refreshing',
        },
        'alarm.fired': { guard: { type: 'isDue', params: ({ event }) => event }, target: 'refreshing' },
      },
    },
    revoked: {
      entry: { type: 'tellInstallations', params: { event: 'connection.revoked' } },
      on: {
        // Not an exit action: a revoked connection that is deleted was not restored.
        'credential.stored': {
          guard: { type: 'followsGeneration', params: ({ event }) => event },
          target: 'fresh',
          actions: [
            { type: 'store', params: ({ event }) => event },
            { type: 'tellInstallations', params: { event: 'connection.restored' } },
          ],
        },
      },
    },
    deleted: { type: 'final' },
  },
});

/** The machine with its alarm. */
export const credential = defineMachine<CredentialContext>({
  name: 'credential',
  machine: credentialMachine,
  schemaVersion: 1,
  migrations: [],
  wakeAtMs: (context) => context.wakeAtMs,
});

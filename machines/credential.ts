// Token life of one connection.
//   absent      nothing stored yet.
//   fresh       a usable credential; nothing outstanding. Its alarm, if it has one, keeps an idle grant alive.
//   doubted     one that cannot be renewed was refused by the provider's own check; it is checked again at `wakeAtMs`.
//   refreshing  exactly one renewal outstanding; leases go on with the old token while it lives.
//   backingOff  the last attempt failed and may be tried again at `wakeAtMs`.
//   uncertain   a rotating refresh token was sent and the answer is lost. Trying again may revoke the whole
//               grant, so this waits until the old access token is about to end or is refused; from then on it is
//               tried until the provider answers.
//   suspect     the provider refused the grant, but those of many customers at once: whether this one is gone is not
//               known before the provider app's actor (`providerApp.ts`) has found out.
//   appFault    the provider refused the provider app: no grant is at fault, and none can be renewed.
//   revoked     the provider refused the grant; only connecting again helps.
// Invariant: `effect.refresh` is emitted once per entry into `refreshing` and never while one is outstanding.
// Late answers of another generation or attempt are ignored. Every state but `absent`, `fresh`, `refreshing` and
// `revoked` has an alarm.

import { assign, emit, setup } from 'xstate';
import type { JsonObject } from '../src/core/json.ts';
import {
  CREDENTIAL_DOUBT_PAUSE_MS,
  GRANT_HELD_MS_MAX,
  GRANT_SUSPICIONS_MAX,
  MACHINE_ITERATIONS_MAX,
} from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import type {
  CredentialContext,
  CredentialEvent,
  CredentialStored,
  GrantSuspected,
  RefreshAnswer,
  RefreshRefused,
  RefreshRequested,
  RefreshSucceeded,
  TokenKnown,
} from './credentialEvents.ts';
import { defineMachine } from './definition.ts';
import type { CheckCredentialEffect, RefreshEffect, Stamped, TellInstallationsEffect } from './effects.ts';

/** A token that is kept until it is nearly dead is tried this long before its end. */
const LAST_CHANCE_MS = 60_000;

function answers(context: CredentialContext, answer: RefreshAnswer): boolean {
  return answer.attempt === context.attempt && answer.fromGeneration === context.generation;
}

/** A new token: whatever was wrong with the last one is over. */
function renewed({ generation, endsAtMs, canRefresh, keepAliveAtMs, grantEndsAtMs }: TokenKnown) {
  return {
    generation,
    endsAtMs,
    canRefresh,
    grantEndsAtMs,
    attempt: 0,
    isProbe: false,
    suspicions: 0,
    isProven: false,
    wakeAtMs: keepAliveAtMs,
    lastError: null,
    lastErrorAtMs: null,
    lostAnswerAtMs: null,
  };
}

const credentialSetup = setup({
  types: {
    context: {} as CredentialContext,
    events: {} as Stamped<CredentialEvent>,
    input: {} as { readonly key: string },
    emitted: {} as RefreshEffect | CheckCredentialEffect | TellInstallationsEffect,
  },
  guards: {
    followsGeneration: ({ context }, params: { generation: number }) => params.generation === context.generation + 1,
    isCurrentAndCanRefresh: ({ context }, params: { generation: number }) =>
      context.canRefresh && params.generation === context.generation,
    isCurrent: ({ context }, params: { generation: number }) => params.generation === context.generation,
    isCurrentAndCannotRefresh: ({ context }, params: { generation: number }) =>
      !context.canRefresh && params.generation === context.generation,
    isCurrentAndUnproven: ({ context }, params: { generation: number }) =>
      params.generation === context.generation && !context.isProven,
    isCurrentAndRefused: ({ context }, params: RefreshRequested) =>
      params.isRefused && params.generation === context.generation,
    answersAttempt: ({ context }, params: RefreshAnswer) => answers(context, params),
    answersLastChance: ({ context }, params: RefreshAnswer) =>
      answers(context, params) && context.lostAnswerAtMs !== null,
    answersAndMayRepeat: ({ context }, params: RefreshAnswer) =>
      answers(context, params) && (context.rotation === 'stable' || context.rotation === 'singleUseGrace'),
    answersAsSuspect: ({ context }, params: RefreshRefused) =>
      answers(context, params) && params.isSuspect && context.suspicions < GRANT_SUSPICIONS_MAX,
    wasRefusedSince: ({ context }, params: GrantSuspected) =>
      context.suspicions < GRANT_SUSPICIONS_MAX && (context.lastErrorAtMs ?? 0) >= params.sinceMs,
    isDueAndCanRefresh: ({ context }, params: { nowMs: Ms }) =>
      context.canRefresh && context.wakeAtMs !== null && params.nowMs >= context.wakeAtMs,
    isDue: ({ context }, params: { nowMs: Ms }) => context.wakeAtMs !== null && params.nowMs >= context.wakeAtMs,
  },
  actions: {
    store: assign(({ context }, params: CredentialStored) => ({
      ...context,
      ...renewed(params),
      rotation: params.rotation,
    })),
    beginAttempt: assign(({ context }) => ({ ...context, attempt: context.attempt + 1, wakeAtMs: null })),
    rotate: assign(({ context }, params: RefreshSucceeded) => ({ ...context, ...renewed(params) })),
    markProbe: assign(({ context }) => ({ ...context, isProbe: true })),
    unmarkProbe: assign(({ context }) => ({ ...context, isProbe: false })),
    noteSuspicion: assign(({ context }) => ({ ...context, suspicions: context.suspicions + 1 })),
    // It was decided, so that a later incident does not take it back.
    endSuspicion: assign(({ context }) => ({ ...context, suspicions: GRANT_SUSPICIONS_MAX })),
    // Nothing of it is remembered here, but a step that changes nothing commits nothing.
    noteDescription: assign(({ context }) => ({ ...context })),
    noteProof: assign(({ context }) => ({ ...context, isProven: true })),
    hold: assign(({ context }, params: { nowMs: Ms }) => ({ ...context, wakeAtMs: params.nowMs + GRANT_HELD_MS_MAX })),
    disarm: assign(({ context }) => ({ ...context, wakeAtMs: null })),
    waitUntil: assign(({ context }, params: { atMs: Ms }) => ({ ...context, wakeAtMs: params.atMs })),
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
      isProbe: context.isProbe,
      isAfterLoss: context.lostAnswerAtMs !== null,
    })),
    emitCheck: emit(({ context }) => ({
      type: 'effect.checkCredential' as const,
      connectionId: context.connectionId,
      generation: context.generation,
    })),
    tellInstallations: emit(({ context }, params: { event: TellInstallationsEffect['event'] }) => ({
      type: 'effect.tellInstallations' as const,
      connectionId: context.connectionId,
      generation: context.generation,
      event: params.event,
      reason: context.lastError,
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
    grantEndsAtMs: null,
    attempt: 0,
    isProbe: false,
    suspicions: 0,
    isProven: false,
    wakeAtMs: null,
    lastError: null,
    lastErrorAtMs: null,
    lostAnswerAtMs: null,
  }),
  initial: 'absent',
  on: {
    'connection.deleted': '.deleted',
    'connection.described': { actions: 'noteDescription' },
    'credential.stored': {
      guard: { type: 'followsGeneration', params: ({ event }) => event },
      target: '.fresh',
      actions: { type: 'store', params: ({ event }) => event },
    },
    'credential.worked': {
      guard: { type: 'isCurrentAndUnproven', params: ({ event }) => event },
      actions: 'noteProof',
    },
  },
  states: {
    absent: {
      on: { 'connection.deleted': undefined, 'connection.described': undefined, 'credential.worked': undefined },
    },
    fresh: {
      tags: ['usable'],
      on: {
        'refresh.requested': {
          guard: { type: 'isCurrentAndCanRefresh', params: ({ event }) => event },
          target: 'refreshing',
        },
        'alarm.fired': { guard: { type: 'isDueAndCanRefresh', params: ({ event }) => event }, target: 'refreshing' },
        'credential.doubted': {
          guard: { type: 'isCurrentAndCannotRefresh', params: ({ event }) => event },
          actions: 'emitCheck',
        },
        'credential.refused': {
          guard: { type: 'isCurrentAndCannotRefresh', params: ({ event }) => event },
          target: 'doubted',
          actions: {
            type: 'noteFailure',
            params: ({ event }) => ({
              message: event.message,
              wakeAtMs: event.nowMs + CREDENTIAL_DOUBT_PAUSE_MS,
              nowMs: event.nowMs,
            }),
          },
        },
      },
    },
    // A provider has bad minutes too: one refusal is not believed.
    doubted: {
      tags: ['usable'],
      on: {
        'alarm.fired': {
          guard: { type: 'isDue', params: ({ event }) => event },
          actions: [
            'emitCheck',
            { type: 'waitUntil', params: ({ event }) => ({ atMs: event.nowMs + CREDENTIAL_DOUBT_PAUSE_MS }) },
          ],
        },
        'credential.refused': {
          guard: { type: 'isCurrent', params: ({ event }) => event },
          target: 'revoked',
          actions: {
            type: 'noteFailure',
            params: ({ event }) => ({ message: event.message, wakeAtMs: null, nowMs: event.nowMs }),
          },
        },
        'credential.worked': {
          guard: { type: 'isCurrent', params: ({ event }) => event },
          target: 'fresh',
          actions: ['noteProof', 'disarm'],
        },
      },
    },
    refreshing: {
      tags: ['usable', 'refreshing'],
      entry: ['beginAttempt', 'emitRefresh'],
      exit: 'unmarkProbe',
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
        'refresh.refused': [
          {
            guard: { type: 'answersAsSuspect', params: ({ event }) => event },
            target: 'suspect',
            actions: {
              type: 'noteFailure',
              params: ({ event }) => ({ message: event.message, wakeAtMs: null, nowMs: event.nowMs }),
            },
          },
          {
            guard: { type: 'answersAttempt', params: ({ event }) => event },
            target: 'revoked',
            actions: {
              type: 'noteFailure',
              params: ({ event }) => ({ message: event.message, wakeAtMs: null, nowMs: event.nowMs }),
            },
          },
        ],
        'refresh.appRefused': {
          guard: { type: 'answersAttempt', params: ({ event }) => event },
          target: 'appFault',
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
      tags: ['usable', 'waiting'],
      on: {
        'alarm.fired': { guard: { type: 'isDue', params: ({ event }) => event }, target: 'refreshing' },
      },
    },
    uncertain: {
      tags: ['usable', 'waiting'],
      on: {
        'refresh.requested': {
          guard: { type: 'isCurrentAndRefused', params: ({ event }) => event },
          target: 'refreshing',
        },
        'alarm.fired': { guard: { type: 'isDue', params: ({ event }) => event }, target: 'refreshing' },
      },
    },
    suspect: {
      tags: ['usable', 'held'],
      entry: { type: 'hold', params: ({ event }) => event },
      on: {
        'grant.confirmed': { target: 'revoked', actions: 'endSuspicion' },
        // Counted here and not when it is held: an incident of hours has many probes and is one suspicion.
        'grant.released': {
          target: 'backingOff',
          actions: ['noteSuspicion', { type: 'waitUntil', params: ({ event }) => ({ atMs: event.retryAtMs }) }],
        },
        'grant.probed': { target: 'refreshing', actions: 'markProbe' },
        // Nobody came: whatever became of the actor of the provider app, this one does not wait for ever.
        'alarm.fired': { guard: { type: 'isDue', params: ({ event }) => event }, target: 'refreshing' },
      },
    },
    appFault: {
      tags: ['usable', 'held', 'appRefused'],
      entry: { type: 'hold', params: ({ event }) => event },
      on: {
        'grant.released': {
          target: 'backingOff',
          actions: { type: 'waitUntil', params: ({ event }) => ({ atMs: event.retryAtMs }) },
        },
        'grant.probed': { target: 'refreshing', actions: 'markProbe' },
        'alarm.fired': { guard: { type: 'isDue', params: ({ event }) => event }, target: 'refreshing' },
      },
    },
    revoked: {
      entry: ['disarm', { type: 'tellInstallations', params: { event: 'connection.revoked' } }],
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
        'grant.suspected': {
          guard: { type: 'wasRefusedSince', params: ({ event }) => event },
          target: 'suspect',
          actions: { type: 'tellInstallations', params: { event: 'connection.held' } },
        },
        'credential.worked': undefined,
      },
    },
    deleted: { type: 'final' },
  },
});

/** Schema 2 knows suspicion, probes and proof. */
function withFleet(state: JsonObject): JsonObject {
  const added = { grantEndsAtMs: null, isProbe: false, suspicions: 0, isProven: false };
  return { ...state, context: { ...(state['context'] as JsonObject), ...added } };
}

/** The machine with its alarm. */
export const credential = defineMachine<CredentialContext>({
  name: 'credential',
  machine: credentialMachine,
  schemaVersion: 2,
  migrations: [withFleet],
  wakeAtMs: (context) => context.wakeAtMs,
});

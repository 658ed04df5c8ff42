// A small actor for tests of the runtime: counts what it accepts and asks for effects on request.
//   idle    nothing outstanding.
//   asking  an effect outstanding; only the answer to it (by `turn`) is accepted besides `bump`.
//   ended   final.

import { assign, emit, setup } from 'xstate';
import { defineMachine } from '../../machines/definition.ts';
import type { AlarmFired, CloseRunEffect, DeliverEffect, RefreshEffect, Stamped } from '../../machines/effects.ts';
import type { Ms } from '../../src/core/time.ts';

export interface ProbeContext {
  readonly key: string;
  readonly count: number;
  readonly turn: number;
  readonly wakeAtMs: Ms | null;
  readonly notes: readonly string[];
}

type ProbeEvent =
  | { readonly type: 'bump' }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'ignored' }
  | { readonly type: 'boom' }
  | { readonly type: 'ask.replayable' | 'ask.reconcile' | 'tell' }
  | { readonly type: 'answered'; readonly turn: number; readonly text: string }
  | { readonly type: 'arm'; readonly atMs: Ms | null }
  | { readonly type: 'end' }
  | AlarmFired;

const probeSetup = setup({
  types: {
    context: {} as ProbeContext,
    events: {} as Stamped<ProbeEvent>,
    input: {} as { readonly key: string },
    emitted: {} as RefreshEffect | DeliverEffect | CloseRunEffect,
  },
  guards: {
    answers: ({ context }, params: { turn: number }) => params.turn === context.turn,
    isDue: ({ context }, params: { nowMs: Ms }) => context.wakeAtMs !== null && params.nowMs >= context.wakeAtMs,
  },
  actions: {
    bump: assign(({ context }) => ({ ...context, count: context.count + 1 })),
    note: assign(({ context }, params: { text: string }) => ({ ...context, notes: [...context.notes, params.text] })),
    beginTurn: assign(({ context }) => ({ ...context, turn: context.turn + 1 })),
    arm: assign(({ context }, params: { atMs: Ms | null }) => ({ ...context, wakeAtMs: params.atMs })),
    boom: assign(() => {
      throw new Error('boom');
    }),
    deliver: emit(({ context }) => ({ type: 'effect.deliver' as const, laneId: context.key, round: context.turn })),
    refresh: emit(({ context }) => ({
      type: 'effect.refresh' as const,
      connectionId: context.key,
      generation: 1,
      attempt: context.turn,
      isProbe: false,
      isAfterLoss: false,
    })),
    closeRun: emit(({ context }) => ({
      type: 'effect.closeRun' as const,
      installationId: context.key,
      objectName: 'probe',
      readType: 'scheduled' as const,
      run: context.turn,
      message: '',
      isRemoved: false,
    })),
  },
});

const probeMachine = probeSetup.createMachine({
  id: 'probe',
  context: ({ input }) => ({ key: input.key, count: 0, turn: 0, wakeAtMs: null, notes: [] }),
  initial: 'idle',
  on: {
    bump: { actions: 'bump' },
    note: { actions: { type: 'note', params: ({ event }) => event } },
    boom: { actions: ['bump', 'boom'] },
    tell: { actions: ['beginTurn', 'closeRun'] },
    arm: { actions: { type: 'arm', params: ({ event }) => event } },
    'alarm.fired': {
      guard: { type: 'isDue', params: ({ event }) => event },
      actions: ['bump', { type: 'arm', params: { atMs: null } }],
    },
    end: '.ended',
  },
  states: {
    idle: {
      on: {
        'ask.replayable': { target: 'asking', actions: ['beginTurn', 'deliver'] },
        'ask.reconcile': { target: 'asking', actions: ['beginTurn', 'refresh'] },
      },
    },
    asking: {
      on: {
        answered: {
          guard: { type: 'answers', params: ({ event }) => event },
          target: 'idle',
          actions: { type: 'note', params: ({ event }) => event },
        },
      },
    },
    ended: { type: 'final', entry: 'closeRun' },
  },
});

export const probe = defineMachine<ProbeContext>({
  name: 'probe',
  machine: probeMachine,
  schemaVersion: 2,
  migrations: [(state) => ({ ...state, migrated: true })],
  wakeAtMs: (context) => context.wakeAtMs,
});

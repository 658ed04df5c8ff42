// One write that nobody waits for: it is sent until the provider has judged it or its time is over.
//   absent    not asked for.
//   sending   exactly one attempt outstanding.
//   waiting   the attempt came to nothing that counts; the next is due at `wakeAtMs`. Where that would be after the
//             deadline, which may be no more than a guess, there is a last one shortly before.
//   ended     final.
// What is to be written is in the table of requests, and what became of it in the operation; both end with the machine.
// Invariants: an answer to any attempt but the last changes nothing; no attempt begins after the deadline,
// also where an alarm comes late.

import { assign, emit, setup } from 'xstate';
import { MACHINE_ITERATIONS_MAX, WRITE_LAST_TRY_LEAD_MS } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { defineMachine } from './definition.ts';
import type { AlarmFired, CloseWriteEffect, Stamped, WriteEffect } from './effects.ts';

/** What a write remembers. */
export interface WriteContext {
  readonly installationId: string;
  readonly operationId: string;
  /** The provider's name. */
  readonly objectName: string;
  readonly writeType: WriteEffect['writeType'];
  /** Counts attempts. */
  readonly attempt: number;
  readonly deadlineAtMs: Ms | null;
  readonly wakeAtMs: Ms | null;
  readonly lastError: string | null;
}

/** It is on disk, and so is its operation. */
interface WriteRequested {
  readonly type: 'write.requested';
  readonly installationId: string;
  readonly operationId: string;
  readonly objectName: string;
  readonly writeType: WriteEffect['writeType'];
  /** How long to go on trying. */
  readonly deadlineMs: number;
}

/** The provider has judged it; the rows of that are in the commit of this event. */
interface WriteEnded {
  readonly type: 'write.ended';
  readonly attempt: number;
}

interface WriteFailed {
  readonly type: 'write.failed';
  readonly attempt: number;
  readonly message: string;
  /** Null: trying again cannot help, or would not be safe. */
  readonly retryAtMs: Ms | null;
}

/** Everything a write handles. */
export type WriteEvent = WriteRequested | WriteEnded | WriteFailed | AlarmFired;

/** Null: there is no time for another attempt, or no use in it. */
function nextTryAtMs({ deadlineAtMs }: WriteContext, { retryAtMs, nowMs }: Stamped<WriteFailed>): Ms | null {
  if (retryAtMs === null || deadlineAtMs === null) return null;
  if (retryAtMs <= deadlineAtMs) return retryAtMs;
  const lastTryAtMs = deadlineAtMs - WRITE_LAST_TRY_LEAD_MS;
  return nowMs < lastTryAtMs ? lastTryAtMs : null;
}

const writeSetup = setup({
  types: {
    context: {} as WriteContext,
    events: {} as Stamped<WriteEvent>,
    input: {} as { readonly key: string },
    emitted: {} as WriteEffect | CloseWriteEffect,
  },
  guards: {
    isDue: ({ context }, params: { nowMs: Ms }) => context.wakeAtMs !== null && params.nowMs >= context.wakeAtMs,
    isDueInTime: ({ context }, params: { nowMs: Ms }) =>
      context.wakeAtMs !== null &&
      params.nowMs >= context.wakeAtMs &&
      context.deadlineAtMs !== null &&
      params.nowMs <= context.deadlineAtMs,
    answers: ({ context }, params: { attempt: number }) => params.attempt === context.attempt,
    answersInTime: ({ context }, params: Stamped<WriteFailed>) =>
      params.attempt === context.attempt && nextTryAtMs(context, params) !== null,
  },
  actions: {
    note: assign(({ context }, params: Stamped<WriteRequested>) => ({
      ...context,
      installationId: params.installationId,
      operationId: params.operationId,
      objectName: params.objectName,
      writeType: params.writeType,
      deadlineAtMs: params.nowMs + params.deadlineMs,
    })),
    beginAttempt: assign(({ context }) => ({ ...context, attempt: context.attempt + 1, wakeAtMs: null })),
    noteFailure: assign(({ context }, params: Stamped<WriteFailed>) => ({
      ...context,
      lastError: params.message,
      wakeAtMs: nextTryAtMs(context, params),
    })),
    emitWrite: emit(({ context }) => ({
      type: 'effect.write' as const,
      installationId: context.installationId,
      operationId: context.operationId,
      objectName: context.objectName,
      writeType: context.writeType,
      attempt: context.attempt,
      deadlineAtMs: context.deadlineAtMs,
    })),
    emitClose: emit(({ context }) => ({
      type: 'effect.closeWrite' as const,
      installationId: context.installationId,
      operationId: context.operationId,
      objectName: context.objectName,
      writeType: context.writeType,
      attempt: context.attempt,
      message: context.lastError ?? 'given up',
    })),
  },
});

const noting = { type: 'noteFailure', params: ({ event }: { event: Stamped<WriteFailed> }) => event } as const;

const writeMachine = writeSetup.createMachine({
  id: 'write',
  options: { maxIterations: MACHINE_ITERATIONS_MAX },
  context: () => ({
    installationId: '',
    operationId: '',
    objectName: '',
    writeType: 'create',
    attempt: 0,
    deadlineAtMs: null,
    wakeAtMs: null,
    lastError: null,
  }),
  initial: 'absent',
  states: {
    absent: {
      on: {
        'write.requested': { target: 'sending', actions: { type: 'note', params: ({ event }) => event } },
      },
    },
    sending: {
      entry: ['beginAttempt', 'emitWrite'],
      on: {
        'write.ended': { guard: { type: 'answers', params: ({ event }) => event }, target: 'ended' },
        'write.failed': [
          {
            guard: { type: 'answersInTime', params: ({ event }) => event },
            target: 'waiting',
            actions: noting,
          },
          {
            guard: { type: 'answers', params: ({ event }) => event },
            target: 'ended',
            actions: [noting, 'emitClose'],
          },
        ],
      },
    },
    waiting: {
      on: {
        'alarm.fired': [
          { guard: { type: 'isDueInTime', params: ({ event }) => event }, target: 'sending' },
          // Nobody was there to hear it in time.
          { guard: { type: 'isDue', params: ({ event }) => event }, target: 'ended', actions: 'emitClose' },
        ],
      },
    },
    ended: { type: 'final' },
  },
});

/** The machine with its alarm. */
export const write = defineMachine<WriteContext>({
  name: 'write',
  machine: writeMachine,
  schemaVersion: 1,
  migrations: [],
  wakeAtMs: (context) => context.wakeAtMs,
});

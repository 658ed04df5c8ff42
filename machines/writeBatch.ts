// Collects single records of one installation, object and type of write, which are then written as one batch.
//   empty        no batch is open.
//   collecting   one is open, under the operation that its first record was answered with; it goes at `wakeAtMs`.
//   gone         final: the batch is a write of its own, and the next record begins anew.
// The records are in the table of requests. Whoever adds one has looked which batch is open and names it; if another
// is by then, the record is ignored, and whoever adds it looks again. Invariant: a record is in exactly the batch whose
// operation it was answered with, and no batch has more than there is room for.

import { assign, emit, setup } from 'xstate';
import { actorIdOf } from '../src/core/ids.ts';
import { MACHINE_ITERATIONS_MAX, WRITE_BATCH_BYTES_MAX, WRITE_RECORDS_MAX } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { defineMachine } from './definition.ts';
import type { AlarmFired, SendEffect, Stamped, WriteEffect } from './effects.ts';

/** What an open batch remembers. */
export interface WriteBatchContext {
  readonly installationId: string;
  readonly objectName: string;
  readonly writeType: WriteEffect['writeType'];
  /** Of the open batch. */
  readonly operationId: string | null;
  readonly count: number;
  readonly bytes: number;
  /** The longest that any of its records asks for. */
  readonly deadlineMs: number;
  readonly wakeAtMs: Ms | null;
}

interface RecordAdded {
  readonly type: 'record.added';
  readonly installationId: string;
  readonly objectName: string;
  readonly writeType: WriteEffect['writeType'];
  readonly operationId: string;
  /** The operation is new: no batch may be open. */
  readonly isFirst: boolean;
  readonly bytes: number;
  /** How long the batch may wait for more; that of its first record counts. */
  readonly delayMs: number;
  readonly deadlineMs: number;
}

/** There is no room for a record that comes. */
interface BatchFull {
  readonly type: 'batch.full';
  readonly operationId: string;
}

/** Everything a collector handles. */
export type WriteBatchEvent = RecordAdded | BatchFull | AlarmFired;

const batchSetup = setup({
  types: {
    context: {} as WriteBatchContext,
    events: {} as Stamped<WriteBatchEvent>,
    input: {} as { readonly key: string },
    emitted: {} as SendEffect,
  },
  guards: {
    isFirst: (_, params: RecordAdded) => params.isFirst,
    isOfThis: ({ context }, params: { operationId: string }) => params.operationId === context.operationId,
    fits: ({ context }, params: RecordAdded) =>
      params.operationId === context.operationId && context.bytes + params.bytes <= WRITE_BATCH_BYTES_MAX,
    fitsAndFills: ({ context }, params: RecordAdded) =>
      params.operationId === context.operationId &&
      context.bytes + params.bytes <= WRITE_BATCH_BYTES_MAX &&
      context.count + 1 >= WRITE_RECORDS_MAX,
    isDue: ({ context }, params: { nowMs: Ms }) => context.wakeAtMs !== null && params.nowMs >= context.wakeAtMs,
  },
  actions: {
    open: assign((_, params: Stamped<RecordAdded>) => ({
      installationId: params.installationId,
      objectName: params.objectName,
      writeType: params.writeType,
      operationId: params.operationId,
      count: 1,
      bytes: params.bytes,
      deadlineMs: params.deadlineMs,
      wakeAtMs: params.nowMs + params.delayMs,
    })),
    add: assign(({ context }, params: RecordAdded) => ({
      ...context,
      count: context.count + 1,
      bytes: context.bytes + params.bytes,
      deadlineMs: Math.max(context.deadlineMs, params.deadlineMs),
    })),
    emitRequest: emit(({ context }) => ({
      type: 'effect.send' as const,
      to: actorIdOf('write', `${context.installationId}/${context.operationId ?? ''}`),
      event: {
        type: 'write.requested' as const,
        installationId: context.installationId,
        operationId: context.operationId ?? '',
        objectName: context.objectName,
        writeType: context.writeType,
        deadlineMs: context.deadlineMs,
      },
    })),
  },
});

const writeBatchMachine = batchSetup.createMachine({
  id: 'writeBatch',
  options: { maxIterations: MACHINE_ITERATIONS_MAX },
  context: () => ({
    installationId: '',
    objectName: '',
    writeType: 'create',
    operationId: null,
    count: 0,
    bytes: 0,
    deadlineMs: 0,
    wakeAtMs: null,
  }),
  initial: 'empty',
  states: {
    empty: {
      on: {
        'record.added': {
          guard: { type: 'isFirst', params: ({ event }) => event },
          target: 'collecting',
          actions: { type: 'open', params: ({ event }) => event },
        },
      },
    },
    collecting: {
      on: {
        'record.added': [
          {
            guard: { type: 'fitsAndFills', params: ({ event }) => event },
            target: 'gone',
            actions: { type: 'add', params: ({ event }) => event },
          },
          {
            guard: { type: 'fits', params: ({ event }) => event },
            actions: { type: 'add', params: ({ event }) => event },
          },
        ],
        'batch.full': { guard: { type: 'isOfThis', params: ({ event }) => event }, target: 'gone' },
        'alarm.fired': { guard: { type: 'isDue', params: ({ event }) => event }, target: 'gone' },
      },
    },
    gone: { type: 'final', entry: 'emitRequest' },
  },
});

/** The machine with its alarm. */
export const writeBatch = defineMachine<WriteBatchContext>({
  name: 'writeBatch',
  machine: writeBatchMachine,
  schemaVersion: 1,
  migrations: [],
  wakeAtMs: (context) => context.wakeAtMs,
});

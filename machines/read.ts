// The read of one object of one installation: its backfill, then its schedule.
//   absent      not configured.
//   idle        nothing to do until `nextRunAtMs` (never, if null).
//   reading     exactly one page outstanding.
//   waiting     the page must be tried again at `wakeAtMs`: the provider failed, a budget is spent or the
//               destination is behind.
//   blocked     the installation needs its customer to connect again; continues where it stopped.
//   paused      by the builder, or after too many failures of one page; continues where it stopped.
//   removed     final.
// The position is in the checkpoints table and commits with the records it accounts for; the machine knows only
// what it asked for. Invariant: an answer to any request but the last (another `turn`) changes nothing.

import { assign, emit, setup } from 'xstate';
import { MACHINE_ITERATIONS_MAX, READ_ATTEMPTS_MAX } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { defineMachine } from './definition.ts';
import type { AlarmFired, CloseRunEffect, ReadPageEffect, Stamped } from './effects.ts';

/** What a read actor remembers; its position is in the checkpoints table. */
export interface ReadContext {
  readonly installationId: string;
  readonly objectName: string;
  /** Counts runs; 0 before the first. */
  readonly run: number;
  /** The run that is open, null between runs. */
  readonly readType: ReadPageEffect['readType'] | null;
  /** Index of the page that is read or to be read. */
  readonly page: number;
  /** Counts requests for a page; an answer must carry the current one. */
  readonly turn: number;
  /** Failures of this page in a row. */
  readonly attempt: number;
  /** Times in a row that this page was put off without a failure. */
  readonly deferrals: number;
  /** A backfill was given up because its object left the config; it begins again if the object comes back. */
  readonly isBackfillOwed: boolean;
  readonly nextRunAtMs: Ms | null;
  readonly wakeAtMs: Ms | null;
  readonly lastError: string | null;
}

/** The effective config of this read, or a change of it. A backfill happens once, before any other run. */
interface ReadConfigured {
  readonly type: 'read.configured';
  readonly installationId: string;
  readonly objectName: string;
  readonly hasBackfill: boolean;
  readonly nextRunAtMs: Ms | null;
}

interface PageAnswer {
  readonly turn: number;
}

interface PageCommitted extends PageAnswer {
  readonly type: 'page.committed';
  readonly isLast: boolean;
  /** When the schedule says the next run is due; read only from the last page. */
  readonly nextRunAtMs: Ms | null;
}

interface PageFailed extends PageAnswer {
  readonly type: 'page.failed';
  readonly message: string;
  /** Null: trying again cannot help. */
  readonly retryAtMs: Ms | null;
}

/** Not a failure: there is no room now, at the provider's budget or at the destination. */
interface PageDeferred extends PageAnswer {
  readonly type: 'page.deferred';
  readonly message: string;
  readonly retryAtMs: Ms;
}

/** The object is no longer in the config: the run ends where it is. */
interface PageAbandoned extends PageAnswer {
  readonly type: 'page.abandoned';
  readonly message: string;
}

interface ReadSwitched {
  readonly type: 'read.blocked' | 'read.unblocked' | 'read.paused' | 'read.resumed' | 'read.removed';
}

/** Everything a read actor handles. */
export type ReadEvent =
  | ReadConfigured
  | PageCommitted
  | PageFailed
  | PageDeferred
  | PageAbandoned
  | ReadSwitched
  | AlarmFired;

const readSetup = setup({
  types: {
    context: {} as ReadContext,
    events: {} as Stamped<ReadEvent>,
    input: {} as { readonly key: string },
    emitted: {} as ReadPageEffect | CloseRunEffect,
  },
  guards: {
    isFirstBackfill: ({ context }, params: ReadConfigured) =>
      params.hasBackfill && context.readType === null && (context.run === 0 || context.isBackfillOwed),
    isDue: ({ context }, params: { nowMs: Ms }) => context.wakeAtMs !== null && params.nowMs >= context.wakeAtMs,
    hasOpenRun: ({ context }) => context.readType !== null,
    answers: ({ context }, params: PageAnswer) => params.turn === context.turn,
    answersLast: ({ context }, params: PageCommitted) => params.turn === context.turn && params.isLast,
    answersAndMayRetry: ({ context }, params: PageFailed) =>
      params.turn === context.turn && params.retryAtMs !== null && context.attempt + 1 < READ_ATTEMPTS_MAX,
  },
  actions: {
    configure: assign(({ context }, params: ReadConfigured) => ({
      ...context,
      installationId: params.installationId,
      objectName: params.objectName,
      nextRunAtMs: params.nextRunAtMs,
    })),
    openRun: assign(({ context }, params: { readType: ReadPageEffect['readType'] }) => ({
      ...context,
      run: context.run + 1,
      readType: params.readType,
      page: 0,
      attempt: 0,
      deferrals: 0,
      isBackfillOwed: false,
      wakeAtMs: null,
      lastError: null,
    })),
    advance: assign(({ context }) => ({
      ...context,
      page: context.page + 1,
      attempt: 0,
      deferrals: 0,
      lastError: null,
    })),
    abandonRun: assign(({ context }) => ({
      ...context,
      isBackfillOwed: context.readType === 'backfill',
      readType: null,
      nextRunAtMs: null,
      lastError: null,
    })),
    finishRun: assign(({ context }, params: { nextRunAtMs: Ms | null }) => ({
      ...context,
      readType: null,
      attempt: 0,
      lastError: null,
      nextRunAtMs: params.nextRunAtMs,
    })),
    noteFailure: assign(({ context }, params: { message: string; wakeAtMs: Ms | null }) => ({
      ...context,
      attempt: context.attempt + 1,
      lastError: params.message,
      wakeAtMs: params.wakeAtMs,
    })),
    noteWait: assign(({ context }, params: { message: string; wakeAtMs: Ms | null }) => ({
      ...context,
      deferrals: context.deferrals + 1,
      lastError: params.message,
      wakeAtMs: params.wakeAtMs,
    })),
    armSchedule: assign(({ context }) => ({ ...context, wakeAtMs: context.nextRunAtMs })),
    disarm: assign(({ context }) => ({ ...context, wakeAtMs: null })),
    beginTurn: assign(({ context }) => ({ ...context, turn: context.turn + 1, wakeAtMs: null })),
    forgive: assign(({ context }) => ({ ...context, attempt: 0, deferrals: 0 })),
    emitPage: emit(({ context }) => ({
      type: 'effect.readPage' as const,
      installationId: context.installationId,
      objectName: context.objectName,
      run: context.run,
      readType: context.readType ?? 'scheduled',
      page: context.page,
      turn: context.turn,
      attempt: context.attempt,
      deferrals: context.deferrals,
    })),
    emitCloseRun: emit(({ context }, params: { isRemoved: boolean }) => ({
      type: 'effect.closeRun' as const,
      installationId: context.installationId,
      objectName: context.objectName,
      run: context.run,
      readType: context.readType ?? 'scheduled',
      message: context.lastError ?? 'stopped',
      isRemoved: params.isRemoved,
    })),
  },
});

const pausing = { target: '#read.paused', actions: 'disarm' } as const;
const blocking = { target: '#read.blocked', actions: 'disarm' } as const;

const readMachine = readSetup.createMachine({
  id: 'read',
  options: { maxIterations: MACHINE_ITERATIONS_MAX },
  context: () => ({
    installationId: '',
    objectName: '',
    run: 0,
    readType: null,
    page: 0,
    turn: 0,
    attempt: 0,
    deferrals: 0,
    isBackfillOwed: false,
    nextRunAtMs: null,
    wakeAtMs: null,
    lastError: null,
  }),
  initial: 'absent',
  states: {
    absent: {
      on: {
        'read.configured': [
          {
            guard: { type: 'isFirstBackfill', params: ({ event }) => event },
            target: 'reading',
            actions: [
              { type: 'configure', params: ({ event }) => event },
              { type: 'openRun', params: { readType: 'backfill' } },
            ],
          },
          { target: 'idle', actions: { type: 'configure', params: ({ event }) => event } },
        ],
      },
    },
    idle: {
      entry: 'armSchedule',
      on: {
        'read.configured': [
          {
            guard: { type: 'isFirstBackfill', params: ({ event }) => event },
            target: 'reading',
            actions: [
              { type: 'configure', params: ({ event }) => event },
              { type: 'openRun', params: { readType: 'backfill' } },
            ],
          },
          {
            target: 'idle',
            reenter: true,
            actions: { type: 'configure', params: ({ event }) => event },
          },
        ],
        'alarm.fired': {
          guard: { type: 'isDue', params: ({ event }) => event },
          target: 'reading',
          actions: { type: 'openRun', params: { readType: 'scheduled' } },
        },
        'read.paused': pausing,
        'read.blocked': blocking,
        'read.removed': 'removed',
      },
    },
    reading: {
      entry: ['beginTurn', 'emitPage'],
      on: {
        'page.committed': [
          {
            guard: { type: 'answersLast', params: ({ event }) => event },
            target: 'idle',
            actions: { type: 'finishRun', params: ({ event }) => event },
          },
          {
            guard: { type: 'answers', params: ({ event }) => event },
            target: 'reading',
            reenter: true,
            actions: 'advance',
          },
        ],
        'page.failed': [
          {
            guard: { type: 'answersAndMayRetry', params: ({ event }) => event },
            target: 'waiting',
            actions: {
              type: 'noteFailure',
              params: ({ event }) => ({ message: event.message, wakeAtMs: event.retryAtMs }),
            },
          },
          {
            guard: { type: 'answers', params: ({ event }) => event },
            target: 'paused',
            actions: [
              { type: 'noteFailure', params: ({ event }) => ({ message: event.message, wakeAtMs: null }) },
              { type: 'emitCloseRun', params: { isRemoved: false } },
            ],
          },
        ],
        'page.abandoned': {
          guard: { type: 'answers', params: ({ event }) => event },
          target: 'idle',
          actions: [
            { type: 'noteWait', params: ({ event }) => ({ message: event.message, wakeAtMs: null }) },
            { type: 'emitCloseRun', params: { isRemoved: false } },
            'abandonRun',
          ],
        },
        'page.deferred': {
          guard: { type: 'answers', params: ({ event }) => event },
          target: 'waiting',
          actions: {
            type: 'noteWait',
            params: ({ event }) => ({ message: event.message, wakeAtMs: event.retryAtMs }),
          },
        },
        'read.configured': { actions: { type: 'configure', params: ({ event }) => event } },
        'read.paused': pausing,
        'read.blocked': blocking,
        'read.removed': 'removed',
      },
    },
    waiting: {
      on: {
        'alarm.fired': { guard: { type: 'isDue', params: ({ event }) => event }, target: 'reading' },
        'read.configured': { actions: { type: 'configure', params: ({ event }) => event } },
        'read.paused': pausing,
        'read.blocked': blocking,
        'read.removed': 'removed',
      },
    },
    blocked: {
      on: {
        'read.unblocked': [{ guard: 'hasOpenRun', target: 'reading' }, { target: 'idle' }],
        'read.configured': [
          {
            guard: { type: 'isFirstBackfill', params: ({ event }) => event },
            actions: [
              { type: 'configure', params: ({ event }) => event },
              { type: 'openRun', params: { readType: 'backfill' } },
            ],
          },
          { actions: { type: 'configure', params: ({ event }) => event } },
        ],
        'read.paused': pausing,
        'read.removed': 'removed',
      },
    },
    paused: {
      on: {
        'read.resumed': [{ guard: 'hasOpenRun', target: 'reading', actions: 'forgive' }, { target: 'idle' }],
        'read.configured': [
          {
            guard: { type: 'isFirstBackfill', params: ({ event }) => event },
            actions: [
              { type: 'configure', params: ({ event }) => event },
              { type: 'openRun', params: { readType: 'backfill' } },
            ],
          },
          { actions: { type: 'configure', params: ({ event }) => event } },
        ],
        'read.removed': 'removed',
      },
    },
    removed: { type: 'final', entry: { type: 'emitCloseRun', params: { isRemoved: true } } },
  },
});

/** The machine with its alarm. */
export const read = defineMachine<ReadContext>({
  name: 'read',
  machine: readMachine,
  schemaVersion: 1,
  migrations: [],
  wakeAtMs: (context) => context.wakeAtMs,
});

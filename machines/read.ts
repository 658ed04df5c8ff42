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
// what it asked for. Reads that were asked for over the API, *triggers*, wait in the order they came until no run is
// open; a schedule that fell due meanwhile comes between two of them. They leave its position and its time alone, and
// one that fails ends alone. Invariant: an answer to any request but the last (another `turn`) changes nothing.

import { assign, emit, setup } from 'xstate';
import type { JsonObject } from '../src/core/json.ts';
import { MACHINE_ITERATIONS_MAX, READ_ATTEMPTS_MAX, READ_TRIGGERS_MAX } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { defineMachine } from './definition.ts';
import type { CloseRunEffect, ReadPageEffect, Stamped } from './effects.ts';
import type {
  PageAnswer,
  PageCommitted,
  PageFailed,
  ReadConfigured,
  ReadContext,
  ReadEvent,
  ReadTriggered,
} from './readEvents.ts';

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
    hasTrigger: ({ context }) => context.triggers.length > 0,
    hasRoom: ({ context }) => context.triggers.length < READ_TRIGGERS_MAX,
    answers: ({ context }, params: PageAnswer) => params.turn === context.turn,
    answersLast: ({ context }, params: PageCommitted) => params.turn === context.turn && params.isLast,
    answersLastBeforeOther: ({ context }, params: Stamped<PageCommitted>) =>
      params.turn === context.turn && params.isLast && isOtherDue(context, params.nowMs),
    answersLastBeforeTrigger: ({ context }, params: PageCommitted) =>
      params.turn === context.turn && params.isLast && context.triggers.length > 0,
    answersTriggered: ({ context }, params: PageAnswer) =>
      params.turn === context.turn && context.readType === 'triggered',
    answersTriggeredBeforeOther: ({ context }, params: Stamped<PageFailed>) =>
      params.turn === context.turn && isOtherDue(context, params.nowMs),
    answersTriggeredBeforeTrigger: ({ context }, params: PageAnswer) =>
      params.turn === context.turn && context.readType === 'triggered' && context.triggers.length > 0,
    answersAndMayRetry: ({ context }, params: PageFailed) =>
      params.turn === context.turn && params.retryAtMs !== null && context.attempt + 1 < READ_ATTEMPTS_MAX,
  },
  actions: {
    configure: assign(({ context }, params: ReadConfigured) => ({
      ...context,
      installationId: params.installationId,
      objectName: params.objectName,
      hasBackfill: params.hasBackfill,
      nextRunAtMs: params.nextRunAtMs,
    })),
    openRun: assign(({ context }, params: { readType: ReadPageEffect['readType'] }) => ({
      ...context,
      run: context.run + 1,
      readType: params.readType,
      page: 0,
      attempt: 0,
      deferrals: 0,
      trigger: null,
      isBackfillOwed: false,
      wakeAtMs: null,
      lastError: null,
    })),
    // It may be the first run: the backfill is still to come then.
    openTriggered: assign(({ context }) => ({
      ...context,
      run: context.run + 1,
      readType: 'triggered' as const,
      page: 0,
      attempt: 0,
      deferrals: 0,
      trigger: context.triggers[0] ?? null,
      triggers: context.triggers.slice(1),
      isBackfillOwed: context.isBackfillOwed || context.run === 0,
      wakeAtMs: null,
      lastError: null,
    })),
    queueTrigger: assign(({ context }, params: ReadTriggered) => ({
      ...context,
      installationId: params.installationId,
      objectName: params.objectName,
      triggers: [...context.triggers, params.trigger],
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
      isBackfillOwed: context.isBackfillOwed || context.readType === 'backfill',
      readType: null,
      trigger: null,
      triggers: [],
      nextRunAtMs: null,
      lastError: null,
    })),
    finishRun: assign(({ context }, params: { nextRunAtMs: Ms | null }) => ({
      ...context,
      readType: null,
      trigger: null,
      attempt: 0,
      lastError: null,
      nextRunAtMs: context.readType === 'triggered' ? context.nextRunAtMs : params.nextRunAtMs,
    })),
    endTriggered: assign(({ context }) => ({ ...context, readType: null, trigger: null, attempt: 0 })),
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
      trigger: context.trigger,
    })),
    // Of triggers that wait, all end with the read, none with a run.
    emitCloseRun: emit(({ context }, params: { isRemoved: boolean; isPaused: boolean; endsTriggers: boolean }) => ({
      type: 'effect.closeRun' as const,
      installationId: context.installationId,
      objectName: context.objectName,
      run: context.run,
      readType: context.readType ?? 'scheduled',
      message: context.lastError ?? 'stopped',
      isRemoved: params.isRemoved,
      isPaused: params.isPaused,
      operationId: context.trigger?.operationId ?? null,
      waiting: params.endsTriggers ? context.triggers.map(({ operationId }) => operationId) : [],
    })),
  },
});

const pausing = { target: '#read.paused', actions: 'disarm' } as const;
const configuring = { type: 'configure', params: ({ event }: { event: ReadConfigured }) => event } as const;
/** A backfill comes before any other run. */
const beginning = {
  guard: { type: 'isFirstBackfill', params: ({ event }: { event: ReadConfigured }) => event },
  actions: [configuring, { type: 'openRun', params: { readType: 'backfill' } }],
} as const;
const finishing = { type: 'finishRun', params: ({ event }: { event: PageCommitted }) => event } as const;
const openingOther = {
  type: 'openRun',
  params: ({ context }: { context: ReadContext }) => ({
    readType: context.isBackfillOwed && context.hasBackfill ? ('backfill' as const) : ('scheduled' as const),
  }),
} as const;
const notingFailure = {
  type: 'noteFailure',
  params: ({ event }: { event: PageFailed }) => ({ message: event.message, wakeAtMs: null }),
} as const;
/** The run is over although it was not read to its end. */
const failing = [
  notingFailure,
  { type: 'emitCloseRun', params: { isRemoved: false, isPaused: false, endsTriggers: false } },
] as const;
/** Waits until no run is open. More than there is room for are refused. */
const queueing = {
  guard: 'hasRoom',
  actions: { type: 'queueTrigger', params: ({ event }: { event: Stamped<ReadTriggered> }) => event },
} as const;
const blocking = { target: '#read.blocked', actions: 'disarm' } as const;

/** A backfill that was configured, or a schedule that fell due, while a triggered run was open: it comes first. */
function isOtherDue({ readType, isBackfillOwed, hasBackfill, nextRunAtMs }: ReadContext, nowMs: Ms): boolean {
  const isLate = nextRunAtMs !== null && nextRunAtMs <= nowMs;
  return readType === 'triggered' && (isLate || (isBackfillOwed && hasBackfill));
}

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
    hasBackfill: false,
    trigger: null,
    triggers: [],
    nextRunAtMs: null,
    wakeAtMs: null,
    lastError: null,
  }),
  initial: 'absent',
  states: {
    absent: {
      on: {
        'read.configured': [
          { ...beginning, target: 'reading' },
          { guard: 'hasTrigger', target: 'reading', actions: [configuring, 'openTriggered'] },
          { target: 'idle', actions: configuring },
        ],
        'read.triggered': queueing,
        'read.removed': 'removed',
      },
    },
    idle: {
      entry: 'armSchedule',
      on: {
        'read.configured': [
          { ...beginning, target: 'reading' },
          { target: 'idle', reenter: true, actions: configuring },
        ],
        'alarm.fired': {
          guard: { type: 'isDue', params: ({ event }) => event },
          target: 'reading',
          actions: { type: 'openRun', params: { readType: 'scheduled' } },
        },
        'read.triggered': {
          target: 'reading',
          actions: [{ type: 'queueTrigger', params: ({ event }) => event }, 'openTriggered'],
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
            guard: { type: 'answersLastBeforeOther', params: ({ event }) => event },
            target: 'reading',
            reenter: true,
            actions: [finishing, openingOther],
          },
          {
            guard: { type: 'answersLastBeforeTrigger', params: ({ event }) => event },
            target: 'reading',
            reenter: true,
            actions: [finishing, 'openTriggered'],
          },
          { guard: { type: 'answersLast', params: ({ event }) => event }, target: 'idle', actions: finishing },
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
            guard: { type: 'answersTriggeredBeforeOther', params: ({ event }) => event },
            target: 'reading',
            reenter: true,
            actions: [...failing, 'endTriggered', openingOther],
          },
          {
            guard: { type: 'answersTriggeredBeforeTrigger', params: ({ event }) => event },
            target: 'reading',
            reenter: true,
            actions: [...failing, 'endTriggered', 'openTriggered'],
          },
          {
            guard: { type: 'answersTriggered', params: ({ event }) => event },
            target: 'idle',
            actions: [...failing, 'endTriggered'],
          },
          {
            guard: { type: 'answers', params: ({ event }) => event },
            target: 'paused',
            actions: [
              notingFailure,
              { type: 'emitCloseRun', params: { isRemoved: false, isPaused: true, endsTriggers: false } },
            ],
          },
        ],
        'page.abandoned': {
          guard: { type: 'answers', params: ({ event }) => event },
          target: 'idle',
          actions: [
            { type: 'noteWait', params: ({ event }) => ({ message: event.message, wakeAtMs: null }) },
            { type: 'emitCloseRun', params: { isRemoved: false, isPaused: false, endsTriggers: true } },
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
        'read.configured': { actions: configuring },
        'read.triggered': queueing,
        'read.paused': pausing,
        'read.blocked': blocking,
        'read.removed': 'removed',
      },
    },
    waiting: {
      on: {
        'alarm.fired': { guard: { type: 'isDue', params: ({ event }) => event }, target: 'reading' },
        'read.configured': { actions: configuring },
        'read.triggered': queueing,
        'read.paused': pausing,
        'read.blocked': blocking,
        'read.removed': 'removed',
      },
    },
    blocked: {
      on: {
        'read.unblocked': [
          { guard: 'hasOpenRun', target: 'reading' },
          { guard: 'hasTrigger', target: 'reading', actions: 'openTriggered' },
          { target: 'idle' },
        ],
        'read.triggered': queueing,
        'read.configured': [beginning, { actions: configuring }],
        'read.paused': pausing,
        'read.removed': 'removed',
      },
    },
    paused: {
      tags: 'paused',
      on: {
        'read.resumed': [
          { guard: 'hasOpenRun', target: 'reading', actions: 'forgive' },
          { guard: 'hasTrigger', target: 'reading', actions: 'openTriggered' },
          { target: 'idle' },
        ],
        'read.configured': [beginning, { actions: configuring }],
        'read.removed': 'removed',
      },
    },
    removed: {
      type: 'final',
      entry: { type: 'emitCloseRun', params: { isRemoved: true, isPaused: false, endsTriggers: true } },
    },
  },
});

/** Schema 2 knows triggers. */
function withTriggers(state: JsonObject): JsonObject {
  return {
    ...state,
    context: { ...(state['context'] as JsonObject), hasBackfill: false, trigger: null, triggers: [] },
  };
}

/** The machine with its alarm. */
export const read = defineMachine<ReadContext>({
  name: 'read',
  machine: readMachine,
  schemaVersion: 2,
  migrations: [withTriggers],
  wakeAtMs: (context) => context.wakeAtMs,
});

// One customer's copy of an integration.
//   absent       not created.
//   present      created, and one of
//     active       its reads run as its config says;
//     needsReauth  its connection's grant is gone; reads are blocked until the customer connects again.
//   removing     deleted by the builder; its reads are told, then it ends.
//   removed      final.
// It holds references only: config and reads live in tables. Invariants: of several config revisions in flight
// only the newest is applied; news of a connection that it does not use change nothing.

import { assign, emit, setup } from 'xstate';
import { MACHINE_ITERATIONS_MAX } from '../src/core/limits.ts';
import { defineMachine } from './definition.ts';
import type { ApplyConfigEffect, Stamped, TellReadsEffect } from './effects.ts';

/** What an installation actor remembers. */
export interface InstallationContext {
  readonly installationId: string;
  readonly connectionId: string;
  readonly configRevision: number;
  readonly appliedRevision: number;
}

interface InstallationCreated {
  readonly type: 'installation.created';
  readonly connectionId: string;
  /** False if the grant was gone already. */
  readonly isConnectionUsable: boolean;
}

interface InstallationConfigured {
  readonly type: 'installation.configured';
  readonly connectionId: string;
}

interface InstallationDeleted {
  readonly type: 'installation.deleted';
}

interface ConfigApplied {
  readonly type: 'config.applied';
  readonly configRevision: number;
}

/** News may come late: those of a connection that was left since are none of its business. */
interface ConnectionFate {
  readonly type: 'connection.revoked' | 'connection.restored';
  /** Absent in events of versions that did not say whose fate it is. */
  readonly connectionId?: string;
}

/** Pauses or resumes the schedules of all reads, or of the named objects. */
interface ReadsSwitched {
  readonly type: 'reads.paused' | 'reads.resumed';
  readonly objects: readonly string[] | null;
}

/** Every read was told to end. */
interface ReadsRemoved {
  readonly type: 'reads.removed';
}

/** Everything an installation actor handles. */
export type InstallationEvent =
  | InstallationCreated
  | InstallationConfigured
  | InstallationDeleted
  | ConfigApplied
  | ConnectionFate
  | ReadsSwitched
  | ReadsRemoved;

const installationSetup = setup({
  types: {
    context: {} as InstallationContext,
    events: {} as Stamped<InstallationEvent>,
    input: {} as { readonly key: string },
    emitted: {} as ApplyConfigEffect | TellReadsEffect,
  },
  guards: {
    isConnectionUsable: (_, params: InstallationCreated) => params.isConnectionUsable,
    isNewest: ({ context }, params: ConfigApplied) => params.configRevision === context.configRevision,
    isOfConnection: ({ context }, params: ConnectionFate) =>
      params.connectionId === undefined || params.connectionId === context.connectionId,
  },
  actions: {
    configure: assign(({ context }, params: { connectionId: string }) => ({
      ...context,
      connectionId: params.connectionId,
      configRevision: context.configRevision + 1,
    })),
    noteApplied: assign(({ context }) => ({ ...context, appliedRevision: context.configRevision })),
    applyConfig: emit(({ context }) => ({
      type: 'effect.applyConfig' as const,
      installationId: context.installationId,
      configRevision: context.configRevision,
    })),
    tellReads: emit(({ context }, params: Pick<TellReadsEffect, 'event' | 'objects'>) => ({
      type: 'effect.tellReads' as const,
      installationId: context.installationId,
      event: params.event,
      objects: params.objects,
    })),
  },
});

const installationMachine = installationSetup.createMachine({
  id: 'installation',
  options: { maxIterations: MACHINE_ITERATIONS_MAX },
  context: ({ input }) => ({
    installationId: input.key,
    connectionId: '',
    configRevision: 0,
    appliedRevision: 0,
  }),
  initial: 'absent',
  states: {
    absent: {
      on: {
        'installation.created': [
          {
            guard: { type: 'isConnectionUsable', params: ({ event }) => event },
            target: 'present',
            actions: [{ type: 'configure', params: ({ event }) => event }, 'applyConfig'],
          },
          {
            target: 'present.needsReauth',
            actions: [{ type: 'configure', params: ({ event }) => event }, 'applyConfig'],
          },
        ],
      },
    },
    present: {
      initial: 'active',
      on: {
        'installation.configured': {
          actions: [{ type: 'configure', params: ({ event }) => event }, 'applyConfig'],
        },
        'config.applied': { guard: { type: 'isNewest', params: ({ event }) => event }, actions: 'noteApplied' },
        'reads.paused': {
          actions: { type: 'tellReads', params: ({ event }) => ({ event: 'read.paused', objects: event.objects }) },
        },
        'reads.resumed': {
          actions: { type: 'tellReads', params: ({ event }) => ({ event: 'read.resumed', objects: event.objects }) },
        },
        'installation.deleted': 'removing',
      },
      states: {
        active: {
          on: {
            'connection.revoked': {
              guard: { type: 'isOfConnection', params: ({ event }) => event },
              target: 'needsReauth',
              actions: { type: 'tellReads', params: { event: 'read.blocked', objects: null } },
            },
          },
        },
        needsReauth: {
          on: {
            'connection.restored': {
              guard: { type: 'isOfConnection', params: ({ event }) => event },
              target: 'active',
              actions: { type: 'tellReads', params: { event: 'read.unblocked', objects: null } },
            },
          },
        },
      },
    },
    removing: {
      entry: { type: 'tellReads', params: { event: 'read.removed', objects: null } },
      on: { 'reads.removed': 'removed' },
    },
    removed: { type: 'final' },
  },
});

/** The machine; it never waits, so it has no alarm. */
export const installation = defineMachine<InstallationContext>({
  name: 'installation',
  machine: installationMachine,
  schemaVersion: 1,
  migrations: [],
  wakeAtMs: () => null,
});

// A host of actors as everything around it sees it: what it is told, what it performs, what is on disk. Nothing here
// says how it is made, so that one process over a file, several over leases or an engine can each be put to the tests.

import { expect } from 'vitest';
import type { StepExtras } from '../../../actors/host.ts';
import type { MachineDefinition } from '../../../machines/definition.ts';
import type { MachineEvent } from '../../../machines/effects.ts';
import type { IntegrationError } from '../../../src/core/errors.ts';
import type { ActorId } from '../../../src/core/ids.ts';
import type { Ms } from '../../../src/core/time.ts';
import type { RowWrite } from '../../../src/store/port.ts';
import { deleteEffect } from '../../../src/store/tables/effects.ts';
import type { QuarantinedRow } from '../../../src/store/tables/quarantine.ts';
import type { FakeClock } from '../../support/clock.ts';
import type { ProbeContext } from '../../support/probe.ts';
import { type Handlers, id } from '../../support/runtime.ts';
import { tempFolder } from '../../support/store.ts';
import type { CrashPoint } from '../../support/writer.ts';

export interface HostSetup {
  /** Names the data, by a folder that is nobody else's. Hosts with the same one compete for it or follow each other. */
  readonly data: string;
  /** How effects are performed, where a test wants it done in its own way. */
  readonly handlers?: Handlers;
  /** The machines it runs; the probe unless given. */
  readonly definitions?: readonly MachineDefinition[];
  readonly liveHostsMax?: number;
  readonly nowMs?: Ms;
}

/** Rejects with `conflict` while another host has the data. A host that was opened has not been started yet. */
export type OpenHost = (setup: HostSetup) => Promise<HostUnderTest>;

export interface HostUnderTest {
  readonly data: string;
  /** Its only clock. When time has passed, so has everything that this set off. */
  readonly clock: FakeClock;
  readonly disk: DiskUnderTest;
  /** What handlers that were not replaced did, in order. */
  readonly did: readonly string[];
  /** Why it can never write again; null while it can. */
  readonly ended: IntegrationError | null;

  start(): void;
  /** Takes up nothing new, waits for what is in flight and gives up the data. */
  stop(): Promise<void>;
  send(actorId: ActorId, event: MachineEvent, extras?: StepExtras): Promise<boolean>;
  peek(actorId: ActorId): { readonly context: unknown };
  resume(actorId: ActorId): Promise<void>;
  discard(seq: number): Promise<void>;
  remove(actorIds: readonly ActorId[], writes: readonly RowWrite[]): Promise<void>;

  /** Resolves when everything has happened that needs neither time nor the outside. */
  quiet(): Promise<void>;
  /** Ends it at once: what it had in memory is lost, commits that were not acknowledged among it. */
  crash(): Promise<void>;
  /** Its claim on the data is over and it does not know, as after a long pause of its process. */
  fence(): void;

  /** The committed state of an actor; null if there is none or it has ended. */
  stored(actorId: ActorId): StoredActor | null;
  /** Why an actor is paused, on disk; null if it is not. */
  pausedReason(actorId: ActorId): string | null;
  /** What was asked for and not answered, on disk, in the order it was asked for. */
  effects(): readonly StoredEffect[];
  quarantined(): readonly QuarantinedRow[];
  /** The value of a row that a step wrote with `putMeta`. */
  row(name: string): string | undefined;
}

export interface StoredActor {
  readonly revision: number;
  readonly context: unknown;
}

export interface StoredEffect {
  readonly effectId: string;
  readonly isAttempted: 0 | 1;
}

export interface DiskUnderTest {
  /** Transactions that reached it. */
  readonly commits: number;
  /** While true, every transaction fails for lack of space. */
  isFull: boolean;
  /** Makes transactions wait; call the answer to let them go. */
  hold(): () => void;
  /** The host crashes around its commit with this number (from 1). */
  crashAt(commit: number, at: CrashPoint): void;
  readonly hasCrashed: boolean;
}

/** Opens a host, on data of its own unless given, and starts it. */
export type StartHost = (setup?: Partial<HostSetup>) => Promise<HostUnderTest>;

export function starter(open: OpenHost): StartHost {
  return async (setup = {}) => {
    const host = await open({ data: tempFolder(), ...setup });
    host.start();
    return host;
  };
}

/** Starts the next host on the data of one that is gone, at the same time of day. */
export function restarter(open: OpenHost) {
  return ({ data, clock }: HostUnderTest, setup: Partial<HostSetup> = {}): Promise<HostUnderTest> =>
    starter(open)({ data, nowMs: clock.nowMs(), ...setup });
}

/** A probe as it is on disk. */
export function stored(host: HostUnderTest, key: string): (ProbeContext & { readonly revision: number }) | null {
  const actor = host.stored(id(key));
  return actor === null ? null : { ...(actor.context as ProbeContext), revision: actor.revision };
}

export function notes(host: HostUnderTest, key: string): readonly string[] | undefined {
  return stored(host, key)?.notes;
}

export function countOf(host: HostUnderTest, key: string): number | undefined {
  return stored(host, key)?.count;
}

export const bump = { type: 'bump' };
export const note = (text: string) => ({ type: 'note', text });
export const ask = { type: 'ask.replayable' };
export const askReconcile = { type: 'ask.reconcile' };
export const arm = (atMs: number | null) => ({ type: 'arm', atMs });
export const boom = { type: 'boom' };
/** A row that the store refuses. */
export const poison = deleteEffect('no such effect');

export const refusedWith = (code: IntegrationError['code']) => expect.objectContaining({ code });

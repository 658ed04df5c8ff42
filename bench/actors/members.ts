// The actors of a population as the parts of this bench use them: which there are, which event each takes again and
// again, and a store without a disk under it.

import type { StepExtras } from '../../actors/host.ts';
import type { MachineEvent } from '../../machines/effects.ts';
import { type ActorId, actorIdOf } from '../../src/core/ids.ts';
import { HOUR_MS, systemClock } from '../../src/core/time.ts';
import type { Writer } from '../../src/store/port.ts';
import { type Store, storeOver } from '../../src/store/store.ts';
import { putCredential } from '../../src/store/tables/connections.ts';
import { OBJECT_NAME, readActorOf, sealedCredential } from './customer.ts';
import type { Member } from './population.ts';

/** An actor that takes an event, with the rows that come with it, as often as it is asked to. */
export interface LiveActor {
  readonly actorId: ActorId;
  /** The event number `turn`, counted from 0; each is accepted and asks for no effect. */
  event(turn: number): { readonly event: MachineEvent; readonly extras: StepExtras };
}

/** The three actors of each member, `count` in all. */
export function actorsOf(members: readonly Member[], generation: number, count: number): readonly LiveActor[] {
  const actors = members.flatMap((member): LiveActor[] => [
    readOf(member),
    credentialOf(member, generation),
    installationOf(member),
  ]);
  return actors.slice(0, count);
}

/** Its schedule moves: a change of state, a new alarm. */
export function readOf({ installationId }: Member): LiveActor {
  const actorId = readActorOf(installationId);
  return {
    actorId,
    event: (turn) => ({ event: scheduled(installationId, turn), extras: {} }),
  };
}

export function scheduled(installationId: string, turn: number): MachineEvent {
  return {
    type: 'read.configured',
    installationId,
    objectName: OBJECT_NAME,
    hasBackfill: false,
    nextRunAtMs: systemClock.nowMs() + 12 * HOUR_MS + turn,
  };
}

/** Its customer connects again: the next generation with its sealed credential. */
function credentialOf({ connectionId }: Member, generation: number): LiveActor {
  const sealed = sealedCredential(connectionId, generation);
  return {
    actorId: actorIdOf('credential', connectionId),
    event: (turn) => {
      const next = generation + 1 + turn;
      const endsAtMs = systemClock.nowMs() + 2 * HOUR_MS;
      const event = {
        type: 'credential.stored',
        generation: next,
        endsAtMs,
        canRefresh: true,
        keepAliveAtMs: null,
        grantEndsAtMs: null,
        rotation: 'stable',
      };
      return { event, extras: { writes: [putCredential(connectionId, next, sealed)] } };
    },
  };
}

/** Its config is applied once more. */
function installationOf({ installationId }: Member): LiveActor {
  const applied = { event: { type: 'config.applied', configRevision: 1 }, extras: {} };
  return { actorId: actorIdOf('installation', installationId), event: () => applied };
}

/** Reads the database at `path` and takes every step as written at once: what is left is the owner thread's work. */
export async function storeWithoutDisk(path: string): Promise<Store> {
  const writer: Writer = {
    write: (steps) => Promise.resolve({ steps: steps.map(() => ({ kind: 'committed' })) }),
    vacuum: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const onFatal = (error: Error) => {
    throw error;
  };
  const store = await storeOver(path, writer, onFatal, () => {});
  return { ...store, add: (_step, committed) => queueMicrotask(committed) };
}

// One live actor: its XState actor, its revision and what of it is not on disk yet. A host steps the machine and
// hands the step to the store; it never performs anything. Invariant: after a step that did not reach the disk
// the host is discarded, because its memory is ahead of the disk.

import { type Actor, type AnyStateMachine, createActor } from 'xstate';
import type { MachineDefinition } from '../machines/definition.ts';
import type { Effect, MachineEvent } from '../machines/effects.ts';
import { errorFacts, IntegrationError, invariant } from '../src/core/errors.ts';
import { type ActorId, keyOf } from '../src/core/ids.ts';
import type { JsonObject } from '../src/core/json.ts';
import { SNAPSHOT_BYTES_MAX } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import type { RowWrite } from '../src/store/port.ts';
import {
  deleteEffect,
  deleteSnapshot,
  insertEffect,
  type SnapshotRow,
  writeSnapshot,
} from '../src/store/tables/snapshots.ts';

/** A message to another actor, delivered exactly once after the commit that carries it. */
export interface Message {
  readonly to: ActorId;
  readonly event: MachineEvent;
}

/** What commits together with the step of an event, and only if the machine accepts the event. */
export interface StepExtras {
  readonly writes?: readonly RowWrite[];
  readonly messages?: readonly Message[];
  /** The effect that this event answers; its row is deleted even if the machine ignores the answer. */
  readonly settles?: string;
}

/** An effect with its id, as it is stored. */
export interface IssuedEffect {
  readonly effectId: string;
  readonly actorId: ActorId;
  readonly effect: Effect;
}

/** What a step wants written. `effects` are dispatched after the commit. */
export interface HostStep {
  readonly isAccepted: boolean;
  readonly writes: readonly RowWrite[];
  readonly effects: readonly IssuedEffect[];
  readonly wakeAtMs: Ms | null;
  readonly isFinal: boolean;
}

/** The machine threw or broke a rule. The step did not happen; the host must be dropped. */
export class MachineThrew extends Error {
  override readonly name = 'MachineThrew';
}

/** A live actor. Stepped by the runtime only; dropped by the registry only. */
export class Host {
  readonly actorId: ActorId;
  readonly #definition: MachineDefinition;
  readonly #actor: Actor<AnyStateMachine>;
  readonly #emitted: Effect[] = [];
  #revision: number;
  #thrown: unknown = null;
  #pendingCommits = 0;
  #onIdle: (() => void)[] = [];
  #isDiscarded = false;

  /** Hydrates from `row`, or starts the actor anew if there is none. Rejects with `snapshot_unreadable`. */
  constructor(definition: MachineDefinition, actorId: ActorId, row: SnapshotRow | undefined) {
    this.actorId = actorId;
    this.#definition = definition;
    this.#revision = row?.revision ?? 0;
    const input = { key: keyOf(actorId) };
    this.#actor =
      row === undefined
        ? createActor(definition.machine, { input, id: actorId })
        : createActor(definition.machine, { input, id: actorId, snapshot: restore(definition, row) });
    // Without an error observer XState rethrows in a macrotask and ends the process.
    this.#actor.subscribe({
      error: (error) => {
        this.#thrown = error;
      },
    });
    this.#actor.on('*', (emitted) => {
      this.#emitted.push(emitted as unknown as Effect);
    });
    this.#actor.start();
    this.#emitted.length = 0;
  }

  /** The committed or soon-to-be-committed state, for questions by tag and for operators. */
  get snapshot(): ReturnType<Actor<AnyStateMachine>['getSnapshot']> {
    return this.#actor.getSnapshot();
  }

  get revision(): number {
    return this.#revision;
  }

  /** With a step at the store the host must stay in memory: the disk does not know it yet. */
  get isPinned(): boolean {
    return this.#pendingCommits > 0;
  }

  commitBegan(): void {
    this.#pendingCommits += 1;
  }

  commitEnded(): void {
    this.#pendingCommits -= 1;
    if (this.#pendingCommits === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Resolves when every step of this host is on disk or has failed. */
  idle(): Promise<void> {
    if (this.#pendingCommits === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** Steps the machine. Rejects with MachineThrew if the machine threw or broke a rule. */
  step(event: MachineEvent, nowMs: Ms, extras: StepExtras): HostStep {
    try {
      return this.#step(event, nowMs, extras);
    } catch (cause) {
      throw new MachineThrew(`${this.actorId} failed on ${event.type}: ${errorFacts(cause).message}`, { cause });
    }
  }

  #step(event: MachineEvent, nowMs: Ms, extras: StepExtras): HostStep {
    invariant(!this.#isDiscarded, 'T-2001', `${this.actorId} was stepped after it was discarded`);
    const before = this.#actor.getSnapshot();
    this.#emitted.length = 0;
    this.#actor.send({ ...event, nowMs });
    if (this.#thrown !== null) throw this.#thrown;
    const after = this.#actor.getSnapshot();
    if (after === before && this.#emitted.length === 0) {
      this.#assertAlarmAhead(event, nowMs, this.#definition.wakeAtMs(after.context as never));
      return { isAccepted: false, writes: settleWrites(extras), effects: [], wakeAtMs: null, isFinal: false };
    }
    this.#revision += 1;
    const effects = this.#issue(extras.messages ?? []);
    const isFinal = after.status === 'done';
    const wakeAtMs = isFinal ? null : this.#definition.wakeAtMs(after.context as never);
    this.#assertAlarmAhead(event, nowMs, wakeAtMs);
    return {
      isAccepted: true,
      writes: [
        ...(isFinal ? this.#finalWrite() : [this.#snapshotWrite(after, wakeAtMs)]),
        ...effects.map(({ effectId, actorId, effect }) => insertEffect(effectId, actorId, JSON.stringify(effect))),
        ...settleWrites(extras),
        ...(extras.writes ?? []),
      ],
      effects,
      wakeAtMs,
      isFinal,
    };
  }

  discard(): void {
    this.#isDiscarded = true;
    this.#actor.stop();
  }

  #issue(messages: readonly Message[]): IssuedEffect[] {
    const effects: Effect[] = [
      ...this.#emitted.splice(0),
      ...messages.map(({ to, event }) => ({ type: 'effect.send' as const, to, event })),
    ];
    return effects.map((effect, index) => ({
      effectId: `${this.actorId}:${this.#revision}:${index}`,
      actorId: this.actorId,
      effect,
    }));
  }

  /** An actor that was woken and still wants to be woken in the past would be woken for ever. */
  #assertAlarmAhead(event: MachineEvent, nowMs: Ms, wakeAtMs: Ms | null): void {
    invariant(
      event.type !== 'alarm.fired' || wakeAtMs === null || wakeAtMs > nowMs,
      'T-2002',
      `${this.actorId} left its alarm in the past`,
    );
  }

  #finalWrite(): RowWrite[] {
    // An actor that ends with its first event was never stored.
    return this.#revision === 1 ? [] : [deleteSnapshot(this.actorId, this.#revision - 1)];
  }

  #snapshotWrite(after: { value: unknown; context: unknown }, wakeAtMs: Ms | null): RowWrite {
    const state = JSON.stringify({ value: after.value, context: after.context });
    invariant(state.length <= SNAPSHOT_BYTES_MAX, 'T-2003', `${this.actorId} outgrew its snapshot (${state.length})`);
    return writeSnapshot({
      actorId: this.actorId,
      schemaVersion: this.#definition.schemaVersion,
      revision: this.#revision,
      wakeAtMs,
      state,
    });
  }
}

function settleWrites(extras: StepExtras): RowWrite[] {
  return extras.settles === undefined ? [] : [deleteEffect(extras.settles)];
}

function restore(definition: MachineDefinition, row: SnapshotRow) {
  const unreadable = (reason: string, cause?: unknown) =>
    new IntegrationError('snapshot_unreadable', `snapshot of ${row.actorId}: ${reason}`, {
      publicDetail: 'the stored state cannot be read by this version',
      cause,
    });
  if (row.schemaVersion > definition.schemaVersion) {
    throw unreadable(`written by schema ${row.schemaVersion}, this version knows ${definition.schemaVersion}`);
  }
  try {
    let state = JSON.parse(row.state) as JsonObject;
    for (const migrate of definition.migrations.slice(row.schemaVersion - 1)) state = migrate(state);
    // `resolveState` throws on a state name it does not know; parsing afresh keeps XState from sharing the object.
    return definition.machine.resolveState({ value: state['value'] as never, context: state['context'] as never });
  } catch (cause) {
    throw unreadable('state or context has an unknown shape', cause);
  }
}

// One live actor: its machine's state, its revision and what of it is not on disk yet. A host steps the machine and
// hands the step to the store; it never performs anything. Invariant: after a step that did not reach the disk
// the host is discarded, because its memory is ahead of the disk.

import type { AnyMachineSnapshot } from 'xstate';
import type { MachineDefinition } from '../machines/definition.ts';
import type { Effect, MachineEvent } from '../machines/effects.ts';
import { errorFacts, IntegrationError, invariant } from '../src/core/errors.ts';
import { type ActorId, keyOf } from '../src/core/ids.ts';
import type { JsonObject } from '../src/core/json.ts';
import { HISTORY_EVENT_BYTES_MAX, HOST_OVERHEAD_BYTES, SNAPSHOT_BYTES_MAX } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import type { RowWrite } from '../src/store/port.ts';
import { deleteEffect, insertEffect } from '../src/store/tables/effects.ts';
import { insertSnapshot, type SnapshotRow, updateSnapshot } from '../src/store/tables/snapshots.ts';
import type { StampedEvent, Stepper } from './stepper.ts';

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

/** The row that holds an effect until it is settled. */
export function effectRow({ effectId, actorId, effect }: IssuedEffect): RowWrite {
  return insertEffect(effectId, actorId, targetOf({ actorId, effect }), JSON.stringify(effect));
}

/** Whose step settles an effect: the receiver's of a message, else that of the actor itself. */
export function targetOf({ actorId, effect }: Pick<IssuedEffect, 'actorId' | 'effect'>): ActorId {
  return effect.type === 'effect.send' ? effect.to : actorId;
}

/** A live actor. Stepped by the runtime only; dropped by the registry only. */
export class Host {
  readonly actorId: ActorId;
  readonly #stepper: Stepper;
  #snapshot: AnyMachineSnapshot;
  /** Of its stored state, in characters. */
  #stateSize: number;
  #revision: number;
  /** A blank row counts as one: it is changed, not inserted. */
  #hasRow: boolean;
  #pendingCommits = 0;
  #onIdle: (() => void)[] = [];
  #isDiscarded = false;

  /** Hydrates from `row`; starts anew if there is none or it is blank. Rejects with `snapshot_unreadable`. */
  constructor(stepper: Stepper, actorId: ActorId, row: SnapshotRow | undefined) {
    this.actorId = actorId;
    this.#stepper = stepper;
    this.#revision = row?.revision ?? 0;
    this.#hasRow = row !== undefined;
    this.#stateSize = row?.state.length ?? 0;
    this.#snapshot = row === undefined || row.state === '' ? stepper.initial(keyOf(actorId)) : restore(stepper, row);
  }

  /** The committed or soon-to-be-committed state, for questions by tag and for operators. */
  get snapshot(): AnyMachineSnapshot {
    return this.#snapshot;
  }

  get revision(): number {
    return this.#revision;
  }

  /** What it takes in memory, as an estimate. */
  get bytes(): number {
    return HOST_OVERHEAD_BYTES + 2 * this.#stateSize;
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
      return this.#step({ ...event, nowMs }, extras);
    } catch (cause) {
      throw new MachineThrew(`${this.actorId} failed on ${event.type}: ${errorFacts(cause).message}`, { cause });
    }
  }

  #step(event: StampedEvent, extras: StepExtras): HostStep {
    invariant(!this.#isDiscarded, 'T-2001', `${this.actorId} was stepped after it was discarded`);
    const { snapshot, effects: asked } = this.#stepper.step(this.#snapshot, event);
    const { definition } = this.#stepper;
    if (snapshot === this.#snapshot && asked.length === 0) {
      this.#assertAlarmAhead(event, definition.wakeAtMs(snapshot.context as never));
      return { isAccepted: false, writes: settleWrites(extras), effects: [], wakeAtMs: null, isFinal: false };
    }
    const isFinal = snapshot.status === 'done';
    const wakeAtMs = isFinal ? null : definition.wakeAtMs(snapshot.context as never);
    this.#assertAlarmAhead(event, wakeAtMs);
    const effects = this.#issue(asked, extras.messages ?? []);
    const writes = [
      this.#snapshotWrite(event, snapshot, wakeAtMs),
      ...effects.map(effectRow),
      ...settleWrites(extras),
      ...(extras.writes ?? []),
    ];
    this.#revision += 1;
    this.#hasRow = true;
    this.#snapshot = snapshot;
    return { isAccepted: true, writes, effects, wakeAtMs, isFinal };
  }

  discard(): void {
    this.#isDiscarded = true;
  }

  #issue(asked: readonly Effect[], messages: readonly Message[]): IssuedEffect[] {
    const effects: Effect[] = [
      ...asked,
      ...messages.map(({ to, event }) => ({ type: 'effect.send' as const, to, event })),
    ];
    return effects.map((effect, index) => ({
      effectId: `${this.actorId}:${this.#revision + 1}:${index}`,
      actorId: this.actorId,
      effect,
    }));
  }

  /** An actor that was woken and still wants to be woken in the past would be woken for ever. */
  #assertAlarmAhead(event: StampedEvent, wakeAtMs: Ms | null): void {
    invariant(
      event.type !== 'alarm.fired' || wakeAtMs === null || wakeAtMs > event.nowMs,
      'T-2002',
      `${this.actorId} left its alarm in the past`,
    );
  }

  #snapshotWrite(event: StampedEvent, after: AnyMachineSnapshot, wakeAtMs: Ms | null): RowWrite {
    const isFinal = after.status === 'done';
    const state = isFinal ? '' : JSON.stringify({ value: after.value, context: after.context });
    invariant(isWithin(state, SNAPSHOT_BYTES_MAX), 'T-2003', `${this.actorId} outgrew its snapshot (${state.length})`);
    this.#stateSize = state.length;
    const eventText = JSON.stringify(event);
    const step = {
      actorId: this.actorId,
      schemaVersion: this.#stepper.definition.schemaVersion,
      revision: this.#revision + 1,
      wakeAtMs,
      state,
      event: isWithin(eventText, HISTORY_EVENT_BYTES_MAX) ? eventText : null,
    };
    return this.#hasRow ? updateSnapshot(step) : insertSnapshot(step);
  }
}

/** Measured only where the number of characters does not tell: three bytes of UTF-8 each at most. */
function isWithin(text: string, bytesMax: number): boolean {
  return text.length * 3 <= bytesMax || Buffer.byteLength(text) <= bytesMax;
}

function settleWrites(extras: StepExtras): RowWrite[] {
  return extras.settles === undefined ? [] : [deleteEffect(extras.settles)];
}

function restore(stepper: Stepper, row: SnapshotRow): AnyMachineSnapshot {
  const unreadable = (reason: string, cause?: unknown) =>
    new IntegrationError('snapshot_unreadable', `snapshot of ${row.actorId}: ${reason}`, {
      publicDetail: 'the stored state cannot be read by this version',
      cause,
    });
  const { schemaVersion } = stepper.definition;
  if (row.schemaVersion > schemaVersion) {
    throw unreadable(`written by schema ${row.schemaVersion}, this version knows ${schemaVersion}`);
  }
  try {
    return stepper.restore(migrated(stepper.definition, JSON.parse(row.state), row.schemaVersion));
  } catch (cause) {
    throw unreadable('state or context has an unknown shape', cause);
  }
}

/** A state of an older schema version as the current one. */
export function migrated(definition: MachineDefinition, state: JsonObject, schemaVersion: number): JsonObject {
  return definition.migrations.slice(schemaVersion - 1).reduce((older, migrate) => migrate(older), state);
}

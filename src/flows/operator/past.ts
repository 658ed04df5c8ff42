// The state of an actor and its last steps, replayed from its history: what happened when, and in which state it was
// afterwards. What machines do not record, such as since when a state holds, is read from them.

import { migrated } from '../../../actors/host.ts';
import { type ReplayedStep, replay, stateNameOf } from '../../../actors/replay.ts';
import { MACHINES } from '../../../actors/runtime.ts';
import { Stepper } from '../../../actors/stepper.ts';
import type { MachineDefinition } from '../../../machines/definition.ts';
import { type ActorId, machineOf } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads } from '../../store/port.ts';
import { type HistorySegment, readHistory, type SnapshotRow } from '../../store/tables/snapshots.ts';
import type { Look } from './look.ts';

export interface PastStep {
  readonly revision: number;
  readonly atMs: Ms;
  readonly type: string;
  /** Without type and time. */
  readonly details: JsonObject;
  /** After it. */
  readonly state: string;
  /** Types of what it asked for. */
  readonly effects: readonly string[];
}

export interface Past {
  readonly steps: readonly PastStep[];
  /** Before the first of `steps`; null if that was the first event of all. */
  readonly stateBefore: string | null;
}

/** When something began, as far as is known. */
export interface Since {
  readonly atMs: Ms | null;
  /** It may have begun earlier: the history does not reach further back. */
  readonly isAtLeast: boolean;
}

export const UNKNOWN_SINCE: Since = { atMs: null, isAtLeast: false };

const NO_PAST: Past = { steps: [], stateBefore: null };

interface Actor {
  readonly state: string | null;
  past(): Past;
}

const STEPPERS: ReadonlyMap<string, Stepper> = new Map(
  MACHINES.map((definition) => [definition.name, new Stepper(definition)]),
);

/** The context of an actor and its state's name, dotted, as its host would take them up; null if that would refuse. */
export function restoredOf(row: SnapshotRow): { readonly state: string; readonly context: unknown } | null {
  const stepper = STEPPERS.get(machineOf(row.actorId));
  if (stepper === undefined || row.schemaVersion > stepper.definition.schemaVersion) return null;
  try {
    const stored = migrated(stepper.definition, JSON.parse(row.state) as JsonObject, row.schemaVersion);
    const { value, context } = stepper.restore(stored);
    return { state: stateNameOf(value), context };
  } catch {
    return null;
  }
}

export function pastOf({ store }: Look, row: SnapshotRow): Past {
  const definition = definitionOf(row.actorId);
  const history = historyOf(store.reads, row.actorId);
  const base = history[0]?.base;
  if (definition === undefined || base === undefined) return NO_PAST;
  const { steps } = replay(definition, history, row);
  return {
    stateBefore: base.state === null ? null : stateNameOf(base.state['value']),
    steps: steps.map(pastStep),
  };
}

export function pastStep({ revision, event, stateName, effects }: ReplayedStep): PastStep {
  const { type, nowMs, ...details } = event;
  return { revision, atMs: nowMs, type, details, state: stateName, effects };
}

/** Empty where it cannot be read: who asks about an actor that broke is told what there is. */
export function historyOf(reads: Reads, actorId: ActorId): readonly HistorySegment[] {
  try {
    return readHistory(reads, actorId) ?? [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** The machine of an actor, if this version has it. */
export function definitionOf(actorId: ActorId): MachineDefinition | undefined {
  return MACHINES.find(({ name }) => name === machineOf(actorId));
}

/** Since when the actor is in its state, or in one of `states`. */
export function enteredAt(actor: Actor, states: readonly string[] = [actor.state ?? '']): Since {
  const { steps, stateBefore } = actor.past();
  const before = steps.findLastIndex(({ state }) => !states.includes(state));
  const first = steps[before + 1];
  if (first === undefined) return UNKNOWN_SINCE;
  return { atMs: first.atMs, isAtLeast: before === -1 && stateBefore !== null && states.includes(stateBefore) };
}

/** The first event of one of `types` since the last one of `ends`. */
export function earliestOf(actor: Actor, types: readonly string[], ends: readonly string[]): Since {
  const { steps, stateBefore } = actor.past();
  const end = steps.findLastIndex(({ type }) => ends.includes(type));
  const first = steps.slice(end + 1).find(({ type }) => types.includes(type));
  if (first === undefined) return UNKNOWN_SINCE;
  return { atMs: first.atMs, isAtLeast: end === -1 && stateBefore !== null };
}

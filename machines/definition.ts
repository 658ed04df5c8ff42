// What the runtime needs to know of a machine besides its transitions: how it starts, when it wants to be woken
// and how older snapshots become current ones.

import type { AnyStateMachine } from 'xstate';
import type { JsonObject } from '../src/core/json.ts';
import type { Ms } from '../src/core/time.ts';

/** A machine with what the runtime needs to host it. */
export interface MachineDefinition {
  /** The part of an actor id before the colon. */
  readonly name: string;
  readonly machine: AnyStateMachine;
  /** Grows whenever states or context change shape. */
  readonly schemaVersion: number;
  /** `migrations[n]` turns `{value, context}` of schema version n + 1 into n + 2. */
  readonly migrations: readonly ((state: JsonObject) => JsonObject)[];
  /** When this actor wants `alarm.fired`: a pure function of its context. */
  wakeAtMs(context: never): Ms | null;
}

/** Declares a definition with the context type checked, and forgets the type. */
export function defineMachine<Context>(definition: {
  readonly name: string;
  readonly machine: AnyStateMachine;
  readonly schemaVersion: number;
  readonly migrations: readonly ((state: JsonObject) => JsonObject)[];
  readonly wakeAtMs: (context: Context) => Ms | null;
}): MachineDefinition {
  return definition as MachineDefinition;
}

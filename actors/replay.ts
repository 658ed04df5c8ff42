// Runs an actor's history again and compares where it lands with what is stored. Machines are pure, so a difference
// means that the machine has changed since, or that something other than the actor changed its row.

import { isDeepStrictEqual } from 'node:util';
import type { AnyMachineSnapshot } from 'xstate';
import type { MachineDefinition } from '../machines/definition.ts';
import { errorFacts } from '../src/core/errors.ts';
import { keyOf } from '../src/core/ids.ts';
import type { JsonObject, JsonValue } from '../src/core/json.ts';
import type { HistoryBase, HistoryEvent, HistorySegment, SnapshotRow } from '../src/store/tables/snapshots.ts';
import { migrated } from './host.ts';
import { Stepper } from './stepper.ts';

/** One event of a history and what it did. */
export interface ReplayedStep extends HistoryEvent {
  /** Dotted, e.g. `present.active`. */
  readonly stateName: string;
  /** Types of the effects it asked for, in order. */
  readonly effects: readonly string[];
}

/** A value that the run and the store do not agree on. `path` is `value` or `context.<key>`. */
export interface Difference {
  readonly path: string;
  readonly replayed: JsonValue;
  readonly stored: JsonValue;
}

/** What came of a run; `revision` is how far it went. */
export type Replay = { readonly steps: readonly ReplayedStep[]; readonly revision: number } & (
  | { readonly kind: 'same' }
  | { readonly kind: 'diverged'; readonly differences: readonly Difference[] }
  /** A state that this version cannot read, or an event that it cannot handle. */
  | { readonly kind: 'failed'; readonly message: string }
);

/** Runs `history` from its oldest base and compares at each later base and at the end. Never throws. */
export function replay(definition: MachineDefinition, history: readonly HistorySegment[], stored: SnapshotRow): Replay {
  const run = new Run(definition, keyOf(stored.actorId));
  try {
    for (const { base, events } of history) {
      // An event between two segments may have been too large to be kept.
      const differences = run.revision === base.revision ? run.differences(base) : [];
      if (differences.length > 0) return { kind: 'diverged', ...run.result, differences };
      run.startFrom(base);
      for (const event of events) run.step(event);
    }
    const state = stored.state === '' ? null : (JSON.parse(stored.state) as JsonObject);
    const differences = run.differences({ revision: stored.revision, schemaVersion: stored.schemaVersion, state });
    return differences.length > 0 ? { kind: 'diverged', ...run.result, differences } : { kind: 'same', ...run.result };
  } catch (error) {
    return { kind: 'failed', ...run.result, message: errorFacts(error).message };
  }
}

/** A state's name with dots between its levels. */
export function stateNameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, inner]) => `${name}.${stateNameOf(inner)}`)
    .join(' ');
}

/** Stands for the state of an actor that has ended or not begun. */
const ENDED = 'ended';

class Run {
  readonly #stepper: Stepper;
  readonly #key: string;
  readonly #steps: ReplayedStep[] = [];
  #snapshot: AnyMachineSnapshot | null = null;
  /** It stands where a blank base put it: ended, or not begun. */
  #isBlank = false;
  revision = Number.NaN;

  constructor(definition: MachineDefinition, key: string) {
    this.#stepper = new Stepper(definition);
    this.#key = key;
  }

  get result(): Pick<Replay, 'steps' | 'revision'> {
    return { steps: this.#steps, revision: this.revision };
  }

  startFrom(base: HistoryBase): void {
    const state = this.#stateOf(base);
    this.#snapshot = state === null ? this.#stepper.initial(this.#key) : this.#stepper.restore(state);
    this.#isBlank = state === null;
    this.revision = base.revision;
  }

  step({ revision, event }: HistoryEvent): void {
    // An actor that ended begins anew.
    const before = this.#snapshot?.status === 'active' ? this.#snapshot : this.#stepper.initial(this.#key);
    const { snapshot, effects } = this.#stepper.step(before, event);
    this.#snapshot = snapshot;
    this.#isBlank = snapshot.status !== 'active';
    this.revision = revision;
    this.#steps.push({
      revision,
      event,
      stateName: stateNameOf(snapshot.value),
      effects: effects.map(({ type }) => type),
    });
  }

  /** Between the state that was reached and a stored one; a blank one must mean that the actor has ended. */
  differences(base: HistoryBase): Difference[] {
    if (this.#snapshot === null) return [];
    const { value, context } = this.#snapshot;
    const state = this.#stateOf(base);
    const isAsFar = this.revision === base.revision;
    const revisions = isAsFar ? [] : [{ path: 'revision', replayed: this.revision, stored: base.revision }];
    if (state === null || this.#isBlank) {
      if ((state === null) === this.#isBlank) return revisions;
      const replayed = this.#isBlank ? ENDED : stateNameOf(value);
      return [...revisions, { path: 'value', replayed, stored: state === null ? ENDED : stateNameOf(state['value']) }];
    }
    const reached = JSON.parse(JSON.stringify({ value, context })) as JsonObject;
    return [...revisions, ...differencesOf(reached, state)];
  }

  #stateOf({ state, schemaVersion }: HistoryBase): JsonObject | null {
    return state === null ? null : migrated(this.#stepper.definition, state, schemaVersion);
  }
}

function differencesOf(reached: JsonObject, stored: JsonObject): Difference[] {
  const contexts = [reached['context'], stored['context']].map((context) => (context ?? {}) as JsonObject);
  const [left = {}, right = {}] = contexts;
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  const pairs = [
    { path: 'value', replayed: reached['value'] ?? null, stored: stored['value'] ?? null },
    ...keys.map((key) => ({ path: `context.${key}`, replayed: left[key] ?? null, stored: right[key] ?? null })),
  ];
  return pairs.filter(({ replayed, stored: kept }) => !isDeepStrictEqual(replayed, kept));
}

// Steps machines without keeping an XState actor for each: a live host is then little more than its state (1 KB
// against 7) and hydrates in a quarter of the time. What an actor would add (mailbox, timers, children, subscribers) no
// machine of ours uses. Invariant: a step either returns the next state with everything it emitted, or throws.

import { type AnyActorScope, type AnyMachineSnapshot, createActor } from 'xstate';
import type { MachineDefinition } from '../machines/definition.ts';
import type { Effect, MachineEvent, Stamped } from '../machines/effects.ts';
import { invariant } from '../src/core/errors.ts';
import type { JsonObject } from '../src/core/json.ts';

/** The next state of a machine and what it asks for, in order. */
export interface Stepped {
  readonly snapshot: AnyMachineSnapshot;
  readonly effects: readonly Effect[];
}

/** An event as machines see it. */
export type StampedEvent = Stamped<MachineEvent>;

/** Steps all actors of one machine; one per definition. */
export class Stepper {
  readonly definition: MachineDefinition;
  readonly #scope: AnyActorScope;
  /** The context before the first event: the shape that every stored one must have. */
  readonly #shape: readonly (readonly [key: string, value: unknown])[];
  #emitted: Effect[] = [];

  constructor(definition: MachineDefinition) {
    this.definition = definition;
    // Never started: machines are handed it as `self`, and none looks at it.
    const self = createActor(definition.machine, { input: { key: '' } });
    this.#scope = {
      self,
      id: '',
      sessionId: '',
      system: self.system,
      logger: () => {},
      defer: (work) => work(),
      emit: (effect) => {
        this.#emitted.push(effect as Effect);
      },
      stopChild: () => {},
      actionExecutor: (action) => {
        invariant(action.type === 'xstate.emit', 'T-2004', `${definition.name} does more than decide: ${action.type}`);
        action.exec?.(action.info, action.params);
      },
    };
    this.#shape = Object.entries(this.initial('').context as object);
  }

  /** The state before the first event. */
  initial(key: string): AnyMachineSnapshot {
    const snapshot = this.definition.machine.getInitialSnapshot(this.#scope, { key });
    this.#emitted = [];
    return snapshot;
  }

  /** The state that was stored as `{value, context}`. Throws if this version of the machine does not know it. */
  restore(state: JsonObject): AnyMachineSnapshot {
    const { machine, name } = this.definition;
    const context = state['context'];
    assertShape(name, context, this.#shape);
    // Throws for the name of a state that does not exist.
    return machine.resolveState({ value: state['value'] as never, context: context as never });
  }

  /** Throws what the machine throws; then nothing of it counts. The same snapshot without effects: ignored. */
  step(snapshot: AnyMachineSnapshot, event: StampedEvent): Stepped {
    this.#emitted = [];
    const next = this.definition.machine.transition(snapshot, event, this.#scope) as AnyMachineSnapshot;
    if (next.status === 'error') throw next.error;
    return { snapshot: next, effects: this.#emitted };
  }
}

/** XState takes any context for granted; a key that is missing would make `undefined` of an alarm or a counter. */
function assertShape(name: string, context: unknown, shape: readonly (readonly [string, unknown])[]): void {
  const isObject = typeof context === 'object' && context !== null && !Array.isArray(context);
  if (!isObject) throw new Error(`the context of ${name} is not an object`);
  for (const [key, value] of shape) {
    const stored: unknown = Object.hasOwn(context, key) ? (context as Record<string, unknown>)[key] : undefined;
    const isSameKind = value === null || stored === null || typeof stored === typeof value;
    if (stored === undefined || !isSameKind) throw new Error(`the context of ${name} has no usable "${key}"`);
  }
}

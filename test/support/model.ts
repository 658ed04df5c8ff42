// Walks a machine without a host: every state that concrete events reach, every edge with the effects it asks for,
// and random walks that are stored and restored after each step.

import { deepStrictEqual } from 'node:assert';
import { type AnyMachineSnapshot, type AnyStateNode, createActor } from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';
import { stateNameOf } from '../../actors/replay.ts';
import { Stepper } from '../../actors/stepper.ts';
import type { MachineDefinition } from '../../machines/definition.ts';
import type { Effect, MachineEvent } from '../../machines/effects.ts';
import type { Ms } from '../../src/core/time.ts';
import { dice } from './dice.ts';

export const NOW_MS: Ms = 1_000_000;

export interface ModelState<Context> {
  /** Dotted, e.g. `present.active`. */
  readonly name: string;
  readonly context: Context;
}

export type ModelEvent = MachineEvent & { readonly nowMs: Ms };

export interface Edge<Context> {
  readonly from: ModelState<Context>;
  readonly event: ModelEvent;
  readonly to: ModelState<Context>;
  readonly effects: readonly Effect[];
  /** False if the machine ignored the event, as the host would see it. */
  readonly isAccepted: boolean;
  /** The transitions of the machine's definition that were taken, innermost state first. */
  readonly taken: readonly unknown[];
}

export interface Model<Context> {
  readonly definition: MachineDefinition;
  /** Concrete events worth sending in a state: right, wrong, late and twice. */
  events(context: Context, name: string): readonly MachineEvent[];
  /** True where walking on adds nothing but higher counters. */
  isFarEnough(context: Context): boolean;
}

const KEY = 'k1';
/** Far above what any model here needs: a mistake in a bound ends with an error instead of never. */
const STATES_MAX = 100_000;

function stateOf<Context>(snapshot: AnyMachineSnapshot): ModelState<Context> {
  return { name: stateNameOf(snapshot.value), context: snapshot.context as Context };
}

function stamped<Context>(model: Model<Context>, { name, context }: ModelState<Context>): ModelEvent[] {
  return model.events(context, name).map((event) => ({ nowMs: NOW_MS, ...event }));
}

/** An actor that collects what it emits. */
function start(definition: MachineDefinition, snapshot?: AnyMachineSnapshot) {
  const effects: Effect[] = [];
  const options = { input: { key: KEY }, id: KEY };
  const actor = createActor(definition.machine, snapshot === undefined ? options : { ...options, snapshot });
  actor.on('*', (emitted) => effects.push(emitted as unknown as Effect));
  actor.subscribe({
    error: (error) => {
      throw error;
    },
  });
  actor.start();
  return { actor, effects };
}

function edgeOf<Context>(definition: MachineDefinition, from: AnyMachineSnapshot, event: ModelEvent): Edge<Context> {
  const { actor, effects } = start(definition, from);
  const before = actor.getSnapshot();
  actor.send(event);
  const after = actor.getSnapshot();
  actor.stop();
  const isAccepted = after !== before || effects.length > 0;
  const taken = definition.machine.getTransitionData(from, event);
  assertStepperAgrees(definition, from, event, { after, effects, isAccepted });
  return { from: stateOf(from), event, to: stateOf(after), effects, isAccepted, taken };
}

/** The runtime steps machines without an actor; it must come to the same as XState's own. */
function assertStepperAgrees(
  definition: MachineDefinition,
  from: AnyMachineSnapshot,
  event: ModelEvent,
  actor: { readonly after: AnyMachineSnapshot; readonly effects: readonly Effect[]; readonly isAccepted: boolean },
): void {
  const { snapshot, effects } = new Stepper(definition).step(from, event);
  const { after } = actor;
  const isAccepted = snapshot !== from || effects.length > 0;
  const parts = (of: AnyMachineSnapshot) => ({ value: of.value, context: of.context, status: of.status });
  deepStrictEqual(
    { ...parts(snapshot), effects, isAccepted },
    { ...parts(after), effects: actor.effects, isAccepted: actor.isAccepted },
  );
}

/** Transitions of the definition that no edge took: `state + event`, with the place among those of the same event. */
export function missedTransitions<Context>(definition: MachineDefinition, edges: readonly Edge<Context>[]): string[] {
  const taken = new Set(edges.flatMap((edge) => edge.taken));
  const missed = (node: AnyStateNode): string[] => {
    const own = [...node.transitions].flatMap(([type, candidates]) =>
      candidates.flatMap((candidate, place) => (taken.has(candidate) ? [] : [`${node.id} + ${type} [${place}]`])),
    );
    return [...own, ...Object.values(node.states).flatMap((child) => missed(child as AnyStateNode))];
  };
  return missed(definition.machine.root);
}

/** Every edge between reachable states, ignored events included. */
export function edgesOf<Context>(model: Model<Context>): Edge<Context>[] {
  const { machine } = model.definition;
  const adjacency = getAdjacencyMap(machine, {
    input: { key: KEY },
    events: (snapshot: AnyMachineSnapshot) => stamped(model, stateOf<Context>(snapshot)),
    serializeState: (snapshot: AnyMachineSnapshot) => JSON.stringify([snapshot.value, snapshot.context]),
    stopWhen: (snapshot: AnyMachineSnapshot) =>
      snapshot.status === 'done' || model.isFarEnough(snapshot.context as Context),
    limit: STATES_MAX,
  });
  return Object.values(adjacency).flatMap(({ state }) => {
    const snapshot = state as AnyMachineSnapshot;
    if (snapshot.status === 'done') return [];
    return stamped(model, stateOf<Context>(snapshot)).map((event) =>
      edgeOf<Context>(
        model.definition,
        machine.resolveState({ value: snapshot.value, context: snapshot.context }),
        event,
      ),
    );
  });
}

/** Names of all states of a machine that an actor can rest in. */
export function namesOf(definition: MachineDefinition): string[] {
  const leaves = (node: { key: string; states: object }, path: string): string[] => {
    const children = Object.values(node.states) as { key: string; states: object }[];
    return children.length === 0
      ? [path]
      : children.flatMap((child) => leaves(child, path === '' ? child.key : `${path}.${child.key}`));
  };
  return leaves(definition.machine.root as never, '').toSorted();
}

/** `from + event → to: effects` of every accepted edge, once each. */
export function listOf<Context>(edges: readonly Edge<Context>[]): string[] {
  const lines = edges
    .filter(({ isAccepted }) => isAccepted)
    .map(({ from, event, to, effects }) => {
      const asked = effects.map(
        (effect) => effect.type.replace('effect.', '') + ('event' in effect ? ` ${effect.event}` : ''),
      );
      return `${from.name} + ${event.type} → ${to.name}${asked.length === 0 ? '' : `: ${asked.join(', ')}`}`;
    });
  return [...new Set(lines)].toSorted();
}

/**
 * Walks `steps` random events. Answers what an actor that was never stored saw, and what one saw that was stored and
 * restored after each step; they must be equal.
 */
export function randomWalk<Context>(model: Model<Context>, seed: number, steps: number) {
  const { definition } = model;
  const roll = dice(seed);
  const live = start(definition);
  const seen: unknown[] = [];
  const seenRestored: unknown[] = [];
  let row = JSON.stringify(live.actor.getSnapshot());
  for (let step = 0; step < steps && live.actor.getSnapshot().status === 'active'; step++) {
    const events = stamped(model, stateOf<Context>(live.actor.getSnapshot()));
    const event = events[roll(events.length)];
    if (event === undefined) break;
    live.actor.send(event);
    const { value, context } = live.actor.getSnapshot();
    seen.push({ value, context, effects: live.effects.splice(0) });
    const stored = JSON.parse(row) as { value: never; context: never };
    const restored = start(definition, definition.machine.resolveState(stored));
    restored.actor.send(event);
    const after = restored.actor.getSnapshot();
    seenRestored.push({ value: after.value, context: after.context, effects: restored.effects });
    row = JSON.stringify({ value: after.value, context: after.context });
    restored.actor.stop();
  }
  live.actor.stop();
  return { seen, seenRestored };
}

import { describe, expect, it } from 'vitest';
import { assign, emit, log, setup } from 'xstate';
import { Stepper } from '../../../actors/stepper.ts';
import { defineMachine } from '../../../machines/definition.ts';

const base = setup({
  types: { input: {} as { readonly key: string }, context: {} as { readonly key: string; readonly count: number } },
  actions: {
    tell: emit({ type: 'effect.told' }),
    bump: assign(({ context }) => ({ ...context, count: context.count + 1 })),
    fail: assign(() => {
      throw new Error('no');
    }),
    print: log('hello'),
    shout: () => {},
  },
});

function stepper() {
  const machine = base.createMachine({
    options: { maxIterations: 10 },
    context: ({ input }) => ({ key: input.key, count: 0 }),
    initial: 'on',
    states: {
      on: {
        on: {
          both: { actions: ['tell', 'bump', 'tell'] },
          failing: { actions: ['tell', 'bump', 'fail'] },
          printing: { actions: 'print' },
          shouting: { actions: 'shout' },
          circling: 'circle',
          off: 'off',
        },
      },
      circle: { always: 'back' },
      back: { always: 'circle' },
      off: { type: 'final' },
    },
  });
  const definition = defineMachine({ name: 'm', machine, schemaVersion: 1, migrations: [], wakeAtMs: () => null });
  return new Stepper(definition);
}

const event = (type: string) => ({ type, nowMs: 1 });

describe('a step', () => {
  it.each([
    ['throws', 'failing', 'no'],
    ['prints', 'printing', 'does more than decide: xstate.log'],
    ['calls a function', 'shouting', 'does more than decide: shout'],
    ['goes in circles', 'circling', 'Infinite loop'],
  ])('of a machine that %s throws and leaves nothing', (_what, type, message) => {
    const machine = stepper();
    const before = machine.initial('k');
    expect(() => machine.step(before, event(type))).toThrow(message);
    expect(machine.step(before, event('unknown'))).toEqual({ snapshot: before, effects: [] });
    expect(before.context).toEqual({ key: 'k', count: 0 });
  });

  it('that a machine answers with a failed state throws what it failed of', () => {
    const machine = stepper();
    const failure = { ...event('xstate.error.actor.child'), error: new Error('the child failed') };
    expect(() => machine.step(machine.initial('k'), failure as never)).toThrow('the child failed');
  });

  it('that is ignored returns the very same snapshot', () => {
    const machine = stepper();
    const before = machine.initial('k');
    expect(machine.step(before, event('unknown')).snapshot).toBe(before);
  });

  it('returns the next snapshot with what was emitted, in order, and leaves the one before as it was', () => {
    const machine = stepper();
    const before = machine.initial('k');
    const first = machine.step(before, event('both'));
    const second = machine.step(first.snapshot, event('both'));
    expect(first.effects).toEqual([{ type: 'effect.told' }, { type: 'effect.told' }]);
    expect(second.effects).toHaveLength(2);
    expect([before, first.snapshot, second.snapshot].map(({ context }) => context.count)).toEqual([0, 1, 2]);
    expect(machine.step(before, event('off')).snapshot.status).toBe('done');
  });
});

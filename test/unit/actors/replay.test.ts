import { describe, expect, it } from 'vitest';
import { replay, stateNameOf } from '../../../actors/replay.ts';
import type { MachineDefinition } from '../../../machines/definition.ts';
import type { ActorId } from '../../../src/core/ids.ts';
import { HISTORY_EVENT_BYTES_MAX, HISTORY_EVENTS } from '../../../src/core/limits.ts';
import type { Store } from '../../../src/store/store.ts';
import { readHistory, readSnapshot } from '../../../src/store/tables/snapshots.ts';
import { flush } from '../../support/clock.ts';
import { probe } from '../../support/probe.ts';
import { id, startRuntime } from '../../support/runtime.ts';

function replayed(store: Store, actorId: ActorId, definition: MachineDefinition = probe) {
  const row = readSnapshot(store.reads, actorId);
  if (row === undefined) throw new Error('no such actor');
  return replay(definition, readHistory(store.reads, actorId) ?? [], row);
}

async function bumped(count: number) {
  const harness = await startRuntime();
  for (let n = 0; n < count; n++) await harness.runtime.send(id('a'), { type: 'note', text: `${n}` });
  return harness;
}

describe('a replay that does not land on the stored state', () => {
  it('says which values differ', async () => {
    const { store } = await bumped(3);
    const row = readSnapshot(store.reads, id('a'));
    const tampered = { ...row, state: row?.state.replace('"count":0', '"count":7') } as never;
    expect(replay(probe, readHistory(store.reads, id('a')) ?? [], tampered)).toMatchObject({
      kind: 'diverged',
      revision: 3,
      differences: [{ path: 'context.count', replayed: 0, stored: 7 }],
    });
  });

  it('says how far it came when an event is missing', async () => {
    const { store } = await bumped(3);
    const [segment] = readHistory(store.reads, id('a')) ?? [];
    const row = readSnapshot(store.reads, id('a'));
    if (segment === undefined || row === undefined) throw new Error('no history');
    const shorter = [{ ...segment, events: segment.events.slice(0, 2) }];
    expect(replay(probe, shorter, row)).toMatchObject({
      kind: 'diverged',
      differences: [{ path: 'revision', replayed: 2, stored: 3 }, { path: 'context.notes' }],
    });
  });

  it('says so when the newer base does not follow from the older one', async () => {
    const { store } = await bumped(HISTORY_EVENTS + 2);
    const [older, newer] = readHistory(store.reads, id('a')) ?? [];
    const row = readSnapshot(store.reads, id('a'));
    if (older === undefined || newer === undefined || row === undefined) throw new Error('no history');
    const changed = { ...newer, base: { ...newer.base, state: { value: 'idle', context: { count: 5 } } } };
    expect(replay(probe, [older, changed], row)).toMatchObject({ kind: 'diverged', revision: HISTORY_EVENTS });
  });

  it('fails with what the machine said about an event that it no longer handles', async () => {
    const { store } = await bumped(1);
    const stricter = {
      ...probe,
      machine: probe.machine.provide({
        actions: {
          note: () => {
            throw new Error('not any more');
          },
        } as never,
      }),
    };
    expect(replayed(store, id('a'), stricter)).toMatchObject({ kind: 'failed', steps: [], revision: 0 });
  });
});

describe('a replay', () => {
  it('lands on the stored state, and shows each event with its state and effects', async () => {
    const { runtime, store } = await startRuntime();
    await runtime.send(id('a'), { type: 'bump' });
    await runtime.send(id('a'), { type: 'ask.replayable' });
    await flush();
    const result = replayed(store, id('a'));
    expect(result.kind).toBe('same');
    expect(
      result.steps.map(({ revision, event, stateName, effects }) => [revision, event.type, stateName, effects]),
    ).toEqual([
      [1, 'bump', 'idle', []],
      [2, 'ask.replayable', 'asking', ['effect.deliver']],
      [3, 'answered', 'idle', []],
    ]);
    expect(result.steps[0]?.event.nowMs).toEqual(expect.any(Number));
  });

  it.each([1, HISTORY_EVENTS - 1, HISTORY_EVENTS, HISTORY_EVENTS + 1, 2 * HISTORY_EVENTS, 5 * HISTORY_EVENTS + 3])(
    'after %i events still has the last of them, and never more than twice as many as it must',
    async (count) => {
      const { store } = await bumped(count);
      const result = replayed(store, id('a'));
      expect(result).toMatchObject({ kind: 'same', revision: count });
      expect(result.steps.length).toBeGreaterThanOrEqual(Math.min(count, HISTORY_EVENTS));
      expect(result.steps.length).toBeLessThanOrEqual(2 * HISTORY_EVENTS);
      expect(result.steps.at(-1)?.event).toMatchObject({ type: 'note', text: `${count - 1}` });
    },
  );

  it('begins anew after an event that was too large to be kept', async () => {
    const { runtime, store } = await startRuntime();
    const text = 'x'.repeat(HISTORY_EVENT_BYTES_MAX);
    await runtime.send(id('a'), { type: 'note', text });
    await runtime.send(id('a'), { type: 'bump' });
    await runtime.send(id('a'), { type: 'note', text });
    await runtime.send(id('a'), { type: 'bump' });
    const result = replayed(store, id('a'));
    expect(result.kind).toBe('same');
    expect(result.steps.map(({ revision, event }) => [revision, event.type])).toEqual([
      [2, 'bump'],
      [4, 'bump'],
    ]);
  });

  it('of an actor that has ended and begun anew follows it', async () => {
    const { runtime, store } = await startRuntime();
    await runtime.send(id('a'), { type: 'bump' });
    await runtime.send(id('a'), { type: 'end' });
    expect(replayed(store, id('a'))).toMatchObject({ kind: 'same', revision: 2 });
    await runtime.send(id('a'), { type: 'bump' });
    expect(replayed(store, id('a'))).toMatchObject({ kind: 'same', revision: 3 });
    const row = readSnapshot(store.reads, id('a'));
    expect(replay(probe, readHistory(store.reads, id('a')) ?? [], { ...row, state: '' } as never)).toMatchObject({
      kind: 'diverged',
      differences: [{ path: 'value', replayed: 'idle', stored: 'ended' }],
    });
  });

  it.each([HISTORY_EVENTS - 1, HISTORY_EVENTS, HISTORY_EVENTS + 1])(
    'of an actor that ended at revision %i follows it to the end, and beyond',
    async (revision) => {
      const { runtime, store } = await bumped(revision - 1);
      await runtime.send(id('a'), { type: 'end' });
      expect(replayed(store, id('a'))).toMatchObject({ kind: 'same', revision });
      await runtime.send(id('a'), { type: 'bump' });
      expect(replayed(store, id('a'))).toMatchObject({ kind: 'same', revision: revision + 1 });
    },
  );

  it('reads bases of an older schema version', async () => {
    const { runtime, store } = await startRuntime({ definitions: [{ ...probe, schemaVersion: 1, migrations: [] }] });
    for (let n = 0; n < HISTORY_EVENTS + 1; n++) await runtime.send(id('a'), { type: 'bump' });
    expect(replayed(store, id('a'))).toMatchObject({ kind: 'same' });
  });
});

it('names a nested state with dots', () => {
  expect(stateNameOf({ present: 'active' })).toBe('present.active');
  expect(stateNameOf('idle')).toBe('idle');
});

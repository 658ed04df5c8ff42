import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { COMMIT_QUEUE_STEPS_MAX, OWNER_STEPS_OPEN_MAX, SNAPSHOT_BYTES_MAX } from '../../../src/core/limits.ts';
import { readQuarantined } from '../../../src/store/tables/quarantine.ts';
import { insertSnapshot, readSnapshot } from '../../../src/store/tables/snapshots.ts';
import { flush } from '../../support/clock.ts';
import { type ProbeContext, probe } from '../../support/probe.ts';
import { id, startRuntime } from '../../support/runtime.ts';

describe('an event', () => {
  it('for a machine nobody knows is refused', async () => {
    const { runtime } = await startRuntime();
    await expect(runtime.send('nobody:1' as never, { type: 'bump' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('that comes while too much waits for the disk is refused before it changes anything', async () => {
    const { runtime, store, stored } = await startRuntime();
    for (let n = 0; n < COMMIT_QUEUE_STEPS_MAX; n++) store.commit([]).catch(() => {});
    await expect(runtime.send(id('a'), { type: 'bump' })).rejects.toMatchObject({ code: 'overloaded' });
    await flush(3 * (COMMIT_QUEUE_STEPS_MAX / 50));
    expect(await runtime.send(id('a'), { type: 'bump' })).toBe(true);
    expect(stored('a')).toMatchObject({ count: 1, revision: 1 });
  });

  it('shares its transaction with others of the same turn, and keeps the order', async () => {
    const { runtime, writer, stored } = await startRuntime();
    const texts = Array.from({ length: OWNER_STEPS_OPEN_MAX }, (_, n) => `${n}`);
    await Promise.all(texts.map((text) => runtime.send(id('a'), { type: 'note', text })));
    expect(writer.commits).toBe(1);
    expect(stored('a')?.notes).toEqual(texts);
  });
});

describe('an event that makes the machine throw', () => {
  it('is tried again from disk when the first throw came of memory alone', async () => {
    let sick: unknown;
    const sickInMemory = {
      ...probe,
      wakeAtMs: (context: never) => {
        if ((context as ProbeContext).notes === sick) throw new Error('only in this memory');
        return null;
      },
    };
    const { runtime, stored, store } = await startRuntime({ definitions: [sickInMemory] });
    await runtime.send(id('a'), { type: 'bump' });
    sick = (runtime.peek(id('a')).context as ProbeContext).notes;
    expect(await runtime.send(id('a'), { type: 'bump' })).toBe(true);
    expect(stored('a')).toMatchObject({ count: 2, revision: 2 });
    expect(readQuarantined(store.reads, id('a'))).toEqual([]);
  });

  it.each([
    ['ignored an alarm and left it in the past', 0, { type: 'ignored' }],
    ['accepted an alarm and left it in the past', 0, { type: 'arm', atMs: 1 }],
    ['accepted an alarm and left it at this very moment', 1, { type: 'arm', atMs: 1 }],
  ])('is one that %s', async (_name, offsetMs, before) => {
    const nowMs = Date.UTC(2026, 0, 5, 9);
    const stuck = { ...probe, wakeAtMs: () => nowMs - 1 + offsetMs };
    const { runtime, store } = await startRuntime({ definitions: [stuck], nowMs, isStarted: false });
    await runtime.send(id('a'), before);
    await expect(runtime.send(id('a'), { type: 'alarm.fired' })).rejects.toMatchObject({ code: 'actor_paused' });
    expect(readSnapshot(store.reads, id('a'))?.pausedReason).toContain('T-2002');
  });

  it.each(['x'.repeat(SNAPSHOT_BYTES_MAX), '€'.repeat(SNAPSHOT_BYTES_MAX / 3)])(
    'is one that makes its snapshot too large',
    async (text) => {
      const { runtime, store } = await startRuntime();
      await runtime.send(id('a'), { type: 'bump' });
      await expect(runtime.send(id('a'), { type: 'note', text })).rejects.toMatchObject({ code: 'actor_paused' });
      expect(readSnapshot(store.reads, id('a'))?.pausedReason).toContain('T-2003');
    },
  );
});

describe('a stored snapshot', () => {
  const put = (state: string, schemaVersion = 2) =>
    insertSnapshot({ actorId: id('a'), schemaVersion, revision: 1, wakeAtMs: null, state, event: '{}' });

  it.each([
    ['of a newer version', '{"value":"idle","context":{}}', 3],
    ['that is not JSON', 'nonsense', 2],
    ['in a state nobody knows', '{"value":"elsewhere","context":{}}', 2],
    ['that is not an object', 'null', 2],
    ['without a context', '{"value":"idle"}', 2],
    ['whose context lacks a key', '{"value":"idle","context":{"key":"a","count":1,"turn":0,"notes":[]}}', 2],
    [
      'whose context has a key of another kind',
      '{"value":"idle","context":{"key":"a","count":"1","turn":0,"wakeAtMs":null,"notes":[]}}',
      2,
    ],
  ])('%s pauses its actor', async (_name, state, schemaVersion) => {
    const { runtime, store } = await startRuntime();
    await store.commit([put(state, schemaVersion)]);
    await expect(runtime.send(id('a'), { type: 'bump' })).rejects.toMatchObject({ code: 'snapshot_unreadable' });
    await expect(runtime.send(id('a'), { type: 'bump' })).rejects.toMatchObject({ code: 'actor_paused' });
    expect(await runtime.send(id('b'), { type: 'bump' })).toBe(true);
  });

  it.each([
    [1, ['first', 'second']],
    [2, ['second']],
    [3, []],
  ])('of version %i is migrated in order, and stored as the current one', async (schemaVersion, notes) => {
    const adds = (text: string) => (state: JsonObject) => {
      const context = state['context'] as JsonObject;
      return { ...state, context: { ...context, notes: [...(context['notes'] as string[]), text] } };
    };
    const current = { ...probe, schemaVersion: 3, migrations: [adds('first'), adds('second')] };
    const { runtime, store, stored } = await startRuntime({ definitions: [current] });
    const context = { key: 'a', count: 7, turn: 0, wakeAtMs: null, notes: [] };
    await store.commit([put(JSON.stringify({ value: 'idle', context }), schemaVersion)]);
    await runtime.send(id('a'), { type: 'bump' });
    expect(stored('a')).toMatchObject({ count: 8, revision: 2, notes });
    expect(readSnapshot(store.reads, id('a'))?.schemaVersion).toBe(3);
  });
});

describe('an actor that ends', () => {
  it('with its first event leaves nothing else', async () => {
    const { runtime, stored, effects } = await startRuntime();
    expect(await runtime.send(id('a'), { type: 'end' })).toBe(true);
    await flush();
    expect(stored('a')).toBeNull();
    expect(effects()).toEqual([]);
    expect(runtime.liveCount).toBe(0);
  });
});

describe('passivation', () => {
  it('never takes a host that has a step at the store, nor the one that was just hydrated', async () => {
    const { runtime, stored, fatal } = await startRuntime({ liveHostsMax: 2 });
    const keys = Array.from({ length: 30 }, (_, n) => `k${n}`);
    const sent = [...keys, ...keys].map((key) => runtime.send(id(key), { type: 'bump' }));
    expect(runtime.liveCount).toBe(30);
    expect(await Promise.all(sent)).toEqual(sent.map(() => true));
    await runtime.send(id('last'), { type: 'bump' });
    expect(runtime.liveCount).toBe(2);
    expect(keys.map((key) => stored(key)?.count)).toEqual(keys.map(() => 2));
    expect(fatal).toEqual([]);
  });

  it('takes the one that was not used for longest', async () => {
    const { runtime, store } = await startRuntime({ liveHostsMax: 2 });
    for (const key of ['a', 'b', 'a', 'c']) await runtime.send(id(key), { type: 'bump' });
    let reads = 0;
    const get = store.reads.get.bind(store.reads);
    Object.assign(store.reads, {
      get: (...args: Parameters<typeof get>) => {
        reads += 1;
        return get(...args);
      },
    });
    await runtime.send(id('a'), { type: 'bump' });
    expect(reads).toBe(0);
    await runtime.send(id('b'), { type: 'bump' });
    expect(reads).toBe(1);
    // A look is not a use.
    runtime.peek(id('a'));
    await runtime.send(id('c'), { type: 'bump' });
    expect(reads).toBe(2);
    await runtime.send(id('b'), { type: 'bump' });
    expect(reads).toBe(2);
  });
});

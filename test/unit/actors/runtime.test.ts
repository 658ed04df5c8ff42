import { describe, expect, it } from 'vitest';
import { COMMIT_QUEUE_STEPS_MAX, OWNER_STEPS_OPEN_MAX } from '../../../src/core/limits.ts';
import { putMeta, readMeta } from '../../../src/store/tables/accounts.ts';
import { deleteEffect } from '../../../src/store/tables/effects.ts';
import { readQuarantined } from '../../../src/store/tables/quarantine.ts';
import { insertSnapshot, readSnapshot, updateSnapshot } from '../../../src/store/tables/snapshots.ts';
import { flush } from '../../support/clock.ts';
import { probe, stuckAlarm } from '../../support/probe.ts';
import { id, startRuntime } from '../../support/runtime.ts';

const isPoisoned = { writes: [deleteEffect('no such effect')] };

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

  it('with a row that is refused fails with its step, and the next one sees what is on disk', async () => {
    const { runtime, stored } = await startRuntime();
    await runtime.send(id('a'), { type: 'bump' });
    await expect(runtime.send(id('a'), { type: 'bump' }, isPoisoned)).rejects.toMatchObject({ code: 'invalid_input' });
    expect(stored('a')).toMatchObject({ count: 1, revision: 1 });
    await runtime.send(id('a'), { type: 'bump' });
    expect(stored('a')).toMatchObject({ count: 2, revision: 2 });
  });

  it('that the machine ignores commits none of its rows', async () => {
    const { runtime, store, stored } = await startRuntime();
    expect(await runtime.send(id('a'), { type: 'ignored' }, { writes: [putMeta('x', '1')] })).toBe(false);
    expect(readMeta(store.reads, 'x')).toBeUndefined();
    expect(stored('a')).toBeNull();
  });

  it('that is ignored because of one before it is answered only when that one is on disk', async () => {
    const { runtime, writer } = await startRuntime();
    writer.failure = { kind: 'full', message: 'full' };
    const first = runtime.send(id('a'), { type: 'ask.replayable' });
    const second = runtime.send(id('a'), { type: 'ask.replayable' });
    await expect(first).rejects.toMatchObject({ code: 'storage_unavailable' });
    await expect(second).rejects.toMatchObject({ code: 'storage_unavailable' });
  });

  it('is on disk with its rows when it resolves', async () => {
    const { runtime, store, stored } = await startRuntime();
    expect(await runtime.send(id('a'), { type: 'bump' }, { writes: [putMeta('x', '1')] })).toBe(true);
    expect(stored('a')).toMatchObject({ count: 1, revision: 1 });
    expect(readMeta(store.reads, 'x')).toBe('1');
  });

  it('shares its transaction with others of the same turn, and keeps the order', async () => {
    const { runtime, writer, stored } = await startRuntime();
    const texts = Array.from({ length: OWNER_STEPS_OPEN_MAX }, (_, n) => `${n}`);
    await Promise.all(texts.map((text) => runtime.send(id('a'), { type: 'note', text })));
    expect(writer.commits).toBe(1);
    expect(stored('a')?.notes).toEqual(texts);
  });
});

describe('a commit that fails', () => {
  it('discards every host that was ahead of the disk, and dispatches nothing', async () => {
    const { runtime, writer, did, stored } = await startRuntime();
    await runtime.send(id('a'), { type: 'bump' });
    const release = writer.hold();
    const atTheWriter = runtime.send(id('a'), { type: 'ask.replayable' });
    await flush(2);
    writer.failure = { kind: 'full', message: 'full' };
    const since = runtime.send(id('a'), { type: 'bump' });
    const other = runtime.send(id('b'), { type: 'bump' });
    release();
    const outcomes = await Promise.allSettled([atTheWriter, since, other]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    writer.failure = null;
    await runtime.send(id('a'), { type: 'bump' });
    await runtime.send(id('b'), { type: 'bump' });
    expect(stored('a')).toMatchObject({ count: 2, turn: 0, revision: 2 });
    expect(stored('b')).toMatchObject({ count: 1, revision: 1 });
    expect(did).toEqual([]);
  });

  it('by a second owner ends the process', async () => {
    const { runtime, store, fatal } = await startRuntime();
    await runtime.send(id('a'), { type: 'bump' });
    const stolen = { actorId: id('a'), schemaVersion: 2, revision: 2, wakeAtMs: null, state: '{}', event: '{}' };
    await store.commit([updateSnapshot(stolen)]);
    await expect(runtime.send(id('a'), { type: 'bump' })).rejects.toMatchObject({ code: 'conflict' });
    expect(fatal).toMatchObject([{ code: 'conflict' }]);
  });
});

describe('an event that makes the machine throw', () => {
  it('is set aside, pauses its actor and leaves the others alone', async () => {
    const { runtime, store, stored } = await startRuntime();
    await runtime.send(id('a'), { type: 'bump' });
    await expect(runtime.send(id('a'), { type: 'boom' })).rejects.toMatchObject({ code: 'actor_paused' });
    await expect(runtime.send(id('a'), { type: 'bump' })).rejects.toMatchObject({ code: 'actor_paused' });
    expect(readQuarantined(store.reads, id('a'))).toMatchObject([
      { event: '{"type":"boom"}', error: expect.stringContaining('boom') },
    ]);
    expect(stored('a')).toMatchObject({ count: 1, revision: 1 });
    expect(await runtime.send(id('b'), { type: 'bump' })).toBe(true);
  });

  it('does not pass its own damage on: earlier steps commit first, later ones are refused', async () => {
    const { runtime, stored, fatal } = await startRuntime();
    await runtime.send(id('a'), { type: 'bump' });
    const before = runtime.send(id('a'), { type: 'bump' });
    const thrown = runtime.send(id('a'), { type: 'boom' });
    const after = runtime.send(id('a'), { type: 'bump' });
    expect(runtime.peek(id('a')).context).toMatchObject({ count: 1 });
    expect(await before).toBe(true);
    await expect(thrown).rejects.toMatchObject({ code: 'actor_paused' });
    await expect(after).rejects.toMatchObject({ code: 'actor_paused' });
    expect(stored('a')).toMatchObject({ count: 2, revision: 2 });
    expect(fatal).toEqual([]);
  });

  it('is tried again from disk when the first throw came of memory alone', async () => {
    let isSick = true;
    const sickOnce = {
      ...probe,
      wakeAtMs: () => {
        if (!isSick) return null;
        isSick = false;
        throw new Error('only this once');
      },
    };
    const { runtime, stored, store } = await startRuntime({ definitions: [sickOnce] });
    expect(await runtime.send(id('a'), { type: 'bump' })).toBe(true);
    expect(stored('a')).toMatchObject({ count: 1, revision: 1 });
    expect(readQuarantined(store.reads, id('a'))).toEqual([]);
  });

  it('counts an alarm left in the past and a snapshot that grew too large as throws', async () => {
    const { runtime, store } = await startRuntime({ definitions: [probe, stuckAlarm], isStarted: false });
    await runtime.send('stuck:a' as never, { type: 'bump' });
    await expect(runtime.send('stuck:a' as never, { type: 'alarm.fired' })).rejects.toMatchObject({
      code: 'actor_paused',
    });
    await runtime.send(id('a'), { type: 'bump' });
    const large = { type: 'note', text: 'x'.repeat(20_000) };
    await expect(runtime.send(id('a'), large)).rejects.toMatchObject({ code: 'actor_paused' });
    expect(readSnapshot(store.reads, id('a'))?.pausedReason).toContain('T-2003');
  });
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

  it('of an older version is migrated, and stored as the current one', async () => {
    const { runtime, store, stored } = await startRuntime();
    const context = { key: 'a', count: 7, turn: 0, wakeAtMs: null, notes: [] };
    await store.commit([put(JSON.stringify({ value: 'idle', context }), 1)]);
    await runtime.send(id('a'), { type: 'bump' });
    expect(stored('a')).toMatchObject({ count: 8, revision: 2 });
    expect(readSnapshot(store.reads, id('a'))?.schemaVersion).toBe(2);
  });
});

describe('an actor that ends', () => {
  it('leaves only its revision, and an event after that meets a new one that goes on counting', async () => {
    const { runtime, stored, did, clock } = await startRuntime();
    await runtime.send(id('a'), { type: 'bump' });
    const end = runtime.send(id('a'), { type: 'end' });
    // A view that looks now sees a row that will be old when the end is on disk.
    expect(runtime.peek(id('a')).context).toMatchObject({ count: 1 });
    const after = runtime.send(id('a'), { type: 'note', text: 'new' });
    expect(await Promise.all([end, after])).toEqual([true, true]);
    await clock.advance(0);
    expect(stored('a')).toMatchObject({ count: 0, revision: 3, notes: ['new'] });
    expect(did).toEqual(['closeRun a 0']);
  });

  it('with its first event leaves nothing else', async () => {
    const { runtime, stored, effects } = await startRuntime();
    expect(await runtime.send(id('a'), { type: 'end' })).toBe(true);
    await flush();
    expect(stored('a')).toBeNull();
    expect(effects()).toEqual([]);
    expect(runtime.liveCount).toBe(0);
  });

  it('is still there when its end did not reach the disk', async () => {
    const { runtime, writer, stored } = await startRuntime();
    await runtime.send(id('a'), { type: 'bump' });
    writer.failure = { kind: 'full', message: 'full' };
    const end = runtime.send(id('a'), { type: 'end' });
    const after = runtime.send(id('a'), { type: 'bump' });
    await expect(end).rejects.toMatchObject({ code: 'storage_unavailable' });
    writer.failure = null;
    expect(await after).toBe(true);
    expect(stored('a')).toMatchObject({ count: 2, revision: 2 });
  });
});

describe('passivation', () => {
  it('keeps few hosts and loses nothing', async () => {
    const { runtime, stored } = await startRuntime({ liveHostsMax: 3 });
    const keys = Array.from({ length: 20 }, (_, n) => `k${n}`);
    for (let round = 0; round < 3; round++) {
      for (const key of keys) await runtime.send(id(key), { type: 'bump' });
    }
    expect(runtime.liveCount).toBe(3);
    expect(keys.map((key) => stored(key)?.count)).toEqual(keys.map(() => 3));
  });

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
  });
});

import { describe, expect, it } from 'vitest';
import { actorIdOf } from '../../../src/core/ids.ts';
import { EFFECT_ATTEMPTS_MAX, EFFECT_RETRY_MS_MAX } from '../../../src/core/limits.ts';
import { putMeta, readMeta } from '../../../src/store/tables/accounts.ts';
import { deleteEffect, insertEffect, readEffect } from '../../../src/store/tables/effects.ts';
import { readQuarantine } from '../../../src/store/tables/quarantine.ts';
import { readHistory, readSnapshot } from '../../../src/store/tables/snapshots.ts';
import { flush } from '../../support/clock.ts';
import { probe } from '../../support/probe.ts';
import { answer, id, startRuntime } from '../../support/runtime.ts';

const ask = { type: 'ask.replayable' };
const askReconcile = { type: 'ask.reconcile' };
const boom = async () => ({ event: { type: 'boom' } });
const bug = () => {
  throw new TypeError('a bug');
};
/** Throws on `boom` until it is repaired. */
function repairable() {
  const state = { isBroken: true };
  const definition = {
    ...probe,
    wakeAtMs: (context: never) => {
      const { wakeAtMs, count } = context as { wakeAtMs: number | null; count: number };
      if (state.isBroken && count > 0) throw new Error('cannot count');
      return wakeAtMs;
    },
  };
  return { state, definition };
}

describe('an answer that its actor cannot handle', () => {
  it('stays with its effect over a start, and comes again when the actor is resumed', async () => {
    const { state, definition } = repairable();
    let performed = 0;
    const perform = async () => {
      performed += 1;
      return { event: { type: 'bump' } };
    };
    const handlers = { deliver: { perform } };
    const first = await startRuntime({ handlers, definitions: [definition] });
    await first.runtime.send(id('a'), ask);
    await flush();
    expect(readQuarantine(first.store.reads, 0, 9)).toMatchObject([
      { actorId: id('a'), effectId: 'probe:a:1:0', event: '{"type":"bump"}', error: expect.stringContaining('count') },
    ]);
    void first.writer.die();
    const second = await startRuntime({ folder: first.folder, handlers, definitions: [definition] });
    await flush();
    expect(performed).toBe(1);
    await expect(second.runtime.send(id('a'), { type: 'bump' })).rejects.toMatchObject({ code: 'actor_paused' });
    state.isBroken = false;
    await second.runtime.resume(id('a'));
    await flush();
    expect(performed).toBe(2);
    expect(second.stored('a')).toMatchObject({ count: 1 });
    expect(second.effects()).toEqual([]);
    expect(readQuarantine(second.store.reads, 0, 9)).toEqual([]);
  });

  it('is set aside again when nothing was repaired', async () => {
    const { runtime, store, effects } = await startRuntime({ handlers: { deliver: { perform: boom } } });
    await runtime.send(id('a'), ask);
    await flush();
    await runtime.resume(id('a'));
    await flush();
    expect(readQuarantine(store.reads, 0, 9)).toHaveLength(1);
    expect(readSnapshot(store.reads, id('a'))?.pausedReason).toContain('boom');
    expect(effects()).toHaveLength(1);
  });

  it('can be discarded: its effect is settled as failed and the actor goes on', async () => {
    const { runtime, store, stored, effects } = await startRuntime({ handlers: { deliver: { perform: boom } } });
    await runtime.send(id('a'), ask);
    await flush();
    await runtime.discard(readQuarantine(store.reads, 0, 9)[0]?.seq ?? 0);
    await flush();
    expect(stored('a')).toMatchObject({ notes: ['failed invariant'] });
    expect(effects()).toEqual([]);
    expect(await runtime.send(id('a'), { type: 'bump' })).toBe(true);
  });

  it('of a reconcile effect keeps the answer that was received, whoever asks for it later', async () => {
    let isBroken = true;
    const sent: number[] = [];
    const refresh = {
      send: async () => {
        sent.push(1);
        return Buffer.from('rotated');
      },
      process: async ({ attempt }: { attempt: number }, result: Uint8Array) =>
        isBroken ? bug() : answer(attempt, Buffer.from(result).toString()),
    };
    const { runtime, store, stored, effects } = await startRuntime({ handlers: { refresh } });
    await runtime.send(id('a'), askReconcile);
    await flush();
    expect(readSnapshot(store.reads, id('a'))?.pausedReason).toContain('not understood');
    expect(Buffer.from(readEffect(store.reads, 'probe:a:1:0')?.result ?? []).toString()).toBe('rotated');
    isBroken = false;
    await runtime.resume(id('a'));
    await flush();
    expect(stored('a')).toMatchObject({ notes: ['rotated'] });
    expect(sent).toEqual([1]);
    expect(effects()).toEqual([]);
  });
});

describe('a message that its receiver cannot handle', () => {
  const messages = [{ to: id('b'), event: { type: 'boom' } }];

  it('does not pause its sender, and later ones wait for the receiver in order', async () => {
    const { runtime, store, stored, effects } = await startRuntime();
    await runtime.send(id('b'), { type: 'bump' });
    await runtime.send(id('a'), { type: 'bump' }, { messages });
    await flush();
    for (const text of ['1', '2', '3']) {
      await runtime.send(id('a'), { type: 'bump' }, { messages: [{ to: id('b'), event: { type: 'note', text } }] });
    }
    await flush();
    expect(effects()).toHaveLength(4);
    expect(stored('a')).toMatchObject({ count: 4 });
    await runtime.discard(readQuarantine(store.reads, 0, 9)[0]?.seq ?? 0);
    await flush();
    expect(stored('b')).toMatchObject({ count: 1, notes: ['1', '2', '3'] });
    expect(effects()).toEqual([]);
  });

  it('pauses a receiver that has no row yet, which keeps no alarm and no state', async () => {
    const { runtime, store, stored } = await startRuntime();
    await runtime.send(id('a'), { type: 'bump' }, { messages });
    await flush();
    expect(readSnapshot(store.reads, id('b'))).toMatchObject({
      revision: 0,
      state: '',
      pausedAtMs: expect.any(Number),
    });
    await expect(runtime.send(id('b'), { type: 'bump' })).rejects.toMatchObject({ code: 'actor_paused' });
    await runtime.discard(readQuarantine(store.reads, 0, 9)[0]?.seq ?? 0);
    expect(await runtime.send(id('b'), { type: 'bump' })).toBe(true);
    expect(stored('b')).toMatchObject({ count: 1, revision: 1 });
    expect(readHistory(store.reads, id('b'))).toMatchObject([
      { base: { revision: 0, state: null }, events: [{ revision: 1, event: { type: 'bump' } }] },
    ]);
  });
});

describe('an alarm that its actor cannot handle', () => {
  it('cannot be discarded, and rings when the actor is resumed', async () => {
    const { state, definition } = repairable();
    const { runtime, store, clock, stored } = await startRuntime({ definitions: [definition] });
    await runtime.send(id('a'), { type: 'arm', atMs: clock.nowMs() + 1000 });
    await clock.advance(5000);
    const [row] = readQuarantine(store.reads, 0, 9);
    expect(row).toMatchObject({ event: '{"type":"alarm.fired"}', effectId: null });
    await expect(runtime.discard(row?.seq ?? 0)).rejects.toMatchObject({
      code: 'conflict',
      remedy: expect.any(String),
    });
    state.isBroken = false;
    await runtime.resume(id('a'));
    await clock.advance(0);
    expect(stored('a')).toMatchObject({ count: 1, wakeAtMs: null });
  });
});

describe('an effect that nobody can perform', () => {
  it('is tried a bounded number of times, then pauses its actor; resuming tries anew', async () => {
    let tries = 0;
    let isBroken = true;
    const perform = async () => {
      tries += 1;
      return isBroken ? bug() : answer(1, 'done');
    };
    // Without `failed` there is nothing to settle it with.
    const deliver = { perform, failed: undefined } as never;
    const { runtime, store, clock, stored } = await startRuntime({ handlers: { deliver } });
    await runtime.send(id('a'), ask);
    await clock.advance(EFFECT_ATTEMPTS_MAX * EFFECT_RETRY_MS_MAX);
    expect(tries).toBe(EFFECT_ATTEMPTS_MAX);
    expect(readQuarantine(store.reads, 0, 9)).toMatchObject([
      { event: '{"type":"effect.deliver"}', effectId: 'probe:a:1:0', error: 'effect.deliver: a bug' },
    ]);
    isBroken = false;
    await runtime.resume(id('a'));
    await flush();
    expect(stored('a')).toMatchObject({ notes: ['done'] });
  });
});

describe('an operator', () => {
  it('is told what does not exist', async () => {
    const { runtime } = await startRuntime();
    await runtime.send(id('a'), { type: 'bump' });
    await expect(runtime.resume(id('a'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(runtime.resume(id('nobody'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(runtime.discard(99)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('resumes an actor whose snapshot could not be read, and reads it with the version that can', async () => {
    const old = { ...probe, schemaVersion: 1, migrations: [] };
    const first = await startRuntime();
    await first.runtime.send(id('a'), { type: 'bump' });
    void first.writer.die();
    const second = await startRuntime({ folder: first.folder, definitions: [old] });
    await expect(second.runtime.send(id('a'), { type: 'bump' })).rejects.toMatchObject({ code: 'snapshot_unreadable' });
    void second.writer.die();
    const third = await startRuntime({ folder: first.folder });
    await expect(third.runtime.send(id('a'), { type: 'bump' })).rejects.toMatchObject({ code: 'actor_paused' });
    await third.runtime.resume(id('a'));
    await third.runtime.send(id('a'), { type: 'bump' });
    expect(third.stored('a')).toMatchObject({ count: 2 });
  });

  it('keeps the pause when it cannot be stored that it was lifted', async () => {
    const { runtime, writer } = await startRuntime({ handlers: { deliver: { perform: boom } } });
    await runtime.send(id('a'), ask);
    await flush();
    writer.failure = { kind: 'full', message: 'full' };
    await expect(runtime.resume(id('a'))).rejects.toMatchObject({ code: 'storage_unavailable' });
    writer.failure = null;
    await expect(runtime.send(id('a'), { type: 'bump' })).rejects.toMatchObject({ code: 'actor_paused' });
  });
});

describe('actors that are removed', () => {
  it('leave nothing behind, whatever they were doing', async () => {
    const gate = Promise.withResolvers<void>();
    const perform = async () => {
      await gate.promise;
      return { ...answer(1, 'late'), writes: [putMeta('late', '1')] };
    };
    const { runtime, store, stored, effects } = await startRuntime({ handlers: { deliver: { perform } } });
    const pending = runtime.send(id('a'), ask);
    const removed = runtime.remove([id('a'), id('never')], [putMeta('erased', '1')]);
    const after = runtime.send(id('a'), { type: 'bump' });
    expect(await pending).toBe(true);
    await removed;
    expect(await after).toBe(true);
    expect(stored('a')).toMatchObject({ count: 1, revision: 1, turn: 0 });
    gate.resolve();
    await flush();
    expect(stored('a')).toMatchObject({ count: 1, notes: [] });
    expect(effects()).toEqual([]);
    expect(readMeta(store.reads, 'late')).toBeUndefined();
    expect(readMeta(store.reads, 'erased')).toBe('1');
  });

  it('are all still there when one row is refused', async () => {
    const { runtime, stored } = await startRuntime();
    await runtime.send(id('a'), { type: 'bump' });
    const removed = runtime.remove([id('a')], [deleteEffect('no such effect')]);
    await expect(removed).rejects.toMatchObject({ code: 'invalid_input' });
    await runtime.send(id('a'), { type: 'bump' });
    expect(stored('a')).toMatchObject({ count: 2 });
  });

  it('take messages to them along, and those of others stay', async () => {
    const { runtime, store, effects } = await startRuntime({ isStarted: false });
    const [a, b] = [actorIdOf('probe', 'x'), actorIdOf('probe', 'xy')];
    await store.commit([insertEffect('probe:xy:1:0', b, b, '{}'), insertEffect('probe:xy:1:1', b, a, '{}')]);
    await runtime.remove([a]);
    expect(effects()).toEqual([{ effectId: 'probe:xy:1:0', isAttempted: 0 }]);
  });
});

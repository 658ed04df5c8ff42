import { describe, expect, it } from 'vitest';
import { actorIdOf } from '../../../src/core/ids.ts';
import { EFFECT_ATTEMPTS_MAX, EFFECT_RETRY_MS_MAX } from '../../../src/core/limits.ts';
import { insertEffect, readEffect } from '../../../src/store/tables/effects.ts';
import { readQuarantine } from '../../../src/store/tables/quarantine.ts';
import { readHistory, readSnapshot } from '../../../src/store/tables/snapshots.ts';
import { flush } from '../../support/clock.ts';
import { answer, id, startRuntime } from '../../support/runtime.ts';

const ask = { type: 'ask.replayable' };
const askReconcile = { type: 'ask.reconcile' };
const bug = () => {
  throw new TypeError('a bug');
};

describe('an answer that its actor cannot handle', () => {
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

describe('an effect that is being performed when its actor is resumed', () => {
  it('is performed once more if it is left behind then', async () => {
    const gate = Promise.withResolvers<void>();
    let tries = 0;
    const perform = async () => {
      tries += 1;
      if (tries > 1) return answer(1, 'done');
      await gate.promise;
      return bug();
    };
    const { runtime, stored, effects } = await startRuntime({ handlers: { deliver: { perform, failed: bug } } });
    await runtime.send(id('a'), ask);
    await expect(runtime.send(id('a'), { type: 'boom' })).rejects.toMatchObject({ code: 'actor_paused' });
    await runtime.resume(id('a'));
    gate.resolve();
    await flush();
    expect(tries).toBe(2);
    expect(stored('a')).toMatchObject({ notes: ['done'] });
    expect(effects()).toEqual([]);
  });
});

describe('an event that is discarded twice at the same time', () => {
  it('is discarded once', async () => {
    const perform = async () => ({ event: { type: 'boom' } });
    const { runtime, store, stored } = await startRuntime({ handlers: { deliver: { perform } } });
    await runtime.send(id('a'), ask);
    await flush();
    const seq = readQuarantine(store.reads, 0, 9)[0]?.seq ?? 0;
    const outcomes = await Promise.allSettled([runtime.discard(seq), runtime.discard(seq)]);
    expect(outcomes).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'conflict' } }]);
    expect(stored('a')).toMatchObject({ notes: ['failed invariant'] });
  });
});

describe('a message that its receiver cannot handle', () => {
  const messages = [{ to: id('b'), event: { type: 'boom' } }];

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

describe('actors that are removed', () => {
  it('are not brought back by an answer that they could not have handled', async () => {
    const gate = Promise.withResolvers<void>();
    const perform = async () => {
      await gate.promise;
      return { event: { type: 'boom' } };
    };
    const { runtime, store, writer } = await startRuntime({ handlers: { deliver: { perform } } });
    await runtime.send(id('a'), ask);
    const letGo = writer.hold();
    const removed = runtime.remove([id('a')]);
    gate.resolve();
    await flush();
    letGo();
    await removed;
    await flush();
    expect(readSnapshot(store.reads, id('a'))).toBeUndefined();
    expect(readQuarantine(store.reads, 0, 9)).toEqual([]);
  });

  it('because they have ended go when nothing of them is outstanding, and nobody else does', async () => {
    const never = new Promise<never>(() => {});
    const perform = async ({ installationId }: { installationId: string }) =>
      installationId === 'asks' ? never : { event: null };
    const { runtime, store, writer, effects } = await startRuntime({ handlers: { closeRun: { perform } } });
    for (const key of ['gone', 'asks']) await runtime.send(id(key), { type: 'end' });
    await runtime.send(id('lives'), { type: 'bump' });
    await expect(runtime.send(id('paused'), { type: 'boom' })).rejects.toMatchObject({ code: 'actor_paused' });
    await flush();
    const keys = ['gone', 'asks', 'lives', 'paused', 'never'];
    expect(await runtime.removeEnded(keys.map(id))).toBe(1);
    expect(keys.filter((key) => readSnapshot(store.reads, id(key)) !== undefined)).toEqual(['asks', 'lives', 'paused']);
    expect(effects()).toMatchObject([{ effectId: 'probe:asks:1:0' }]);
    expect(await runtime.removeEnded([id('gone')])).toBe(0);
    void writer.die();
  });

  it.each([
    ['begins anew', []],
    ['begins anew and is paused', [{ type: 'boom' }]],
  ])('because they have ended stay when one of them %s just then', async (_name, events) => {
    const { runtime, stored } = await startRuntime();
    await runtime.send(id('a'), { type: 'end' });
    await flush();
    const began = runtime.send(id('a'), { type: 'bump' });
    const others = Promise.allSettled(events.map((event) => runtime.send(id('a'), event)));
    expect(await runtime.removeEnded([id('a')])).toBe(0);
    expect(await began).toBe(true);
    await others;
    expect(stored('a')).toMatchObject({ count: 1, revision: 2 });
  });

  it('take messages to them and from them along, and those of others stay', async () => {
    const { runtime, store, effects } = await startRuntime({ isStarted: false });
    const [a, b] = [actorIdOf('probe', 'x'), actorIdOf('probe', 'xy')];
    await store.commit([
      insertEffect('probe:xy:1:0', b, b, '{}'),
      insertEffect('probe:xy:1:1', b, a, '{}'),
      insertEffect('probe:x:1:0', a, a, '{}'),
      insertEffect('probe:x:1:1', a, b, '{}'),
    ]);
    await runtime.remove([a]);
    expect(effects()).toEqual([{ effectId: 'probe:xy:1:0', isAttempted: 0 }]);
  });
});

// Nothing overtakes: events of an actor while its rows change without its host, and messages while their receiver is
// paused.

import { describe, expect, it } from 'vitest';
import { EffectQueues } from '../../../actors/effectQueues.ts';
import type { IssuedEffect } from '../../../actors/host.ts';
import type { Effect } from '../../../machines/effects.ts';
import { actorIdOf } from '../../../src/core/ids.ts';
import { EFFECTS_WAITING_MAX } from '../../../src/core/limits.ts';
import { deleteEffect, insertEffect } from '../../../src/store/tables/effects.ts';
import { pauseSnapshot } from '../../../src/store/tables/snapshots.ts';
import { flush } from '../../support/clock.ts';
import { answer, type Harness, id, startRuntime } from '../../support/runtime.ts';
import { withStore } from '../../support/store.ts';

const bump = { type: 'bump' };
const note = (text: string) => ({ type: 'note', text });
/** Another actor decides to tell `x`. */
const tell = ({ runtime }: Harness, text: string) =>
  runtime.send(id('y'), bump, { messages: [{ to: id('x'), event: note(text) }] });
const pause = ({ runtime }: Harness) =>
  expect(runtime.send(id('x'), { type: 'boom' })).rejects.toMatchObject({ code: 'actor_paused' });
const settled = async (harness: Harness) => {
  while (harness.effects().length > 0) await flush();
};

describe('an event that waits for its actor', () => {
  it('to end is not overtaken by one that is sent when the end is acknowledged', async () => {
    const harness = await startRuntime();
    const ended = harness.runtime.send(id('x'), { type: 'end' });
    const first = harness.runtime.send(id('x'), note('first'));
    await ended;
    await Promise.all([first, harness.runtime.send(id('x'), note('second'))]);
    expect(harness.stored('x')?.notes).toEqual(['first', 'second']);
  });

  it('is not overtaken by one that comes when the actor is held again', async () => {
    const harness = await startRuntime();
    const release = harness.writer.hold();
    const ended = harness.runtime.send(id('x'), { type: 'end' });
    const first = harness.runtime.send(id('x'), note('first'));
    const removed = harness.runtime.remove([id('x')]);
    const second = harness.runtime.send(id('x'), note('second'));
    release();
    await Promise.all([ended, first, removed, second]);
    expect(harness.stored('x')?.notes).toEqual(['first', 'second']);
  });
});

describe('messages for a paused actor', () => {
  it.each([
    ['that is resumed just then', async (harness: Harness) => harness],
    [
      'that is resumed in the next process',
      async ({ folder, writer }: Harness) => {
        void writer.die();
        return startRuntime({ folder });
      },
    ],
  ] as const)('%s are not overtaken by one that comes meanwhile', async (_name, later) => {
    const before = await startRuntime();
    await pause(before);
    await tell(before, '1');
    await tell(before, '2');
    await flush();
    const harness = await later(before);
    await flush();
    const resumed = harness.runtime.resume(id('x'));
    await Promise.all([tell(harness, '3'), resumed, tell(harness, '4')]);
    await settled(harness);
    expect(harness.stored('x')?.notes).toEqual(['1', '2', '3', '4']);
  });

  it('are delivered as ever once what stood before them was discarded', async () => {
    const harness = await startRuntime();
    await harness.runtime.send(id('y'), bump, { messages: [{ to: id('x'), event: { type: 'boom' } }] });
    await flush();
    const [row] = harness.store.reads.all<{ seq: number }>('SELECT seq FROM quarantine');
    await harness.runtime.discard(row?.seq ?? 0);
    await tell(harness, 'after');
    await settled(harness);
    expect(harness.stored('x')?.notes).toEqual(['after']);
  });

  it('come also where an event was discarded and the failure of its effect is refused', async () => {
    const process = () => Promise.reject(new Error('a bug'));
    const outcomeUnknown = () => ({ ...answer(1, 'given up'), writes: [deleteEffect('no such effect')] });
    const harness = await startRuntime({ handlers: { refresh: { process, outcomeUnknown } } });
    await harness.runtime.send(id('x'), { type: 'ask.reconcile' });
    await flush();
    await tell(harness, 'waits');
    const [row] = harness.store.reads.all<{ seq: number }>('SELECT seq FROM quarantine');
    await expect(harness.runtime.discard(row?.seq ?? 0)).rejects.toMatchObject({ code: 'invalid_input' });
    await flush();
    expect(harness.stored('x')?.notes).toEqual(['waits']);
  });
});

describe('what waits for a paused actor', () => {
  it('is taken up to the last row, also where it does not fit into memory', async () => {
    const harness = await startRuntime();
    await pause(harness);
    const effect = { type: 'effect.closeRun', installationId: 'x', run: 1 };
    const ids = Array.from({ length: EFFECTS_WAITING_MAX + 10 }, (_, n) => `${id('x')}:1:${n}`);
    await harness.store.commit(ids.map((effectId) => insertEffect(effectId, id('x'), id('x'), JSON.stringify(effect))));
    await harness.runtime.resume(id('x'));
    await settled(harness);
    expect(harness.did).toHaveLength(ids.length);
  });

  it('is news in their order: later ones do not go ahead of some that were left behind', async () => {
    const { store } = await withStore();
    const actorId = actorIdOf('installation', 'i');
    const news = (n: number): IssuedEffect => ({
      effectId: `${actorId}:${n}:0`,
      actorId,
      effect: { type: 'effect.tellReads' } as Effect,
    });
    const performed: string[] = [];
    const queues = new EffectQueues(store.reads, async ({ issued }) => {
      performed.push(issued.effectId);
      return performed.length > 1;
    });
    await store.commit([
      pauseSnapshot(actorId, 'nobody can tell', 1),
      ...[1, 2, 3].map((n) => insertEffect(news(n).effectId, actorId, actorId, JSON.stringify(news(n).effect))),
    ]);
    queues.add(news(1));
    queues.add(news(2));
    await flush();
    queues.add(news(3));
    await flush();
    expect(performed).toEqual([news(1).effectId]);
    queues.unpark(actorId);
    queues.addRows(store.reads.all('SELECT * FROM effects ORDER BY seq'));
    await flush();
    expect(performed).toEqual([news(1), news(1), news(2), news(3)].map(({ effectId }) => effectId));
    expect(queues.inFlightCount).toBe(0);
  });
});

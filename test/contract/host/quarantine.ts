// What is promised when an actor cannot handle an event: the event is set aside, the actor paused, and an operator
// brings both back or gives the event up. Nothing that others rest on is lost meanwhile.

import { describe, expect, it } from 'vitest';
import { SECOND_MS } from '../../../src/core/time.ts';
import { probe } from '../../support/probe.ts';
import { answer, id } from '../../support/runtime.ts';
import {
  arm,
  ask,
  askReconcile,
  boom,
  bump,
  countOf,
  type HostUnderTest,
  note,
  notes,
  type OpenHost,
  restarter,
  starter,
  stored,
} from './underTest.ts';

/** A probe that throws when it has counted, until it is repaired. */
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
  return { state, definitions: [definition] };
}

const paused = { code: 'actor_paused' };
const answersWith = (event: { type: string }) => ({ deliver: { perform: async () => ({ event }) } });

export function testQuarantine(open: OpenHost): void {
  const start = starter(open);
  const startAgain = restarter(open);

  describe("a caller's event", () => {
    it('is set aside, pauses its actor, over a start too, and leaves the others alone', async () => {
      const first = await start();
      await first.send(id('a'), bump);
      await expect(first.send(id('a'), boom)).rejects.toMatchObject(paused);
      await expect(first.send(id('a'), bump)).rejects.toMatchObject(paused);
      expect(await first.send(id('b'), bump)).toBe(true);
      await first.crash();
      const second = await startAgain(first);
      await expect(second.send(id('a'), bump)).rejects.toMatchObject(paused);
      expect(second.quarantined()).toMatchObject([
        { actorId: id('a'), effectId: null, event: '{"type":"boom"}', error: expect.stringContaining('boom') },
      ]);
      expect(stored(second, 'a')).toMatchObject({ count: 1, revision: 1 });
    });

    it('lets what its actor decided before reach the disk, and nothing after', async () => {
      const host = await start();
      await host.send(id('a'), bump);
      const before = host.send(id('a'), bump);
      const thrown = host.send(id('a'), boom);
      const after = host.send(id('a'), bump);
      // A view that looks now sees a row that will be old.
      expect(host.peek(id('a')).context).toMatchObject({ count: 1 });
      expect(await before).toBe(true);
      await expect(thrown).rejects.toMatchObject(paused);
      await expect(after).rejects.toMatchObject(paused);
      expect(stored(host, 'a')).toMatchObject({ count: 2, revision: 2 });
      expect(host.ended).toBeNull();
    });

    it('keeps others out from when it was tried until its actor is paused', async () => {
      const host = await start();
      const letBefore = host.disk.hold();
      const before = host.send(id('a'), bump);
      await host.quiet();
      const thrown = host.send(id('a'), boom);
      const letPause = host.disk.hold();
      letBefore();
      expect(await before).toBe(true);
      await host.quiet();
      const after = host.send(id('a'), bump);
      await host.quiet();
      letPause();
      await expect(thrown).rejects.toMatchObject(paused);
      await expect(after).rejects.toMatchObject(paused);
      expect(stored(host, 'a')).toMatchObject({ count: 1, revision: 1 });
    });

    it('stays when another actor is resumed', async () => {
      const host = await start();
      for (const key of ['a', 'b']) await expect(host.send(id(key), boom)).rejects.toMatchObject(paused);
      await host.resume(id('b'));
      expect(host.quarantined()).toMatchObject([{ actorId: id('a') }]);
      await expect(host.send(id('a'), bump)).rejects.toMatchObject(paused);
      expect(await host.send(id('b'), bump)).toBe(true);
    });

    it('does not come again when the actor is resumed: the caller was told', async () => {
      const { state, definitions } = repairable();
      const host = await start({ definitions });
      await expect(host.send(id('a'), bump)).rejects.toMatchObject(paused);
      state.isBroken = false;
      await host.resume(id('a'));
      await host.quiet();
      expect([stored(host, 'a'), host.quarantined()]).toEqual([null, []]);
      expect(await host.send(id('a'), bump)).toBe(true);
      expect(stored(host, 'a')).toMatchObject({ count: 1, revision: 1 });
    });
  });

  describe('an answer', () => {
    it('stays with its effect over a start, and comes again when the actor is resumed', async () => {
      const { state, definitions } = repairable();
      let performed = 0;
      const perform = async () => {
        performed += 1;
        return { event: bump };
      };
      const handlers = { deliver: { perform } };
      const first = await start({ handlers, definitions });
      await first.send(id('a'), ask);
      await first.quiet();
      expect(first.quarantined()).toMatchObject([
        {
          actorId: id('a'),
          effectId: 'probe:a:1:0',
          event: '{"type":"bump"}',
          error: expect.stringContaining('count'),
        },
      ]);
      await first.crash();
      const second = await startAgain(first, { handlers, definitions });
      await second.quiet();
      expect(performed).toBe(1);
      await expect(second.send(id('a'), bump)).rejects.toMatchObject(paused);
      state.isBroken = false;
      await second.resume(id('a'));
      await second.quiet();
      expect([performed, countOf(second, 'a')]).toEqual([2, 1]);
      expect([second.effects(), second.quarantined(), second.pausedReason(id('a'))]).toEqual([[], [], null]);
    });

    it('is set aside again when nothing was repaired', async () => {
      const host = await start({ handlers: answersWith(boom) });
      await host.send(id('a'), ask);
      await host.quiet();
      await host.resume(id('a'));
      await host.quiet();
      expect([host.quarantined().length, host.effects().length]).toEqual([1, 1]);
      expect(host.pausedReason(id('a'))).toContain('boom');
    });

    it('can be discarded: its effect is settled as failed and the actor goes on', async () => {
      const host = await start({ handlers: answersWith(boom) });
      await host.send(id('a'), ask);
      await host.quiet();
      await host.discard(host.quarantined()[0]?.seq ?? 0);
      await host.quiet();
      expect([notes(host, 'a'), host.effects(), host.quarantined()]).toEqual([['failed invariant'], [], []]);
      expect(await host.send(id('a'), bump)).toBe(true);
    });

    it('of a reconcile effect is kept as it was received, and not asked for again', async () => {
      let isBroken = true;
      const process = async ({ attempt }: { attempt: number }, result: Uint8Array) => {
        if (isBroken) throw new TypeError('a bug');
        return answer(attempt, Buffer.from(result).toString());
      };
      const first = await start({ handlers: { refresh: { process } } });
      await first.send(id('a'), askReconcile);
      await first.quiet();
      expect(first.pausedReason(id('a'))).toContain('not understood');
      await first.crash();
      isBroken = false;
      const second = await startAgain(first, { handlers: { refresh: { process } } });
      await second.resume(id('a'));
      await second.quiet();
      expect([...first.did, ...second.did]).toEqual(['send a 1']);
      expect([notes(second, 'a'), second.effects()]).toEqual([['sealed'], []]);
    });

    it('of a reconcile effect that is discarded becomes an unknown outcome', async () => {
      const host = await start({ handlers: { refresh: { process: async () => ({ event: boom }) } } });
      await host.send(id('a'), askReconcile);
      await host.quiet();
      await host.discard(host.quarantined()[0]?.seq ?? 0);
      await host.quiet();
      expect([notes(host, 'a'), host.effects()]).toEqual([['unknown invariant'], []]);
    });

    it('that cannot even be set aside, because the disk is full, is taken up when there is room', async () => {
      let tries = 0;
      const process = async () => {
        tries += 1;
        host.disk.isFull = tries === 1;
        throw new TypeError('a bug');
      };
      const host = await start({ handlers: { refresh: { process } } });
      await host.send(id('a'), askReconcile);
      await host.quiet();
      expect([tries, host.quarantined(), host.effects().length]).toEqual([1, [], 1]);
      host.disk.isFull = false;
      await host.send(id('b'), bump);
      await host.quiet();
      expect([tries, host.quarantined().length, host.effects().length]).toEqual([2, 1, 1]);
      expect(host.pausedReason(id('a'))).toContain('not understood');
      expect(host.did).toEqual(['send a 1']);
    });

    it('for an actor that was paused meanwhile waits until it is resumed, and is asked for again', async () => {
      const gate = Promise.withResolvers<void>();
      const perform = async () => {
        await gate.promise;
        return answer(1, 'late');
      };
      const host = await start({ handlers: { deliver: { perform } } });
      await host.send(id('a'), ask);
      await expect(host.send(id('a'), boom)).rejects.toMatchObject(paused);
      gate.resolve();
      await host.quiet();
      expect(host.effects()).toMatchObject([{ effectId: 'probe:a:1:0' }]);
      await host.resume(id('a'));
      await host.quiet();
      expect([notes(host, 'a'), host.effects()]).toEqual([['late'], []]);
    });
  });

  describe('a message', () => {
    const boomToB = [{ to: id('b'), event: boom }];
    const tell = (host: HostUnderTest, text: string) =>
      host.send(id('a'), bump, { messages: [{ to: id('b'), event: note(text) }] });

    it('pauses its receiver and not its sender, and later ones wait in order, over a start too', async () => {
      const first = await start();
      await first.send(id('a'), bump, { messages: boomToB });
      await first.quiet();
      for (const text of ['1', '2', '3']) await tell(first, text);
      await first.quiet();
      expect([first.effects().length, countOf(first, 'a'), stored(first, 'b')]).toEqual([4, 4, null]);
      await first.crash();
      const second = await startAgain(first);
      await tell(second, '4');
      await second.quiet();
      expect(stored(second, 'b')).toBeNull();
      await second.discard(second.quarantined()[0]?.seq ?? 0);
      await second.quiet();
      expect(stored(second, 'b')).toMatchObject({ notes: ['1', '2', '3', '4'], revision: 4 });
      expect([second.effects(), second.quarantined()]).toEqual([[], []]);
    });
  });

  describe('an alarm', () => {
    it('does not ring while its actor is paused, cannot be discarded, and rings when it is resumed', async () => {
      const { state, definitions } = repairable();
      const host = await start({ definitions });
      await host.send(id('a'), arm(host.clock.nowMs() + 1000));
      await host.clock.advance(60 * SECOND_MS);
      const [row, ...others] = host.quarantined();
      expect([row, others]).toMatchObject([{ event: '{"type":"alarm.fired"}', effectId: null }, []]);
      await expect(host.discard(row?.seq ?? 0)).rejects.toMatchObject({ code: 'conflict', remedy: expect.any(String) });
      state.isBroken = false;
      await host.resume(id('a'));
      await host.clock.advance(0);
      expect(stored(host, 'a')).toMatchObject({ count: 1, wakeAtMs: null });
    });
  });

  describe('a stored state', () => {
    it('that this version cannot read pauses its actor, and is whole for one that can', async () => {
      const first = await start();
      await first.send(id('a'), bump);
      await first.crash();
      const second = await startAgain(first, { definitions: [{ ...probe, schemaVersion: 1, migrations: [] }] });
      await expect(second.send(id('a'), bump)).rejects.toMatchObject({ code: 'snapshot_unreadable' });
      await second.crash();
      const third = await startAgain(second);
      await expect(third.send(id('a'), bump)).rejects.toMatchObject(paused);
      await third.resume(id('a'));
      await third.send(id('a'), bump);
      expect(stored(third, 'a')).toMatchObject({ count: 2, revision: 2 });
    });
  });

  describe('an operator', () => {
    it('is told what does not exist', async () => {
      const host = await start();
      await host.send(id('a'), bump);
      await expect(host.resume(id('a'))).rejects.toMatchObject({ code: 'not_found' });
      await expect(host.resume(id('nobody'))).rejects.toMatchObject({ code: 'not_found' });
      await expect(host.discard(99)).rejects.toMatchObject({ code: 'not_found' });
    });

    it('cannot lift a pause while the disk is full, and can later', async () => {
      const host = await start({ handlers: answersWith(boom) });
      await host.send(id('a'), ask);
      await host.quiet();
      const seq = host.quarantined()[0]?.seq ?? 0;
      host.disk.isFull = true;
      await expect(host.resume(id('a'))).rejects.toMatchObject({ code: 'storage_unavailable' });
      await expect(host.discard(seq)).rejects.toMatchObject({ code: 'storage_unavailable' });
      host.disk.isFull = false;
      await expect(host.send(id('a'), bump)).rejects.toMatchObject(paused);
      // Its commit is the one that tells the host to take up everything again; this effect is not among it.
      await host.discard(seq);
      expect(await host.send(id('a'), bump)).toBe(true);
      expect([notes(host, 'a'), host.effects(), host.quarantined()]).toEqual([['failed invariant'], [], []]);
    });
  });
}

// What is promised over time: alarms that ring, actors that end.

import { describe, expect, it } from 'vitest';
import { OWNER_EFFECTS_IN_FLIGHT_MAX } from '../../../src/core/limits.ts';
import { DAY_MS, SECOND_MS } from '../../../src/core/time.ts';
import { putMeta } from '../../../src/store/tables/accounts.ts';
import { answer, id } from '../../support/runtime.ts';
import {
  arm,
  ask,
  askReconcile,
  boom,
  bump,
  countOf,
  note,
  notes,
  type OpenHost,
  poison,
  restarter,
  starter,
  stored,
} from './underTest.ts';

const alarm = { type: 'alarm.fired' };

export function testAlarms(open: OpenHost): void {
  const start = starter(open);
  const startAgain = restarter(open);

  it('does not ring early, and rings once when it is due', async () => {
    const host = await start();
    const atMs = host.clock.nowMs() + 5000;
    await host.send(id('a'), arm(atMs));
    await host.clock.advance(4999);
    expect(stored(host, 'a')).toMatchObject({ count: 0, wakeAtMs: atMs });
    await host.clock.advance(1);
    expect(stored(host, 'a')).toMatchObject({ count: 1, wakeAtMs: null });
    await host.clock.advance(DAY_MS);
    expect(countOf(host, 'a')).toBe(1);
  });

  it('that rings early or twice is ignored by its actor, and harms nothing', async () => {
    const host = await start();
    const atMs = host.clock.nowMs() + 5000;
    await host.send(id('a'), arm(atMs));
    expect(await host.send(id('a'), alarm)).toBe(false);
    await host.clock.advance(5000);
    expect(await host.send(id('a'), alarm)).toBe(false);
    expect(stored(host, 'a')).toMatchObject({ count: 1, wakeAtMs: null, revision: 2 });
  });

  it('rings at once when it is set in the past', async () => {
    const host = await start();
    await host.send(id('a'), arm(1));
    await host.clock.advance(0);
    expect(stored(host, 'a')).toMatchObject({ count: 1, wakeAtMs: null });
  });

  it('outlives a crash: it rings when it is due, or at the next start if that was meanwhile', async () => {
    const first = await start();
    const nowMs = first.clock.nowMs();
    await first.send(id('a'), arm(nowMs + 5000));
    await first.send(id('b'), arm(nowMs + 2 * DAY_MS));
    await first.crash();
    const second = await startAgain(first, { nowMs: nowMs + DAY_MS });
    await second.clock.advance(0);
    expect([countOf(second, 'a'), countOf(second, 'b')]).toEqual([1, 0]);
    await second.clock.advance(DAY_MS);
    expect([countOf(second, 'a'), countOf(second, 'b')]).toEqual([1, 1]);
  });

  it('that rang and was lost with the process rings again, and counts once', async () => {
    const first = await start();
    await first.send(id('a'), arm(first.clock.nowMs() + 5000));
    first.disk.crashAt(2, 'beforeCommit');
    await first.clock.advance(5000);
    expect(first.disk.hasCrashed).toBe(true);
    await first.crash();
    const second = await startAgain(first);
    await second.clock.advance(0);
    expect(stored(second, 'a')).toMatchObject({ count: 1, wakeAtMs: null, revision: 2 });
  });

  it('that was put off or switched off does not ring at its old time', async () => {
    const host = await start();
    const dueMs = host.clock.nowMs() + 5000;
    await host.send(id('later'), arm(dueMs));
    await host.send(id('never'), arm(dueMs));
    await host.send(id('later'), arm(dueMs + 5000));
    await host.send(id('never'), arm(null));
    await host.clock.advance(6000);
    expect([countOf(host, 'later'), countOf(host, 'never')]).toEqual([0, 0]);
    await host.clock.advance(4000);
    expect([countOf(host, 'later'), countOf(host, 'never')]).toEqual([1, 0]);
  });

  it('keeps the order of time when an earlier one is set later, and months away rings then', async () => {
    const host = await start();
    const nowMs = host.clock.nowMs();
    await host.send(id('late'), arm(nowMs + 60 * DAY_MS));
    await host.send(id('early'), arm(nowMs + 1000));
    await host.clock.advance(1000);
    expect([countOf(host, 'early'), countOf(host, 'late')]).toEqual([1, 0]);
    await host.clock.advanceTo(nowMs + 60 * DAY_MS - 1);
    expect(countOf(host, 'late')).toBe(0);
    await host.clock.advance(1);
    expect(countOf(host, 'late')).toBe(1);
  });

  it('that meets a full disk is tried again soon', async () => {
    const host = await start();
    await host.send(id('a'), arm(host.clock.nowMs() + 1000));
    host.disk.isFull = true;
    await host.clock.advance(5000);
    host.disk.isFull = false;
    await host.clock.advance(SECOND_MS);
    expect(countOf(host, 'a')).toBe(1);
  });

  it('rings once when the clock is put forward over it', async () => {
    const host = await start();
    await host.send(id('a'), arm(host.clock.nowMs() + 5000));
    await host.send(id('b'), arm(host.clock.nowMs() + 2 * DAY_MS));
    host.clock.jump(DAY_MS);
    // A timer of the system looks at the clock every half minute (src/core/time.ts).
    await host.clock.advance(30 * SECOND_MS);
    expect([countOf(host, 'a'), countOf(host, 'b')]).toEqual([1, 0]);
  });

  it('rings late by as much when the clock is put back, once, and not in a loop meanwhile', async () => {
    const host = await start();
    await host.send(id('a'), arm(host.clock.nowMs() + 5000));
    host.clock.jump(-DAY_MS);
    await host.clock.advance(6000);
    expect([countOf(host, 'a'), host.clock.pendingCount]).toEqual([0, 1]);
    await host.clock.advance(DAY_MS);
    expect(stored(host, 'a')).toMatchObject({ count: 1, wakeAtMs: null });
    expect(host.clock.pendingCount).toBe(0);
  });
}

export function testEnds(open: OpenHost): void {
  const start = starter(open);
  const startAgain = restarter(open);
  const end = { type: 'end' };

  it('leaves only its revision, and an event after that meets a new one that goes on counting', async () => {
    const host = await start();
    await host.send(id('a'), bump);
    const release = host.disk.hold();
    const before = host.send(id('a'), bump);
    await host.quiet();
    const ended = host.send(id('a'), end);
    // A view that looks now sees a row that will be old when the end is on disk.
    expect(host.peek(id('a')).context).toMatchObject({ count: 1 });
    const after = host.send(id('a'), note('new'));
    const letEnd = host.disk.hold();
    release();
    await host.quiet();
    letEnd();
    expect(await Promise.all([before, ended, after])).toEqual([true, true, true]);
    await host.quiet();
    expect(stored(host, 'a')).toMatchObject({ count: 0, revision: 4, notes: ['new'] });
    expect(host.did).toEqual(['closeRun a 0']);
  });

  it('does not ring any more', async () => {
    const host = await start();
    await host.send(id('a'), arm(host.clock.nowMs() + 1000));
    await host.send(id('a'), end);
    await host.clock.advance(DAY_MS);
    expect([stored(host, 'a'), host.clock.pendingCount]).toEqual([null, 0]);
  });

  it('never repeats the id of an effect, over a start or not', async () => {
    const never = { closeRun: { perform: () => new Promise<never>(() => {}) } };
    const first = await start({ handlers: never });
    await first.send(id('a'), end);
    await first.send(id('a'), end);
    await first.crash();
    const second = await startAgain(first, { handlers: never });
    await second.send(id('a'), end);
    await second.quiet();
    const ids = second.effects().map(({ effectId }) => effectId);
    expect(new Set(ids).size).toBe(3);
    await second.crash();
    const third = await startAgain(second);
    await third.quiet();
    expect([third.did.length, third.effects()]).toEqual([3, []]);
  });

  it('is still there when its end did not reach the disk', async () => {
    const host = await start();
    await host.send(id('a'), bump);
    host.disk.isFull = true;
    const ended = host.send(id('a'), end);
    const after = host.send(id('a'), bump);
    await expect(ended).rejects.toMatchObject({ code: 'storage_unavailable' });
    host.disk.isFull = false;
    expect(await after).toBe(true);
    expect(stored(host, 'a')).toMatchObject({ count: 2, revision: 2 });
  });

  describe('because it is removed', () => {
    it('leaves nothing behind, whatever it was doing', async () => {
      const gate = Promise.withResolvers<void>();
      const perform = async () => {
        await gate.promise;
        return { ...answer(1, 'late'), writes: [putMeta('late', '1')] };
      };
      const host = await start({ handlers: { deliver: { perform } } });
      const pending = host.send(id('a'), ask);
      const removed = host.remove([id('a'), id('never')], [putMeta('erased', '1')]);
      const after = host.send(id('a'), bump);
      expect(await pending).toBe(true);
      await removed;
      expect(await after).toBe(true);
      expect(stored(host, 'a')).toMatchObject({ count: 1, revision: 1, turn: 0 });
      gate.resolve();
      await host.quiet();
      expect([notes(host, 'a'), host.effects(), host.row('late'), host.row('erased')]).toEqual([
        [],
        [],
        undefined,
        '1',
      ]);
    });

    it('while its end is on its way to the disk begins anew only after that', async () => {
      const host = await start();
      await host.send(id('a'), bump);
      const letEnd = host.disk.hold();
      const ended = host.send(id('a'), end);
      await host.quiet();
      const removed = host.remove([id('a')], []);
      const letRemoval = host.disk.hold();
      letEnd();
      expect(await ended).toBe(true);
      await host.quiet();
      const after = host.send(id('a'), bump);
      await host.quiet();
      letRemoval();
      await removed;
      expect(await after).toBe(true);
      expect(stored(host, 'a')).toMatchObject({ count: 1, revision: 1 });
      expect(host.ended).toBeNull();
    });

    it('is not asked for what still waited to be performed', async () => {
      const gate = Promise.withResolvers<void>();
      const performed: string[] = [];
      const perform = async ({ laneId, round }: { laneId: string; round: number }) => {
        performed.push(laneId);
        await gate.promise;
        return answer(round, 'done');
      };
      const host = await start({ handlers: { deliver: { perform } } });
      const keys = Array.from({ length: OWNER_EFFECTS_IN_FLIGHT_MAX + 3 }, (_, n) => `owner/${n}`);
      await Promise.all(keys.map((key) => host.send(id(key), ask)));
      const removed = keys.slice(OWNER_EFFECTS_IN_FLIGHT_MAX + 1);
      await host.remove(removed.map(id), []);
      gate.resolve();
      await host.quiet();
      expect(performed).toEqual(keys.slice(0, OWNER_EFFECTS_IN_FLIGHT_MAX + 1));
      expect(host.effects()).toEqual([]);
    });

    it('sends nothing that it had only prepared', async () => {
      const gate = Promise.withResolvers<void>();
      const prepare = async <T>(effect: T) => {
        await gate.promise;
        return effect;
      };
      const host = await start({ handlers: { refresh: { prepare } } });
      await host.send(id('a'), askReconcile);
      await host.quiet();
      await host.remove([id('a')], []);
      gate.resolve();
      await host.quiet();
      expect([host.did, host.effects(), stored(host, 'a')]).toEqual([[], [], null]);
    });

    it('takes what was set aside of it along, and messages to it', async () => {
      const host = await start();
      await host.send(id('a'), bump, { messages: [{ to: id('b'), event: boom }] });
      await host.quiet();
      await host.send(id('a'), bump, { messages: [{ to: id('b'), event: bump }] });
      await host.quiet();
      await host.remove([id('b'), id('b')], []);
      expect([host.effects(), host.quarantined(), host.pausedReason(id('b'))]).toEqual([[], [], null]);
      expect(await host.send(id('b'), bump)).toBe(true);
      expect([stored(host, 'b')?.revision, stored(host, 'a')?.revision]).toEqual([1, 2]);
    });

    it('is all still there when a row is refused', async () => {
      const host = await start();
      await host.send(id('a'), bump);
      await expect(host.remove([id('a')], [poison])).rejects.toMatchObject({ code: 'invalid_input' });
      await host.send(id('a'), bump);
      expect(stored(host, 'a')).toMatchObject({ count: 2, revision: 2 });
    });
  });
}

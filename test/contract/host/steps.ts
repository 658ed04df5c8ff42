// Whose the data is, and what a step promises: order, durability, all or nothing.

import { describe, expect, it } from 'vitest';
import { MAILBOX_EVENTS_MAX } from '../../../src/core/limits.ts';
import { putMeta } from '../../../src/store/tables/accounts.ts';
import { answer, id } from '../../support/runtime.ts';
import { tempFolder } from '../../support/store.ts';
import type { CrashPoint } from '../../support/writer.ts';
import {
  ask,
  bump,
  type HostUnderTest,
  note,
  notes,
  type OpenHost,
  poison,
  refusedWith,
  restarter,
  starter,
  stored,
} from './underTest.ts';

export function testOwnership(open: OpenHost): void {
  const start = starter(open);
  const startAgain = restarter(open);

  it('are refused to a second host until the first is gone', async () => {
    const data = tempFolder();
    const first = await start({ data });
    await first.send(id('a'), bump);
    await expect(open({ data })).rejects.toMatchObject({ code: 'conflict' });
    expect(await first.send(id('a'), bump)).toBe(true);
    await first.crash();
    const second = await startAgain(first);
    expect(await second.send(id('a'), bump)).toBe(true);
    expect(stored(second, 'a')).toMatchObject({ count: 3, revision: 3 });
  });

  it('are handed over whole by a host that stops', async () => {
    const gate = Promise.withResolvers<void>();
    const perform = async ({ round }: { round: number }) => {
      await gate.promise;
      return { ...answer(round, 'done'), messages: [{ to: id('b'), event: note('from a') }] };
    };
    const first = await start({ handlers: { deliver: { perform } } });
    await first.send(id('a'), ask);
    await first.quiet();
    const stopped = first.stop();
    gate.resolve();
    await stopped;
    const second = await startAgain(first);
    await second.quiet();
    expect([notes(second, 'a'), notes(second, 'b')]).toEqual([['done'], ['from a']]);
    expect(second.effects()).toEqual([]);
  });

  it('end a host that writes after another one took over, and are spared what it wanted', async () => {
    const first = await start();
    await first.send(id('a'), bump);
    first.fence();
    const second = await startAgain(first);
    await second.send(id('a'), note('second'));
    await expect(first.send(id('a'), ask, { writes: [putMeta('x', '1')] })).rejects.toMatchObject({ code: 'conflict' });
    expect(first.ended).toMatchObject({ code: 'conflict' });
    await expect(first.send(id('b'), bump)).rejects.toMatchObject({ code: 'storage_unavailable' });
    await first.quiet();
    expect(first.did).toEqual([]);
    expect(second.ended).toBeNull();
    expect(await second.send(id('a'), bump)).toBe(true);
    expect(stored(second, 'a')).toMatchObject({ count: 2, notes: ['second'], revision: 3 });
    expect([second.row('x'), stored(second, 'b'), second.effects()]).toEqual([undefined, null, []]);
  });
}

export function testSteps(open: OpenHost): void {
  const start = starter(open);
  const startAgain = restarter(open);

  describe('that cannot be stored', () => {
    it('because a row is refused leaves nothing of itself, and others alone', async () => {
      const host = await start();
      const refused = host.send(id('a'), ask, {
        writes: [putMeta('x', '1'), poison],
        messages: [{ to: id('b'), event: bump }],
      });
      const other = host.send(id('c'), bump);
      await expect(refused).rejects.toMatchObject({ code: 'invalid_input' });
      expect(await other).toBe(true);
      await host.quiet();
      expect([stored(host, 'a'), stored(host, 'b'), host.row('x')]).toEqual([null, null, undefined]);
      expect([host.effects(), host.did]).toEqual([[], []]);
      expect(await host.send(id('a'), bump)).toBe(true);
      expect(stored(host, 'a')).toMatchObject({ count: 1, turn: 0, revision: 1 });
    });

    it('takes along what its actor decided since, and nothing else', async () => {
      const host = await start();
      const release = host.disk.hold();
      const sent = [
        host.send(id('a'), note('refused'), { writes: [poison] }),
        host.send(id('a'), note('since')),
        host.send(id('b'), note('other')),
      ];
      release();
      const outcomes = await Promise.allSettled(sent);
      expect(outcomes).toMatchObject([
        { status: 'rejected', reason: { code: 'invalid_input' } },
        { status: 'rejected', reason: { code: 'storage_unavailable' } },
        { status: 'fulfilled' },
      ]);
      expect([stored(host, 'a'), notes(host, 'b')]).toEqual([null, ['other']]);
    });

    it('because the disk is full takes along everything that was decided since', async () => {
      const host = await start();
      await host.send(id('a'), bump);
      const release = host.disk.hold();
      const atTheDisk = host.send(id('a'), ask);
      await host.quiet();
      host.disk.isFull = true;
      const since = host.send(id('a'), bump);
      const other = host.send(id('b'), bump);
      release();
      const outcomes = await Promise.allSettled([atTheDisk, since, other]);
      const failed = { status: 'rejected', reason: refusedWith('storage_unavailable') };
      expect(outcomes).toEqual([failed, failed, failed]);
      host.disk.isFull = false;
      await host.send(id('a'), bump);
      await host.send(id('b'), bump);
      await host.quiet();
      expect(stored(host, 'a')).toMatchObject({ count: 2, turn: 0, revision: 2 });
      expect(stored(host, 'b')).toMatchObject({ count: 1, revision: 1 });
      expect([host.did, host.ended]).toEqual([[], null]);
    });
  });

  describe('that is acknowledged', () => {
    it('is on disk with its rows and whatever it asks for', async () => {
      const never = { perform: () => new Promise<never>(() => {}) };
      const host = await start({ handlers: { deliver: never } });
      const messages = [{ to: id('a'), event: note('to myself') }];
      expect(await host.send(id('a'), ask, { writes: [putMeta('x', '1')], messages })).toBe(true);
      expect(stored(host, 'a')).toMatchObject({ turn: 1, revision: 1 });
      expect(host.row('x')).toBe('1');
      expect(host.effects()).toHaveLength(2);
      await host.crash();
    });

    it('survives a crash that follows at once', async () => {
      const first = await start();
      const acknowledged: string[] = [];
      const texts = Array.from({ length: 40 }, (_, n) => `${n}`);
      const sent = texts.map((text) =>
        first.send(id(`k${Number(text) % 7}`), note(text)).then(
          () => acknowledged.push(text),
          () => {},
        ),
      );
      await sent[0];
      const known = [...acknowledged];
      await first.crash();
      const second = await startAgain(first);
      const found = Array.from({ length: 7 }, (_, n) => notes(second, `k${n}`) ?? []).flat();
      expect(known.length).toBeGreaterThan(0);
      expect(found).toEqual(expect.arrayContaining(known));
    });

    it('was not before it was on disk', async () => {
      const first = await start();
      first.disk.hold();
      let isAcknowledged = false;
      void first.send(id('a'), ask).then(() => {
        isAcknowledged = true;
      });
      await first.quiet();
      expect(isAcknowledged).toBe(false);
      await first.crash();
      const second = await startAgain(first);
      await second.quiet();
      expect([stored(second, 'a'), second.effects(), first.did, second.did]).toEqual([null, [], [], []]);
    });

    it.each<[CrashPoint, number]>([
      ['beforeCommit', 0],
      ['afterCommit', 1],
    ])('or not: after a crash %s all of it is there or none', async (at, count) => {
      const first = await start();
      first.disk.crashAt(1, at);
      const messages = [{ to: id('b'), event: bump }];
      void first.send(id('a'), ask, { writes: [putMeta('x', '1')], messages });
      await first.quiet();
      expect(first.disk.hasCrashed).toBe(true);
      await first.crash();
      const second = await startAgain(first);
      await second.quiet();
      expect(stored(second, 'a')?.turn ?? 0).toBe(count);
      expect(stored(second, 'b')?.count ?? 0).toBe(count);
      expect(second.row('x') === undefined ? 0 : 1).toBe(count);
      expect(second.did).toHaveLength(count);
    });
  });

  describe('that changes nothing', () => {
    it('is answered with false and commits none of its rows', async () => {
      const host = await start();
      const extras = { writes: [putMeta('x', '1')], messages: [{ to: id('b'), event: bump }] };
      expect(await host.send(id('a'), { type: 'ignored' }, extras)).toBe(false);
      await host.quiet();
      expect([stored(host, 'a'), stored(host, 'b'), host.row('x')]).toEqual([null, null, undefined]);
    });

    it('because of one before it is answered only when that one is on disk', async () => {
      const host = await start();
      host.disk.isFull = true;
      const sent = [host.send(id('a'), ask), host.send(id('a'), ask)];
      const failed = { status: 'rejected', reason: refusedWith('storage_unavailable') };
      expect(await Promise.allSettled(sent)).toEqual([failed, failed]);
      host.disk.isFull = false;
      expect(await Promise.all([host.send(id('a'), ask), host.send(id('a'), ask)])).toEqual([true, false]);
      await host.quiet();
    });
  });

  describe('after step', () => {
    it('of one actor happens in the order they were sent in', async () => {
      const host = await start();
      const texts = Array.from({ length: 300 }, (_, n) => `${n}`);
      await Promise.all(texts.flatMap((text) => [host.send(id('a'), note(text)), host.send(id('b'), note(text))]));
      expect([notes(host, 'a'), notes(host, 'b')]).toEqual([texts, texts]);
      expect(stored(host, 'a')).toMatchObject({ revision: 300 });
    });

    it('loses nothing when hosts are passivated between them', async () => {
      const host = await start({ liveHostsMax: 2 });
      const keys = Array.from({ length: 20 }, (_, n) => `k${n}`);
      const sent = [1, 2, 3].flatMap(() => keys.map((key) => host.send(id(key), bump)));
      expect(await Promise.all(sent)).toEqual(sent.map(() => true));
      for (const key of keys) await host.send(id(key), bump);
      expect(keys.map((key) => stored(host, key)?.count)).toEqual(keys.map(() => 4));
      expect(host.ended).toBeNull();
    });
  });

  describe('too many', () => {
    /** Sends until somebody is refused; answers what became of each. */
    function flood(host: HostUnderTest): Promise<string>[] {
      return Array.from({ length: 2 * MAILBOX_EVENTS_MAX }, (_, n) =>
        host.send(id(`loud/${n % 3}`), bump).then(
          () => 'stored',
          ({ code }) => code as string,
        ),
      );
    }

    it('are refused to the owner who sends them, and to nobody else', async () => {
      const host = await start();
      const release = host.disk.hold();
      const flooded = flood(host);
      const quiet = host.send(id('quiet'), bump);
      await host.quiet();
      release();
      expect(await quiet).toBe(true);
      const outcomes = await Promise.all(flooded);
      const taken = outcomes.filter((outcome) => outcome === 'stored').length;
      expect(outcomes.filter((outcome) => outcome === 'overloaded')).toHaveLength(outcomes.length - taken);
      expect(taken).toBeLessThan(outcomes.length);
      const counts = [0, 1, 2].map((n) => stored(host, `loud/${n}`)?.count ?? 0);
      expect(counts.reduce((sum, count) => sum + count)).toBe(taken);
      expect(await host.send(id('loud/0'), bump)).toBe(true);
    });

    it('do not keep out the answer to what their owner asked for', async () => {
      const gate = Promise.withResolvers<void>();
      const perform = async ({ round }: { round: number }) => {
        await gate.promise;
        return answer(round, 'done');
      };
      const host = await start({ handlers: { deliver: { perform } } });
      await host.send(id('loud/asks'), ask);
      const release = host.disk.hold();
      const flooded = flood(host);
      gate.resolve();
      await host.quiet();
      release();
      expect(await Promise.all(flooded)).toContain('overloaded');
      await host.quiet();
      expect(notes(host, 'loud/asks')).toEqual(['done']);
    });
  });
}

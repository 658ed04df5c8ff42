// What every Writer promises, whichever thread it writes on.

import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ActorId, actorIdOf } from '../../src/core/ids.ts';
import { HISTORY_EVENTS, WAL_BYTES_KEPT } from '../../src/core/limits.ts';
import type { Reads, RowWrite, Step, Writer } from '../../src/store/port.ts';
import { openForReading, openForWriting } from '../../src/store/sqlite.ts';
import { putMeta } from '../../src/store/tables/accounts.ts';
import { deleteEffect, insertEffect } from '../../src/store/tables/effects.ts';
import { insertSnapshot, readSnapshot, resumeSnapshot, updateSnapshot } from '../../src/store/tables/snapshots.ts';
import { tempFolder } from '../support/store.ts';

const actor = (key: string) => actorIdOf('probe', key);
const step = (actorId: ActorId | null, ...writes: RowWrite[]): Step => ({ actorId, writes });
const snapshot = (actorId: ActorId, revision: number) => {
  const stored = { actorId, schemaVersion: 1, revision, wakeAtMs: null, state: '{}', event: '{}' };
  return revision === 1 ? insertSnapshot(stored) : updateSnapshot(stored);
};
const committed = { kind: 'committed' };

/** `open` starts a writer over the database at `path`; it must reject with what opening rejects with. */
export function testWriter(name: string, open: (path: string) => Promise<Writer>): void {
  const start = async () => {
    const path = join(tempFolder(), 'tenon.db');
    const writer = await open(path);
    const reads = openForReading(path);
    onTestFinished(() => {
      reads.close();
      return writer.close();
    });
    return { path, writer, reads };
  };

  describe(name, () => {
    it('refuses a database that a newer version wrote', async () => {
      const path = join(tempFolder(), 'tenon.db');
      const newer = openForWriting(path);
      newer.pragma('user_version = 99');
      newer.close();
      await expect(open(path)).rejects.toMatchObject({ code: 'snapshot_unreadable', remedy: expect.any(String) });
    });

    it('refuses a path where no database can be', async () => {
      await expect(open(join(tempFolder(), 'no', 'such', 'folder.db'))).rejects.toThrow();
    });

    it.each<[string, RowWrite, string]>([
      ['a row that breaks a constraint', insertEffect('taken', actor('a'), actor('a'), 'x'), 'rejected'],
      ['a row that is not there', deleteEffect('unknown'), 'rejected'],
      ['a value SQLite cannot hold', { statement: 'meta.put', params: ['a', {} as never] }, 'rejected'],
      ['too few parameters', { statement: 'meta.put', params: ['a'] }, 'rejected'],
      ['a statement nobody knows', { statement: 'meta.drop', params: [] }, 'rejected'],
      ['a statement nobody knows in a compare-and-set', { ...snapshot(actor('b'), 1), statement: 'no' }, 'rejected'],
      ['an actor that exists already', snapshot(actor('a'), 1), 'conflict'],
      ['another revision than the stored one', snapshot(actor('a'), 3), 'conflict'],
      ['another revision, with which a history begins anew', snapshot(actor('a'), 2 * HISTORY_EVENTS), 'conflict'],
      ['a pause lifted that is not there', resumeSnapshot(actor('a')), 'rejected'],
    ])('fails the step alone for %s', async (_name, poison, kind) => {
      const { writer, reads } = await start();
      await writer.write([
        step(actor('a'), snapshot(actor('a'), 1), insertEffect('taken', actor('a'), actor('a'), 'y')),
      ]);
      const outcome = await writer.write([
        step(null, putMeta('before', '1')),
        step(actor('p'), putMeta('poisoned', '1'), poison, putMeta('never', '1')),
        step(null, putMeta('after', '1')),
      ]);
      expect(outcome).toMatchObject({ steps: [committed, { kind, message: expect.any(String) }, committed] });
      expect(reads.all('SELECT name FROM meta ORDER BY name')).toEqual([{ name: 'after' }, { name: 'before' }]);
    });

    it('skips later steps of an actor whose step failed, and nobody else', async () => {
      const { writer, reads } = await start();
      const outcome = await writer.write([
        step(actor('a'), snapshot(actor('a'), 1), deleteEffect('unknown')),
        step(actor('b'), snapshot(actor('b'), 1)),
        step(actor('a'), putMeta('a', '1')),
        step(null, deleteEffect('unknown')),
        step(null, putMeta('nobody', '1')),
      ]);
      const rejected = { kind: 'rejected' };
      expect(outcome).toMatchObject({ steps: [rejected, committed, { kind: 'skipped' }, rejected, committed] });
      expect(readSnapshot(reads, actor('a'))).toBeUndefined();
      expect(reads.all('SELECT name FROM meta')).toEqual([{ name: 'nobody' }]);
    });

    it('commits steps that another connection then reads', async () => {
      const { writer, reads } = await start();
      const bytes = new Uint8Array([0, 255, 1]);
      const outcome = await writer.write([
        step(actor('a'), snapshot(actor('a'), 1), insertEffect('e1', actor('a'), actor('a'), '{}')),
        step(null, { statement: 'effects.setResult', params: [bytes, 'e1'], mustChange: 'rejected' }),
        step(actor('a'), snapshot(actor('a'), 2)),
        step(null),
      ]);
      expect(outcome).toEqual({ steps: [committed, committed, committed, committed] });
      expect(readSnapshot(reads, actor('a'))).toMatchObject({ revision: 2, pausedReason: null });
      expect(reads.get<{ result: Uint8Array }>('SELECT result FROM effects')?.result).toEqual(Buffer.from(bytes));
    });

    it('answers batches in their order', async () => {
      const { writer } = await start();
      const outcomes = await Promise.all(
        [1, 2, 3].map((n) => writer.write([step(actor('a'), snapshot(actor('a'), n))])),
      );
      expect(outcomes).toEqual([1, 2, 3].map(() => ({ steps: [committed] })));
    });

    it('keeps the database as its pragmas say', async () => {
      const { path } = await start();
      const database = openForWriting(path);
      onTestFinished(() => void database.close());
      const pragma = (text: string) => database.pragma(text, { simple: true });
      const names = ['journal_mode', 'synchronous', 'auto_vacuum', 'wal_autocheckpoint', 'secure_delete'];
      const FAST = 2;
      expect(names.map(pragma)).toEqual(['wal', 2, 2, 1000, FAST]);
      expect(pragma('journal_size_limit')).toBe(WAL_BYTES_KEPT);
    });

    it('opens what it wrote before', async () => {
      const { path, writer } = await start();
      await writer.write([step(actor('a'), snapshot(actor('a'), 1))]);
      await writer.close();
      const again = await open(path);
      onTestFinished(() => again.close());
      expect(await again.write([step(actor('a'), snapshot(actor('a'), 2))])).toEqual({ steps: [committed] });
    });

    it.each(['tenon.db', 'tenon.db-wal'])(
      'acknowledges nothing once its %s was removed or replaced: nobody would read it again',
      async (file) => {
        const { path, writer } = await start();
        await writer.write([step(null, putMeta('before', '1'))]);
        const removed = join(dirname(path), file);
        renameSync(removed, `${removed}.moved`);
        expect(await writer.write([step(null, putMeta('after', '1'))])).toMatchObject({
          failure: { kind: 'io', message: expect.stringContaining(`${file} was removed or replaced`) },
        });
        writeFileSync(removed, '');
        expect(await writer.write([step(null, putMeta('later', '1'))])).toMatchObject({ failure: { kind: 'io' } });
      },
    );

    it('leaves nothing but the database behind when it is closed', async () => {
      const folder = tempFolder();
      const writer = await open(join(folder, 'tenon.db'));
      await writer.write([step(actor('a'), snapshot(actor('a'), 1))]);
      await writer.close();
      expect(readdirSync(folder)).toEqual(['tenon.db']);
    });

    it('answers with a failure, and does not hang, once it is closed', async () => {
      const { writer } = await start();
      await writer.close();
      expect(await writer.write([step(null, putMeta('late', '1'))])).toMatchObject({ failure: { kind: 'io' } });
      await expect(writer.vacuum(1)).rejects.toMatchObject({ code: 'storage_unavailable' });
    });

    describe('gives free pages back', () => {
      const MARK = 'told in confidence';
      /** Writes much and deletes it again; answers how large the file became. */
      const fillAndEmpty = async ({ path, writer }: { path: string; writer: Writer }) => {
        const ids = Array.from({ length: 40 }, (_, n) => `e${n}`);
        await writer.write([step(null, ...ids.map((id) => insert(id, MARK.repeat(1000))))]);
        await writer.vacuum(0);
        const { size } = statSync(path);
        await writer.write([step(null, ...ids.map(deleteEffect))]);
        return size;
      };
      const insert = (id: string, payload: string) => insertEffect(id, actor('a'), actor('a'), payload);
      const freePages = (reads: Reads) => reads.get<{ freelist_count: number }>('PRAGMA freelist_count');

      it('no more than it is told, and none for 0', async () => {
        const started = await start();
        await fillAndEmpty(started);
        const free = freePages(started.reads)?.freelist_count ?? 0;
        expect(free).toBeGreaterThan(100);
        await started.writer.vacuum(0);
        expect(freePages(started.reads)).toEqual({ freelist_count: free });
        await started.writer.vacuum(30);
        expect(freePages(started.reads)).toEqual({ freelist_count: free - 30 });
      });

      it('between two batches, and leaves both whole', async () => {
        const { writer, reads } = await start();
        const outcomes = await Promise.all([
          writer.write([step(actor('a'), putMeta('a', '1'))]),
          writer.vacuum(10),
          writer.write([step(actor('a'), putMeta('b', '1'))]),
          writer.vacuum(10),
        ]);
        expect(outcomes).toEqual([{ steps: [committed] }, undefined, { steps: [committed] }, undefined]);
        expect(reads.all('SELECT name FROM meta')).toHaveLength(2);
      });

      it('while somebody reads, without waiting for them, and the log stays', async () => {
        const started = await start();
        await fillAndEmpty(started);
        const reader = openForWriting(started.path);
        onTestFinished(() => void reader.close());
        reader.exec('BEGIN');
        reader.prepare('SELECT count(*) FROM effects').get();
        await started.writer.vacuum(10_000);
        expect(freePages(started.reads)).toEqual({ freelist_count: 0 });
        expect(statSync(`${started.path}-wal`).size).toBeGreaterThan(0);
      });

      it('until none is left: then the file is small again and holds nothing of what was deleted', async () => {
        const started = await start();
        const size = await fillAndEmpty(started);
        expect(size).toBeGreaterThan(500_000);
        expect(readFileSync(`${started.path}-wal`).includes(MARK) || readFileSync(started.path).includes(MARK)).toBe(
          true,
        );
        for (let left = Infinity; left > 0; left = freePages(started.reads)?.freelist_count ?? 0) {
          await started.writer.vacuum(50);
        }
        expect(statSync(started.path).size).toBeLessThan(size / 2);
        expect(statSync(`${started.path}-wal`).size).toBe(0);
        expect(readFileSync(started.path).includes(MARK)).toBe(false);
      });
    });
  });
}

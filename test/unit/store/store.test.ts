import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openForWriting } from '../../../src/store/sqlite.ts';
import { SqliteWriter } from '../../../src/store/sqliteWriter.ts';
import { openStore, storeOver } from '../../../src/store/store.ts';
import { putMeta, readMeta } from '../../../src/store/tables/accounts.ts';
import { deleteEffect } from '../../../src/store/tables/effects.ts';
import { flush } from '../../support/clock.ts';
import { tempFolder, withFaultyStore, withStore } from '../../support/store.ts';

const open = (folder: string, writer: 'thread' | 'inThread' = 'inThread') =>
  openStore({ folder, writer, onFatal: () => {} });

async function otherOwner(folder: string): Promise<ChildProcess> {
  const script = join(import.meta.dirname, '..', '..', 'support', 'owner.ts');
  const child = spawn(process.execPath, [script, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

describe('a data folder', () => {
  it('is refused to a second owner in another process, by name, and is free when that one is killed', async () => {
    const folder = tempFolder();
    const child = await otherOwner(folder);
    await expect(open(folder)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`pid ${child.pid}`),
      remedy: expect.any(String),
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { store } = await withStore({ folder, writer: 'thread' });
    expect(store.ownerEpoch).toBe(2);
  });

  it('is refused to a second owner in the same process', async () => {
    const { folder } = await withStore();
    await expect(open(folder)).rejects.toMatchObject({ code: 'conflict' });
  });

  it.each(['thread', 'inThread'] as const)('of a newer version is refused and left unlocked (%s)', async (writer) => {
    const folder = tempFolder();
    const newer = openForWriting(join(folder, 'tenon.db'));
    newer.pragma('user_version = 99');
    newer.close();
    await expect(open(folder, writer)).rejects.toMatchObject({ code: 'snapshot_unreadable' });
    await expect(open(folder, writer)).rejects.toMatchObject({ code: 'snapshot_unreadable' });
  });

  it.each(['thread', 'inThread'] as const)(
    'of which another program has the database is refused in one line (%s)',
    async (writer) => {
      const folder = tempFolder();
      const other = openForWriting(join(folder, 'tenon.db'));
      other.pragma('locking_mode = EXCLUSIVE');
      other.exec('BEGIN EXCLUSIVE');
      await expect(open(folder, writer)).rejects.toMatchObject({
        code: 'storage_unavailable',
        message: `the data folder ${folder} cannot be used: database is locked`,
        remedy: expect.stringContaining('no other program'),
      });
      other.close();
      const { store } = await withStore({ folder, writer });
      expect(store.isHealthy).toBe(true);
    },
    20_000,
  );

  it('where no folder can be is refused in one line', async () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    await expect(open(join(file, 'data'))).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: expect.stringContaining('cannot be used: ENOTDIR'),
    });
  });

  it('that is not a database is refused, and not as if somebody else had it', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'owner.lock'), 'not a database, but long enough to be looked at'.repeat(40));
    await expect(open(folder)).rejects.not.toMatchObject({ code: 'conflict' });
  });

  it.skipIf(process.getuid?.() === 0)('that may not be written is refused (root may write everywhere)', async () => {
    const folder = tempFolder();
    chmodSync(folder, 0o500);
    await expect(open(folder)).rejects.not.toMatchObject({ code: 'conflict' });
  });

  it('that cannot be used after all leaves no thread behind that would keep the process alive', async () => {
    const folder = tempFolder();
    const database = openForWriting(join(folder, 'tenon.db'));
    database.exec('DROP TABLE meta');
    database.close();
    const started = once(process, 'worker') as Promise<[Worker]>;
    const opened = open(folder, 'thread');
    const [thread] = await started;
    const ended = once(thread, 'exit');
    await expect(opened).rejects.toThrow('meta');
    await ended;
  });

  it('is given up only when nothing writes to it any more', async () => {
    const path = join(tempFolder(), 'tenon.db');
    const order: string[] = [];
    const writer = new SqliteWriter(path);
    const close = writer.close.bind(writer);
    writer.close = async () => {
      await flush(1);
      await close();
      order.push('closed');
    };
    const store = await storeOver(
      path,
      writer,
      () => {},
      () => order.push('released'),
    );
    const last = store.commit([putMeta('a', '1')]).then(() => order.push('committed'));
    await store.close();
    await last;
    expect(order).toEqual(['committed', 'closed', 'released']);
  });

  it('is created for its owner alone', async () => {
    const folder = join(tempFolder(), 'data', 'tenon');
    await withStore({ folder });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(existsSync(join(folder, 'tenon.db'))).toBe(true);
  });

  it('keeps its epoch and counts its owners', async () => {
    const folder = tempFolder();
    const first = await open(folder, 'thread');
    await first.close();
    const second = await open(folder, 'inThread');
    await second.close();
    expect([first.ownerEpoch, second.ownerEpoch]).toEqual([1, 2]);
    expect(second.epoch).toBe(first.epoch);
    expect(first.epoch.length).toBeGreaterThanOrEqual(12);
  });
});

describe.each(['thread', 'inThread'] as const)('a store with its writer %s', (writer) => {
  it('rejects a refused row and commits nothing of it', async () => {
    const { store, fatal } = await withStore({ writer });
    await expect(store.commit([putMeta('a', '1'), deleteEffect('unknown')])).rejects.toMatchObject({
      code: 'invalid_input',
      publicDetail: 'the change was refused',
    });
    expect(readMeta(store.reads, 'a')).toBeUndefined();
    expect(fatal).toEqual([]);
  });

  it('rejects what comes after it was closed, quietly', async () => {
    const { store, fatal } = await withStore({ writer });
    const before = store.commit([putMeta('a', '1')]);
    await Promise.all([store.close(), before]);
    await expect(store.commit([putMeta('b', '1')])).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(fatal).toEqual([]);
  });

  it('reads what a commit that resolved has written', async () => {
    const { store } = await withStore({ writer });
    await Promise.all(['a', 'b', 'c'].map((name) => store.commit([putMeta(name, name)])));
    expect(['a', 'b', 'c'].map((name) => readMeta(store.reads, name))).toEqual(['a', 'b', 'c']);
  });
});

describe('a store whose disk fails', () => {
  it('rejects, is not healthy, and tells its listeners when it is again', async () => {
    const { store, writer, fatal } = await withFaultyStore();
    let recoveries = 0;
    store.onRecovered(() => {
      recoveries += 1;
    });
    writer.failure = { kind: 'full', message: 'SQLITE_FULL database or disk is full' };
    await expect(store.commit([putMeta('a', '1')])).rejects.toMatchObject({
      code: 'storage_unavailable',
      publicDetail: 'the disk is full',
    });
    expect(store.isHealthy).toBe(false);
    writer.failure = null;
    await store.commit([putMeta('a', '1')]);
    expect({ isHealthy: store.isHealthy, recoveries, fatal }).toEqual({ isHealthy: true, recoveries: 1, fatal: [] });
  });

  it('ends the process after an I/O error', async () => {
    const { store, writer, fatal } = await withFaultyStore();
    writer.failure = { kind: 'io', message: 'SQLITE_IOERR' };
    await expect(store.commit([putMeta('a', '1')])).rejects.toMatchObject({ publicDetail: 'the disk failed' });
    await flush(2);
    expect(fatal).toMatchObject([{ code: 'storage_unavailable' }]);
  });
});

describe('the connection for reading', () => {
  it('cannot write', async () => {
    const { store } = await withStore();
    expect(() => store.reads.all('DELETE FROM meta')).toThrow();
  });
});

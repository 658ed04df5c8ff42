import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { copyDatabase } from '../../../src/store/backup.ts';
import { readBackup } from '../../../src/store/backupFile.ts';
import { openForReading, openForWriting } from '../../../src/store/sqlite.ts';
import type { Store } from '../../../src/store/store.ts';
import { putMeta, readMeta } from '../../../src/store/tables/accounts.ts';
import { flush } from '../../support/clock.ts';
import { tempFolder, withFaultyStore, withStore } from '../../support/store.ts';

const MADE_AT_MS = Date.UTC(2026, 0, 5);

/** Enough pages that a copy takes several steps. */
async function fill(store: Store, rows = 300): Promise<void> {
  const writes = Array.from({ length: rows }, (_, n) => putMeta(`row ${n}`, `${n}`.repeat(20_000 / `${n}`.length)));
  for (let n = 0; n < rows; n += 50) await store.commit(writes.slice(n, n + 50));
}

describe('a backup is not made', () => {
  it('of what is not there, and leaves nothing', async () => {
    const folder = tempFolder();
    const order = { path: join(folder, 'none.db'), copyPath: join(folder, 'copy.db'), madeAtMs: MADE_AT_MS };
    await expect(copyDatabase(order)).rejects.toThrow();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of what is no database, and leaves only that', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'other.db'), 'x'.repeat(8192));
    const order = { path: join(folder, 'other.db'), copyPath: join(folder, 'copy.db'), madeAtMs: MADE_AT_MS };
    await expect(copyDatabase(order)).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(readdirSync(folder)).toEqual(['other.db']);
  });

  it('where no file can be', async () => {
    const { folder } = await withStore();
    const copyPath = join(folder, 'no', 'such', 'folder.db');
    const order = { path: join(folder, 'tenon.db'), copyPath, madeAtMs: MADE_AT_MS };
    await expect(copyDatabase(order)).rejects.toThrow();
  });

  it('while another one is made or read', async () => {
    const { store } = await withStore();
    const first = store.backup(MADE_AT_MS);
    await expect(store.backup(MADE_AT_MS)).rejects.toMatchObject({ code: 'conflict' });
    const made = await first;
    await expect(store.backup(MADE_AT_MS)).rejects.toMatchObject({ code: 'conflict' });
    made.dispose();
    const second = await store.backup(MADE_AT_MS);
    made.dispose();
    expect(existsSync(second.path)).toBe(true);
    second.dispose();
  });

  it('when the store closes: it ends at once and leaves nothing', async () => {
    const { store, folder } = await withStore({ writer: 'thread' });
    await fill(store);
    const made = store.backup(MADE_AT_MS).catch((error: unknown) => error);
    await flush(1);
    await store.close();
    expect(await made).toMatchObject({ code: 'storage_unavailable' });
    expect(readdirSync(folder).filter((name) => name.includes('backup'))).toEqual([]);
  });
});

describe('a backup', () => {
  it('is one moment of a database that is being written, and writing goes on meanwhile', async () => {
    const { store } = await withStore({ writer: 'thread' });
    await fill(store, 1000);
    let commits = 0;
    let isOver = false;
    // Two rows far apart that are equal at every moment.
    const writing = (async () => {
      while (!isOver) {
        commits += 1;
        await store.commit([putMeta('a first row', String(commits)), putMeta('zz last row', String(commits))]);
      }
    })();
    await flush(3);
    const commitsBefore = commits;
    const backup = await store.backup(MADE_AT_MS);
    const commitsDuring = commits - commitsBefore;
    isOver = true;
    await writing;
    const reads = openForReading(backup.path);
    onTestFinished(() => {
      reads.close();
      backup.dispose();
    });
    const first = Number(readMeta(reads, 'a first row'));
    expect(readMeta(reads, 'zz last row')).toBe(String(first));
    expect(first).toBeGreaterThanOrEqual(commitsBefore - 1);
    expect(first).toBeLessThan(commits);
    expect(commitsDuring).toBeGreaterThan(3);
  });

  it('is one whole file that knows when it was made, without a log or free pages', async () => {
    const { store, writer } = await withFaultyStore();
    await fill(store, 100);
    await store.commit(Array.from({ length: 90 }, (_, n) => putMeta(`row ${n}`, '')));
    const backup = await store.backup(MADE_AT_MS);
    onTestFinished(backup.dispose);
    expect(readBackup(backup.path)).toMatchObject({
      epoch: store.epoch,
      madeAtMs: MADE_AT_MS,
      renewableConnections: 0,
    });
    expect(backup.bytes).toBe(statSync(backup.path).size);
    expect(backup.bytes).toBeLessThan(1_000_000);
    expect(existsSync(`${backup.path}-wal`)).toBe(false);
    expect(writer.isDead).toBe(false);
    // Bytes 18 and 19 say which journal the file wants; 1 is none that lies beside it.
    expect([...readFileSync(backup.path).subarray(18, 20)]).toEqual([1, 1]);
  });

  it('that an earlier process left half done is removed when the store opens', async () => {
    const folder = tempFolder();
    for (const suffix of ['', '-journal']) writeFileSync(join(folder, `tenon.db.backup${suffix}`), 'half');
    await withStore({ folder });
    expect(readdirSync(folder).filter((name) => name.includes('backup'))).toEqual([]);
  });
});

describe('a file is not taken for a backup', () => {
  const fileOf = (make: (path: string) => void) => {
    const path = join(tempFolder(), 'file');
    make(path);
    return path;
  };
  const databaseOf = (change: (database: ReturnType<typeof openForWriting>) => void) =>
    fileOf((path) => {
      const database = openForWriting(path);
      database.exec("INSERT INTO meta VALUES ('epoch', 'e')");
      change(database);
      database.pragma('journal_mode = DELETE');
      database.close();
    });

  it.each<[string, () => string, string, RegExp]>([
    ['that is not there', () => join(tempFolder(), 'none'), 'not_found', /cannot be read/],
    ['that is a folder', () => tempFolder(), 'not_found', /cannot be read/],
    ['that is empty', () => fileOf((path) => writeFileSync(path, '')), 'invalid_input', /is not a Tenon database/],
    ['of another kind', () => fileOf((path) => writeFileSync(path, 'x'.repeat(9000))), 'invalid_input', /not a Tenon/],
    [
      'of another product',
      () => databaseOf((database) => database.exec('DROP TABLE meta')),
      'invalid_input',
      /not a Ten/,
    ],
    [
      'without an epoch',
      () => databaseOf((database) => database.exec('DELETE FROM meta')),
      'invalid_input',
      /not a Ten/,
    ],
    [
      'without a schema',
      () => databaseOf((database) => database.pragma('user_version = 0')),
      'invalid_input',
      /not a T/,
    ],
    [
      'of a newer version',
      () => databaseOf((database) => database.pragma('user_version = 999')),
      'snapshot_unreadable',
      /newer version \(schema 999/,
    ],
    [
      'whose end is missing',
      () => {
        const path = databaseOf((database) => database.exec("INSERT INTO meta VALUES ('big', hex(zeroblob(200000)))"));
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.subarray(0, bytes.length - 40 * 4096));
        return path;
      },
      'invalid_input',
      /is damaged/,
    ],
    [
      'in which a page was overwritten',
      () => {
        const path = databaseOf((database) => database.exec("INSERT INTO meta VALUES ('big', hex(zeroblob(200000)))"));
        const bytes = readFileSync(path);
        bytes.fill(0x5a, 3 * 4096, 12 * 4096);
        writeFileSync(path, bytes);
        return path;
      },
      'invalid_input',
      /is damaged/,
    ],
  ])('%s', (_name, path, code, message) => {
    let error: unknown;
    try {
      readBackup(path());
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

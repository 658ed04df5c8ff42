import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { IntegrationError } from '../../../src/core/errors.ts';
import { finishRestore, restoreDatabase } from '../../../src/store/restore.ts';
import { openForReading, openForWriting } from '../../../src/store/sqlite.ts';
import { openStore } from '../../../src/store/store.ts';
import { putMeta, readMeta } from '../../../src/store/tables/accounts.ts';
import { tempFolder, withStore } from '../../support/store.ts';

const open = (folder: string) => openStore({ folder, writer: 'inThread', onFatal: () => {} });

/** A backup in which `is` says `new`. */
async function backupFile(): Promise<{ file: string; epoch: string; ownerEpoch: number }> {
  const { store } = await withStore();
  await store.commit([putMeta('is', 'new')]);
  const backup = await store.backup(Date.UTC(2026, 0, 5));
  const file = join(tempFolder(), 'backup');
  copyFileSync(backup.path, file);
  backup.dispose();
  return { file, epoch: store.epoch, ownerEpoch: store.ownerEpoch };
}

/** A folder whose process was killed: `is` says `old`, in a commit that is only in the log. */
async function crashedFolder(): Promise<string> {
  const live = tempFolder();
  const { store } = await withStore({ folder: live });
  await store.vacuum(0);
  await store.commit([putMeta('is', 'old')]);
  const folder = tempFolder();
  for (const name of ['tenon.db', 'tenon.db-wal', 'tenon.db-shm']) copyFileSync(join(live, name), join(folder, name));
  return folder;
}

async function isWhat(folder: string): Promise<string | undefined> {
  const store = await open(folder);
  const value = readMeta(store.reads, 'is');
  await store.close();
  return value;
}

function readAside(path: string): string | undefined {
  const reads = openForReading(path);
  onTestFinished(() => reads.close());
  return readMeta(reads, 'is');
}

const asideIn = (folder: string) => readdirSync(folder).filter((name) => /^tenon\.db\.before-[\dTZ.-]+Z$/.test(name));

const restore = (folder: string, file: string, isForced = false) =>
  restoreDatabase({ folder, file, isForced, check: () => {} });

describe('a restore is refused and changes nothing', () => {
  const unchanged = async (folder: string, attempt: () => unknown, expected: object) => {
    const before = readdirSync(folder);
    const database = readFileSync(join(folder, 'tenon.db'));
    await expect((async () => attempt())()).rejects.toMatchObject(expected);
    expect(
      readdirSync(folder)
        .filter((name) => !name.startsWith('owner'))
        .sort(),
    ).toEqual(before.filter((name) => !name.startsWith('owner')).sort());
    expect(readFileSync(join(folder, 'tenon.db')).equals(database)).toBe(true);
    expect(await isWhat(folder)).toBe('old');
  };

  it('while a process has the folder', async () => {
    const { file } = await backupFile();
    const { store, folder } = await withStore();
    expect(() => restore(folder, file, true)).toThrow(expect.objectContaining({ code: 'conflict' }));
    await store.commit([putMeta('still', 'there')]);
  });

  it('where a database is, unless it is forced', async () => {
    const { file } = await backupFile();
    const folder = await crashedFolder();
    await unchanged(folder, () => restore(folder, file), {
      code: 'conflict',
      remedy: expect.stringContaining('--force'),
    });
  });

  it('for a file that is not there, no database, or damaged', async () => {
    const { file } = await backupFile();
    const folder = await crashedFolder();
    await unchanged(folder, () => restore(folder, `${file}.none`, true), { code: 'not_found' });
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, 10 * 4096));
    await unchanged(folder, () => restore(folder, file, true), { code: 'invalid_input' });
    writeFileSync(file, 'x'.repeat(10_000));
    await unchanged(folder, () => restore(folder, file, true), { code: 'invalid_input' });
  });

  it('for a file that a newer version made', async () => {
    const { file } = await backupFile();
    const newer = openForWriting(file);
    newer.pragma('journal_mode = DELETE');
    newer.pragma('user_version = 99');
    newer.close();
    const folder = await crashedFolder();
    await unchanged(folder, () => restore(folder, file, true), { code: 'snapshot_unreadable' });
  });

  it('for a database that was copied together with its log', async () => {
    const source = await crashedFolder();
    const folder = await crashedFolder();
    const attempt = () => restore(folder, join(source, 'tenon.db'), true);
    await unchanged(folder, attempt, { code: 'invalid_input', remedy: expect.stringContaining('tenon backup') });
  });

  it('if what the caller checks is not as it should be', async () => {
    const { file } = await backupFile();
    const folder = await crashedFolder();
    const check = () => {
      throw new IntegrationError('invalid_input', 'not with this key');
    };
    const attempt = () => restoreDatabase({ folder, file, isForced: true, check });
    await unchanged(folder, attempt, { message: 'not with this key' });
  });
});

describe('a restore', () => {
  it('fills an empty folder, as another store than the one that was copied', async () => {
    const { file, epoch, ownerEpoch } = await backupFile();
    const folder = join(tempFolder(), 'data');
    const restored = restore(folder, file);
    expect(restored).toMatchObject({ asidePath: null, madeAtMs: Date.UTC(2026, 0, 5), epoch, connections: 0 });
    expect(statSync(join(folder, 'tenon.db')).mode & 0o777).toBe(0o600);
    const store = await open(folder);
    onTestFinished(() => store.close());
    expect(readMeta(store.reads, 'is')).toBe('new');
    expect(store.epoch).not.toBe(epoch);
    expect(store.epoch).toHaveLength(epoch.length);
    expect(store.ownerEpoch).toBe(ownerEpoch + 2);
  });

  it('that is forced keeps the database that was there, with the commits in its log', async () => {
    const { file } = await backupFile();
    const folder = await crashedFolder();
    const { asidePath } = restore(folder, file, true);
    expect(asidePath).toBe(join(folder, asideIn(folder)[0] ?? ''));
    expect(await isWhat(folder)).toBe('new');
    expect(readAside(asidePath ?? '')).toBe('old');
  });

  it('replaces a database that cannot be opened any more', async () => {
    const { file } = await backupFile();
    const folder = tempFolder();
    writeFileSync(join(folder, 'tenon.db'), 'ruined'.repeat(1000));
    restore(folder, file, true);
    expect(await isWhat(folder)).toBe('new');
    expect(readFileSync(join(folder, asideIn(folder)[0] ?? ''), 'utf8')).toContain('ruined');
  });

  it('may be done twice', async () => {
    const { file } = await backupFile();
    const folder = await crashedFolder();
    const first = restore(folder, file, true).asidePath;
    await isWhat(folder);
    const second = restore(folder, file, true).asidePath;
    expect(new Set([first, second, null]).size).toBe(3);
    expect(asideIn(folder)).toHaveLength(2);
  });
});

/** What a restore does to a folder, one change at a time. */
const CHANGES: readonly (readonly [string, (folder: string, file: string) => void])[] = [
  [
    'the copy was begun',
    (folder, file) => writeFileSync(join(folder, 'tenon.db.restoring'), readFileSync(file).subarray(0, 9000)),
  ],
  ['the copy was whole', (folder, file) => copyFileSync(file, join(folder, 'tenon.db.restoring'))],
  ['it was decided', (folder) => renameSync(join(folder, 'tenon.db.restoring'), join(folder, 'tenon.db.restored'))],
  ['the log was moved', (folder) => renameSync(join(folder, 'tenon.db-wal'), join(folder, `${asideName(folder)}-wal`))],
  ['the database was moved', (folder) => renameSync(join(folder, 'tenon.db'), join(folder, asideName(folder)))],
  ['the copy was in its place', (folder) => renameSync(join(folder, 'tenon.db.restored'), join(folder, 'tenon.db'))],
];

function asideName(folder: string): string {
  const madeAt = new Date(Math.floor(statSync(join(folder, 'tenon.db.restored')).mtimeMs)).toISOString();
  return `tenon.db.before-${madeAt.replaceAll(':', '-')}`;
}

describe('a crash in a forced restore', () => {
  it.each(CHANGES.map(([name], index) => [name, index] as const))(
    'right after %s leaves the old database or the new one, whole',
    async (_name, last) => {
      const { file } = await backupFile();
      const folder = await crashedFolder();
      for (const [, change] of CHANGES.slice(0, last + 1)) change(folder, file);
      const isDecided = last >= 2;
      expect(await isWhat(folder)).toBe(isDecided ? 'new' : 'old');
      expect(readdirSync(folder).filter((name) => /restor/.test(name))).toEqual([]);
      expect(asideIn(folder)).toHaveLength(isDecided ? 1 : 0);
      for (const name of asideIn(folder)) expect(readAside(join(folder, name))).toBe('old');
      // The new database never sees the old log.
      expect(await isWhat(folder)).toBe(isDecided ? 'new' : 'old');
    },
  );

  it('before anything was there leaves nothing to complete', () => {
    const folder = tempFolder();
    expect(finishRestore(folder)).toBeNull();
    expect(existsSync(join(folder, 'tenon.db'))).toBe(false);
  });
});

// Real file systems that are full, read-only or in somebody else's hands, around a real process. Mounting needs rights
// that a machine may not give; what cannot be had there is skipped and says so.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { openForWriting, type SqliteDatabase } from '../../src/store/sqlite.ts';
import { type ServeProcess, spawnServe } from '../support/process.ts';

function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function mount(...words: readonly string[]): void {
  execFileSync('mount', words, { stdio: 'ignore' });
}

function unmount(path: string): void {
  execFileSync('umount', ['--lazy', path], { stdio: 'ignore' });
}

/** A disk of a few megabytes, in memory. */
function smallDisk(): string {
  const folder = tempFolder();
  mount('-t', 'tmpfs', '-o', 'size=4m', 'tenon-test', folder);
  onTestFinished(() => unmount(folder));
  return folder;
}

const MAY_MOUNT = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-mount-'));
  try {
    mount('-t', 'tmpfs', '-o', 'size=64k', 'tenon-test', folder);
    unmount(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
})();

/** Takes every byte that is left. */
function fill(folder: string): void {
  expect(() => writeFileSync(join(folder, 'ballast'), Buffer.alloc(8 * 1_048_576))).toThrow('ENOSPC');
}

interface Client {
  readonly serve: ServeProcess;
  /** The status, and the problem if it is one. */
  add(name: string): Promise<JsonObject & { status: number }>;
  names(): Promise<string[]>;
  status(path: string): Promise<number>;
}

/** A first start of a folder, and what can be asked of it. */
async function client(dataFolder: string): Promise<Client> {
  const serve = spawnServe({ TENON_DATA_DIR: dataFolder });
  const projectId = await serve.printed(/project {3}(\S+)/);
  return clientOf(serve, { projectId, apiKey: await serve.printed(/API key {3}(\S+)/) });
}

async function clientOf(serve: ServeProcess, key: { projectId: string; apiKey: string }): Promise<Client> {
  const origin = await serve.printed(/serves (http:\S+)/);
  const url = `${origin}/v1/projects/${key.projectId}/destinations`;
  const headers = { 'x-api-key': key.apiKey, 'content-type': 'application/json' };
  return {
    serve,
    async add(name) {
      const body = JSON.stringify({ name, type: 'webhook', metadata: { url: 'https://example.com' } });
      const answer = await fetch(url, { method: 'POST', headers, body });
      return { ...((await answer.json()) as JsonObject), status: answer.status };
    },
    async names() {
      const listed = (await (await fetch(url, { headers })).json()) as { name: string }[];
      return listed.map(({ name }) => name);
    },
    status: async (path) => (await fetch(origin + path)).status,
  };
}

async function stopped({ serve }: Client): Promise<void> {
  serve.child.kill('SIGTERM');
  expect(await serve.ended).toMatchObject({ code: 0, stderr: '' });
}

describe.skipIf(!MAY_MOUNT)('a disk that is really full (skipped where nothing may be mounted)', () => {
  it('refuses changes, answers questions, and takes changes again when there is room', async () => {
    const disk = smallDisk();
    const tenon = await client(join(disk, 'data'));
    expect(await tenon.add('before')).toMatchObject({ status: 201 });
    fill(disk);
    for (const name of ['one', 'two']) {
      expect(await tenon.add(name)).toMatchObject({ status: 503, code: 'storage_unavailable', retryable: true });
    }
    expect([await tenon.status('/ready'), await tenon.status('/health')]).toEqual([503, 200]);
    expect(await tenon.names()).toEqual(['before']);

    rmSync(join(disk, 'ballast'));
    expect(await tenon.status('/ready')).toBe(200);
    expect(await tenon.add('after')).toMatchObject({ status: 201 });
    await stopped(tenon);
  });

  it('keeps what was acknowledged when the process dies on it', async () => {
    const disk = smallDisk();
    const tenon = await client(join(disk, 'data'));
    const key = {
      projectId: await tenon.serve.printed(/project {3}(\S+)/),
      apiKey: await tenon.serve.printed(/API key {3}(\S+)/),
    };
    const taken: string[] = [];
    // The log grows with every change, so that the disk fills up in the middle of one.
    for (let count = 0; count < 1000; count += 1) {
      const name = `destination-${count}`;
      if ((await tenon.add(name)).status !== 201) break;
      taken.push(name);
      if (count === 20) writeFileSync(join(disk, 'ballast'), Buffer.alloc(2 * 1_048_576));
    }
    expect(taken.length).toBeGreaterThan(20);
    expect(taken.length).toBeLessThan(1000);
    tenon.serve.child.kill('SIGKILL');
    await tenon.serve.ended;
    rmSync(join(disk, 'ballast'));
    const again = await clientOf(spawnServe({ TENON_DATA_DIR: join(disk, 'data') }), key);
    expect((await again.names()).toSorted()).toEqual(taken.toSorted());
    await stopped(again);
  });
});

describe.skipIf(!MAY_MOUNT)('a start on a disk (skipped where nothing may be mounted)', () => {
  it.each([
    ['that is full', (disk: string) => fill(disk)],
    ['that may only be read', (disk: string) => mount('-o', 'remount,ro', disk)],
  ])('%s is refused in one line', async (_what, spoil) => {
    const disk = smallDisk();
    await stopped(await client(join(disk, 'data')));
    spoil(disk);
    const { code, stdout, stderr } = await spawnServe({ TENON_DATA_DIR: join(disk, 'data') }).ended;
    expect([code, stdout, stderr.trimEnd().split('\n')]).toEqual([
      1,
      '',
      [expect.stringMatching(/^error: the data folder .*\/data cannot be used: .* Check that its disk has room/)],
    ]);
  });
});

describe('a data folder', () => {
  it('that is taken away ends the process: nothing is acknowledged that nobody could read', async () => {
    const data = join(tempFolder(), 'data');
    const tenon = await client(data);
    expect(await tenon.add('before')).toMatchObject({ status: 201 });
    renameSync(data, `${data}.moved`);
    const refused = await tenon.add('after').catch(() => ({ status: 'cut off' }));
    expect(refused.status).not.toBe(201);
    expect(await tenon.serve.ended).toMatchObject({ code: 70, stderr: expect.stringContaining('the disk failed') });
  });
});

describe.skipIf(!MAY_MOUNT)('a database that may only be read (skipped where nothing may be mounted)', () => {
  it('is refused in one line', async () => {
    const data = join(tempFolder(), 'data');
    await stopped(await client(data));
    const file = join(data, 'tenon.db');
    mount('--bind', file, file);
    onTestFinished(() => unmount(file));
    mount('-o', 'remount,ro,bind', file);
    const { code, stdout, stderr } = await spawnServe({ TENON_DATA_DIR: data }).ended;
    expect([code, stdout, stderr.trimEnd().split('\n')]).toEqual([
      1,
      '',
      [expect.stringMatching(/^error: the data folder .* cannot be used: .*read-only file system/)],
    ]);
  });
});

/** The write lock of a database, as a shell or a copying tool would take it. */
function hold(dataFolder: string): SqliteDatabase {
  const other = openForWriting(join(dataFolder, 'tenon.db'));
  onTestFinished(() => void other.close());
  other.exec('BEGIN IMMEDIATE');
  return other;
}

describe('a database that another program holds', () => {
  it('is not opened, and refuses changes to a server that has it open until the other lets go', async () => {
    const [data, closedData] = [join(tempFolder(), 'data'), join(tempFolder(), 'data')];
    await stopped(await client(closedData));
    const tenon = await client(data);
    hold(closedData);
    const other = hold(data);
    // Each waits for as long as SQLite waits for a lock.
    const refused = tenon.add('refused');
    const start = spawnServe({ TENON_DATA_DIR: closedData });
    expect(await tenon.names()).toEqual([]);
    expect(await refused).toMatchObject({ status: 503, code: 'storage_unavailable', retryable: true });
    other.exec('ROLLBACK');
    expect(await tenon.add('taken')).toMatchObject({ status: 201 });
    expect(await tenon.status('/ready')).toBe(200);
    await stopped(tenon);
    const { code, stdout, stderr } = await start.ended;
    expect([code, stdout, stderr.trimEnd().split('\n')]).toEqual([1, '', [expect.stringMatching(/^error: .*locked/)]]);
  });
});

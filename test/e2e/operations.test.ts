// Backup, restore and erasure as an operator does them: commands of their own process, against a server that is running
// and against a folder that none has.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readBackup } from '../../src/store/backupFile.ts';
import { openForWriting } from '../../src/store/sqlite.ts';
import { putMeta } from '../../src/store/tables/accounts.ts';
import { integration, manifest, readObject } from '../support/drive.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';

const TENON = join(import.meta.dirname, '../../src/cli/tenon.ts');

interface Ran {
  readonly code: number | null;
  readonly out: string;
  /** Lines of standard error. */
  readonly lines: readonly string[];
}

/** Runs a command. `blocksMax` bounds every file it writes, in KB. */
async function run(env: Readonly<Record<string, string>>, args: readonly string[], blocksMax?: number): Promise<Ran> {
  const [file, given] =
    blocksMax === undefined
      ? [process.execPath, [TENON, ...args]]
      : ['bash', ['-c', `ulimit -f ${blocksMax} && exec "$0" "$@"`, process.execPath, TENON, ...args]];
  const child = spawn(file, given, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, out, lines: error.split('\n').filter((line) => line !== '') };
}

function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-operations-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const envOf = (tenon: Tenon) => ({ TENON_DATA_DIR: join(tenon.folder, 'data') });

/** The data of a Tenon that was used and stopped. */
async function usedFolder(): Promise<string> {
  const folder = join(tempFolder(), 'data');
  await using tenon = await startTenon();
  await tenon.addWebhook('hook');
  await tenon.halt();
  cpSync(join(tenon.folder, 'data'), folder, { recursive: true });
  return folder;
}

function expectRefused({ code, lines, out }: Ran, says: RegExp): void {
  expect([code, out, lines]).toEqual([1, '', [expect.stringMatching(says)]]);
}

describe('tenon backup is refused', () => {
  it('over a file that exists, and leaves it as it is', async () => {
    const folder = await usedFolder();
    const file = join(tempFolder(), 'backup');
    writeFileSync(file, 'precious');
    expectRefused(await run({ TENON_DATA_DIR: folder }, ['backup', file]), /^error: .*exists already\. .*--force/);
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  it('over what is in the data folder or is no file, also if forced', async () => {
    const folder = await usedFolder();
    const before = readFileSync(join(folder, 'master.key'), 'utf8');
    for (const file of [join(folder, 'master.key'), join(folder, 'tenon.db'), tempFolder()]) {
      const ran = await run({ TENON_DATA_DIR: folder }, ['backup', '--force', file]);
      expectRefused(ran, /^error: .* is (in the data folder|not a file) and is not replaced\. Choose another name\.$/);
    }
    expect(readFileSync(join(folder, 'master.key'), 'utf8')).toBe(before);
  });

  it('where there is no data', async () => {
    const folder = tempFolder();
    const ran = await run({ TENON_DATA_DIR: join(folder, 'none') }, ['backup', join(folder, 'backup')]);
    expectRefused(ran, /^error: there is no Tenon data in .*none/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('with no room for it, and leaves no part of it', async () => {
    const folder = await usedFolder();
    const target = tempFolder();
    const ran = await run({ TENON_DATA_DIR: folder }, ['backup', join(target, 'backup')], 100);
    expectRefused(ran, /^error: .*(failed|could not be written)/);
    expect(readdirSync(target)).toEqual([]);
  });

  it('while another one is made, and possible again when its reader has left', async () => {
    await using tenon = await startTenon({ writer: 'thread' });
    const { store } = tenon.running.services;
    const big = Array.from({ length: 40 }, (_, n) => putMeta(`filler ${n}`, 'x'.repeat(1_000_000)));
    await store.commit(big);
    const { token } = JSON.parse(readFileSync(join(tenon.folder, 'data', 'owner.json'), 'utf8')) as { token: string };
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${tenon.origin}/operator/v1/backup`, { headers, signal: leaving.signal });
    expect([response.status, Number(response.headers.get('content-length'))]).toEqual([200, expect.any(Number)]);
    const file = join(tempFolder(), 'backup');
    expectRefused(await run(envOf(tenon), ['backup', file]), /^error: another backup is being made/);
    leaving.abort();
    await vi.waitFor(async () => expect((await run(envOf(tenon), ['backup', file])).code).toBe(0), 15_000);
    expect(readdirSync(join(tenon.folder, 'data')).filter((name) => name.includes('backup'))).toEqual([]);
  });
});

describe('tenon backup', () => {
  it('copies what is committed while the server goes on, for its owner alone and without the master key', async () => {
    await using tenon = await startTenon({ writer: 'thread' });
    await tenon.connect('salesforce', { workspace: 'acme' });
    const file = join(tempFolder(), 'backup');
    let isOver = false;
    let commits = 0;
    const writing = (async () => {
      for (; !isOver; commits++) await tenon.running.services.store.commit([putMeta('counter', String(commits))]);
    })();
    const { code, out, lines } = await run(envOf(tenon), ['backup', file]);
    isOver = true;
    await writing;
    expect([code, lines]).toEqual([0, []]);
    expect(out).toMatch(/^backed up .* MB in .* s\n0 installations, 1 connection, checked/);
    expect(out).toContain('master.key');
    expect(commits).toBeGreaterThan(20);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readBackup(file)).toMatchObject({ connections: 1, renewableConnections: 1, madeAtMs: expect.any(Number) });
    const key = readFileSync(join(tenon.folder, 'data', 'master.key'));
    expect(readFileSync(file).includes(key.subarray(0, 40))).toBe(false);
    expect(existsSync(`${file}.partial`)).toBe(false);
    expect((await run(envOf(tenon), ['backup', '--force', file])).code).toBe(0);
  });

  it('copies the data of an older version as it is, when no server runs', async () => {
    const folder = await usedFolder();
    const database = openForWriting(join(folder, 'tenon.db'));
    const version = database.pragma('user_version', { simple: true }) as number;
    database.pragma(`user_version = ${version - 1}`);
    database.close();
    const file = join(tempFolder(), 'backup');
    expect((await run({ TENON_DATA_DIR: folder }, ['backup', file])).code).toBe(0);
    expect(readBackup(file).schemaVersion).toBe(version - 1);
  });
});

describe('tenon restore is refused', () => {
  it('into a folder that cannot be one', async () => {
    const folder = await usedFolder();
    const file = join(tempFolder(), 'backup');
    await run({ TENON_DATA_DIR: folder }, ['backup', file]);
    const ran = await run({ TENON_DATA_DIR: file }, ['restore', file]);
    expectRefused(ran, /^error: the data folder .* cannot be used: EEXIST/);
  });

  it('while a server runs, where data is, and for what is no backup; nothing changes', async () => {
    await using tenon = await startTenon();
    const file = join(tempFolder(), 'backup');
    await run(envOf(tenon), ['backup', file]);
    expectRefused(await run(envOf(tenon), ['restore', '--force', file]), /^error: .*in use by another process \(pid/);
    await tenon.addWebhook('hook');
    await tenon.halt();
    expectRefused(await run(envOf(tenon), ['restore', file]), /^error: .*already holds a database.*--force/);
    expectRefused(await run(envOf(tenon), ['restore', '--force', TENON]), /^error: .*is not a Tenon database/);
    expectRefused(await run(envOf(tenon), ['restore', '--force', `${file}.no`]), /^error: .*cannot be read/);
    const wrong = { ...envOf(tenon), TENON_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') };
    const withWrongKey = await run(wrong, ['restore', '--force', file]);
    expectRefused(withWrongKey, /^error: .*backup is sealed with master key \w+, and the key here is \w+\. Add/);
    await tenon.resume();
    expect(await tenon.ok('GET', tenon.inProject('/destinations'))).toHaveLength(1);
  });
});

describe('tenon restore', () => {
  it('brings back the moment of the backup, keeps what was there, and says what may be lost', async () => {
    await using tenon = await startTenon();
    await tenon.connect('salesforce', { workspace: 'acme' });
    await tenon.deploy(manifest(integration('salesforce', readObject('account', { destination: 'before' }))));
    await tenon.addWebhook('before');
    const { epoch } = tenon.running.services.store;
    const file = join(tempFolder(), 'backup');
    expect((await run(envOf(tenon), ['backup', file])).code).toBe(0);
    await tenon.addWebhook('after');
    await tenon.halt();

    const { code, out, lines } = await run(envOf(tenon), ['restore', '--force', file]);
    expect([code, lines]).toEqual([0, []]);
    expect(out).toMatch(/^restored .* as it was 2\d{3}-.*\)\n0 installations, 1 connection\n/);
    expect(out).toMatch(/kept as .*tenon\.db\.before-/);
    expect(out).toMatch(/Refresh tokens may be spent\. Connections that can renew their tokens: 1\./);
    expect(out).not.toContain('There is no master key');
    await tenon.resume();
    const names = (await tenon.ok<{ name: string }[]>('GET', tenon.inProject('/destinations'))).map(({ name }) => name);
    expect(names).toEqual(['before']);
    expect(tenon.running.services.store.epoch).not.toBe(epoch);
    const { id } = await tenon.install('salesforce', { provider: 'salesforce', proxy: { enabled: true } });
    expect((await tenon.proxy(id, '/services/data/v60.0/limits')).status).toBe(200);
  });

  it('into an empty folder says that the master key is missing', async () => {
    const folder = await usedFolder();
    const file = join(tempFolder(), 'backup');
    await run({ TENON_DATA_DIR: folder }, ['backup', file]);
    const { code, out } = await run({ TENON_DATA_DIR: join(tempFolder(), 'new') }, ['restore', file]);
    expect([code, out]).toEqual([0, expect.stringContaining('There is no master key here')]);
    expect(out).not.toContain('Refresh tokens');
  });
});

describe('tenon erase', () => {
  it.each(['a running server', 'a folder'])('erases an installation of %s', async (where) => {
    await using tenon = await startTenon({ sandbox: { hubspotContacts: 3 } });
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    await tenon.connect('hubspot');
    const { id } = await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await tenon.receiver.waitFor(({ accepted }) => accepted > 0);
    if (where === 'a folder') await tenon.halt();
    expectRefused(await run(envOf(tenon), ['erase', 'installation', 'other']), /^error: no such installation/);
    const { code, out, lines } = await run(envOf(tenon), ['erase', 'installation', id]);
    expect([code, lines]).toEqual([0, []]);
    expect(out).toMatch(new RegExp(`^erased +installation ${id}\n(.*\n)*  connections +1\n`));
    expectRefused(await run(envOf(tenon), ['erase', 'installation', id]), /^error: no such installation/);
    const files = readdirSync(join(tenon.folder, 'data'));
    expect(files.filter((name) => readFileSync(join(tenon.folder, 'data', name)).includes(id))).toEqual([]);
    if (where === 'a folder') await tenon.resume();
    expect(await tenon.ok('GET', tenon.inProject('/connections'))).toEqual([]);
  });
});

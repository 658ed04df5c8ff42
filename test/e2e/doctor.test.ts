// `tenon doctor` on good and on broken installations: a server and commands as processes of their own.

import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newMasterKey } from '../../src/auth/vault.ts';
import type { Check } from '../../src/cli/doctor/check.ts';
import { openForWriting } from '../../src/store/sqlite.ts';
import { type Ran, runTenon } from '../support/cli.ts';
import { startTenonProcess } from '../support/process.ts';
import { tempFolder } from '../support/store.ts';
import type { Tenon } from '../support/tenon.ts';

let tenon: Tenon;

beforeAll(async () => {
  tenon = await startTenonProcess();
  await tenon.addWebhook('hook');
});

afterAll(() => tenon.stop());

const data = () => join(tenon.folder, 'data');
const env = () => ({ TENON_DATA_DIR: data(), TENON_EGRESS_ALLOW: '127.0.0.1/32' });

async function checksOf(
  settings: Record<string, string>,
): Promise<{ ran: Ran; of: (name: string) => Check | undefined }> {
  const ran = await runTenon(['doctor', '--json'], settings);
  const { checks } = JSON.parse(ran.out) as { readonly checks: readonly Check[] };
  return { ran, of: (name) => checks.find((check) => check.name === name) };
}

describe('settings', () => {
  it('that are wrong are all named, and a secret is never shown', async () => {
    const { ran, of } = await checksOf({
      TENON_DATA_DIR: tempFolder(),
      TENON_PORT: '80a',
      TENON_PUBLIC_URL: 'https://tenon.example.com/path',
      TENON_EGRES_ALLOW: '127.0.0.1',
      TENON_METRICS_TOKEN: 'short-secret',
    });
    expect(ran.code).toBe(1);
    expect(of('TENON_PORT')).toMatchObject({ level: 'fail', detail: expect.stringContaining('port number') });
    expect(of('TENON_PUBLIC_URL')?.level).toBe('fail');
    expect(of('TENON_METRICS_TOKEN')?.level).toBe('fail');
    expect(of('TENON_EGRES_ALLOW')).toMatchObject({ level: 'warn', remedy: 'Did you mean TENON_EGRESS_ALLOW?' });
    expect(ran.out).not.toContain('short-secret');
  });

  it('that let calls into the cloud’s own addresses fail, whole private ranges are warned of', async () => {
    const folder = tempFolder();
    const wide = await checksOf({ TENON_DATA_DIR: folder, TENON_EGRESS_ALLOW: '0.0.0.0/0' });
    expect([wide.ran.code, wide.of('egress')?.level]).toEqual([1, 'fail']);
    const range = await checksOf({ TENON_DATA_DIR: folder, TENON_EGRESS_ALLOW: '10.0.0.0/8' });
    expect([range.ran.code, range.of('egress')?.level]).toEqual([0, 'warn']);
  });
});

describe('a folder without data', () => {
  it('is no failure, and nothing is made in it', async () => {
    const folder = join(tempFolder(), 'none');
    const { ran, of } = await checksOf({ TENON_DATA_DIR: folder });
    expect([ran.code, of('data folder')?.level, of('server')?.level]).toEqual([0, 'warn', 'warn']);
    expect(existsSync(folder)).toBe(false);
  });
});

describe('a running Tenon', () => {
  it('is well, in columns for people', async () => {
    const { code, out, error } = await runTenon(['doctor'], env());
    expect([code, error]).toEqual([0, '']);
    expect(out).toMatch(/ok {4}master key +[0-9a-f]{16} from \S+master\.key opens what is sealed/);
    expect(out).toMatch(/ok {4}database +whole/);
    expect(out).toMatch(/ok {4}server +http:\S+ is ready/);
    expect(out).toMatch(/ok {4}destination default\/hook/);
    expect(out).toMatch(/\d+ ok, \d to look at, 0 failed\n$/);
  });

  it('sends its destinations no message to look whether they are there', async () => {
    expect(tenon.receiver.state()).toMatchObject({ accepted: 0, messages: [] });
  });

  it('says what a destination that may not be called needs', async () => {
    const { ran, of } = await checksOf({ TENON_DATA_DIR: data() });
    expect(ran.code).toBe(1);
    expect(of('destination default/hook')).toMatchObject({
      level: 'fail',
      remedy: 'Name it in TENON_EGRESS_ALLOW if it is meant.',
    });
  });

  it('is warned of a destination that was disabled', async () => {
    const disable = (atMs: number | null) => {
      const database = openForWriting(join(data(), 'tenon.db'));
      database.prepare('UPDATE destinations SET disabledAtMs = ?').run(atMs);
      database.close();
    };
    await tenon.halt();
    disable(1_000);
    const { of } = await checksOf(env());
    disable(null);
    await tenon.resume();
    expect(of('destination default/hook')).toMatchObject({
      level: 'warn',
      detail: expect.stringContaining('is disabled, because it took nothing for five days'),
      remedy: expect.stringContaining('metadata.url'),
    });
  });

  it('is reached at its public address, and another server there is told from it', async () => {
    const own = await checksOf({ ...env(), TENON_PUBLIC_URL: tenon.origin });
    expect(own.of('public address')).toMatchObject({
      level: 'ok',
      detail: expect.stringContaining(`${tenon.origin}/callbacks/v1/oauth`),
    });
    const other = await checksOf({ ...env(), TENON_PUBLIC_URL: tenon.receiver.origin });
    expect(other.of('public address')).toMatchObject({
      level: 'fail',
      detail: expect.stringContaining('something else'),
    });
  });
});

describe('keys and data', () => {
  it('a master key that others may read is a failure, and stays as it is', async () => {
    const path = join(data(), 'master.key');
    chmodSync(path, 0o644);
    const { ran, of } = await checksOf(env());
    expect([ran.code, of('master key')]).toEqual([1, expect.objectContaining({ level: 'fail' })]);
    expect(ran.out).not.toContain(readFileSync(path, 'utf8').trim());
    chmodSync(path, 0o600);
  });

  it('a master key that is not the one of the data is named by its id only', async () => {
    const other = newMasterKey();
    const text = other.bytes.toString('base64');
    const { ran, of } = await checksOf({ ...env(), TENON_MASTER_KEY: text });
    expect(of('master key')).toMatchObject({ level: 'fail', detail: expect.stringContaining(other.id) });
    expect(ran.out).not.toContain(text);
  });

  it('a damaged database is told', async () => {
    await tenon.halt();
    const path = join(data(), 'tenon.db');
    // Brings into the file what its log holds.
    openForWriting(path).close();
    const bytes = readFileSync(path);
    // Pages behind the first, which has the schema.
    bytes.fill(0xa5, 4096 * 3, 4096 * 12);
    writeFileSync(path, bytes);
    const { ran } = await checksOf(env());
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/"name": "database",\s+"level": "fail"/);
  });
});

// Master keys as an operator handles them: commands of their own process against a server that goes on, against a
// folder that none has, and starts that must not be.

import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newMasterKey } from '../../src/auth/vault.ts';
import type { ProjectId } from '../../src/core/ids.ts';
import { downloadUrl } from '../../src/flows/deliver/download.ts';
import type { KeysView, Rotated } from '../../src/flows/operator/keys.ts';
import { openForReading, openForWriting } from '../../src/store/sqlite.ts';
import { insertBlob } from '../../src/store/tables/outbox.ts';
import { type Ran, runTenon } from '../support/cli.ts';
import { integration, manifest, readObject } from '../support/drive.ts';
import { spawnServe } from '../support/process.ts';
import { tempFolder } from '../support/store.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';

const CONTACTS = 20;
const keyText = () => newMasterKey().bytes.toString('base64');

const dataOf = (tenon: Tenon) => join(tenon.folder, 'data');
const keysOf = (folder: string) => readFileSync(join(folder, 'master.key'), 'utf8').trim().split('\n');

function keys(folder: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  return runTenon(['master-keys', ...args], { TENON_DATA_DIR: folder, ...env });
}

async function json<View>(folder: string, command: string, env: Record<string, string> = {}): Promise<View> {
  const { code, out, error } = await keys(folder, [command, '--json'], env);
  if (code !== 0) throw new Error(`tenon master-keys ${command} ended with ${code}: ${error}`);
  return JSON.parse(out) as View;
}

/** Every row of every table, as text. */
function rowsOf(folder: string): string {
  const reads = openForReading(join(folder, 'tenon.db'));
  try {
    const tables = reads.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
    return JSON.stringify(tables.map(({ name }) => [name, reads.all(`SELECT * FROM "${name}"`)]));
  } finally {
    reads.close();
  }
}

/** The data of a Tenon that has a sealed row of a few kinds, and was stopped. */
async function usedFolder(env: Record<string, string> = {}): Promise<string> {
  const folder = join(tempFolder(), 'data');
  await using tenon = await startTenon({ env });
  await tenon.addWebhook('hook');
  await tenon.connect('hubspot');
  await tenon.halt();
  cpSync(dataOf(tenon), folder, { recursive: true });
  return folder;
}

async function startRefusal(folder: string, env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await spawnServe({ TENON_DATA_DIR: folder, ...env }).ended;
  const lines = stderr.trimEnd().split('\n');
  expect([code, stdout, lines.length]).toEqual([1, '', 1]);
  return stderr;
}

/** Serves, and stops when it has said where. */
async function starts(folder: string, env: Record<string, string> = {}): Promise<string> {
  const serve = spawnServe({ TENON_DATA_DIR: folder, ...env });
  await fetch(`${await serve.printed(/serves (http:\S+)/)}/health`);
  serve.child.kill('SIGTERM');
  const { code, stdout } = await serve.ended;
  expect(code).toBe(0);
  return stdout;
}

describe('a start is refused, and every row is as it was', () => {
  it('without a key where there is data, and none is made beside it', async () => {
    const folder = await usedFolder();
    const key = readFileSync(join(folder, 'master.key'));
    rmSync(join(folder, 'master.key'));
    const before = rowsOf(folder);
    const line = await startRefusal(folder);
    expect(line).toMatch(
      /^error: the data in \S+ is sealed with master key \w{16}, and there is no key here\. Bring it/,
    );
    expect(existsSync(join(folder, 'master.key'))).toBe(false);
    expect(rowsOf(folder)).toBe(before);
    writeFileSync(join(folder, 'master.key'), key, { mode: 0o600 });
    await starts(folder);
  });

  it('with another key, from the environment or the file', async () => {
    const folder = await usedFolder();
    const before = rowsOf(folder);
    const wrong = keyText();
    const refusal = /^error: the data in \S+ is sealed with master key \w{16}, and the key here is \w{16}\./;
    const byEnvironment = await startRefusal(folder, { TENON_MASTER_KEY: wrong });
    expect(byEnvironment).toMatch(refusal);
    expect(byEnvironment).toContain('master.key is not read while that is set');
    const [key = ''] = keysOf(folder);
    writeFileSync(join(folder, 'master.key'), wrong);
    expect(await startRefusal(folder)).toMatch(refusal);
    expect([keysOf(folder), rowsOf(folder)]).toEqual([[wrong], before]);
    expect((await keys(folder, ['rotate'])).error).toMatch(refusal);
    expect([keysOf(folder), rowsOf(folder)]).toEqual([[wrong], before]);
    expect(byEnvironment).not.toContain(wrong.slice(0, 8));
    writeFileSync(join(folder, 'master.key'), key);
    await starts(folder);
  });

  it('with a damaged key file, which stays as it is', async () => {
    const folder = await usedFolder();
    const before = rowsOf(folder);
    writeFileSync(join(folder, 'master.key'), 'not a key\n');
    expect(await startRefusal(folder)).toMatch(/^error: the master key file \S+master\.key is damaged: line 1 is not/);
    expect([keysOf(folder), rowsOf(folder)]).toEqual([['not a key'], before]);
  });
});

describe('the first start', () => {
  it('says once that its key file needs a copy', async () => {
    const folder = join(tempFolder(), 'data');
    const warning = /\nwarning: keep a copy of \S+master\.key elsewhere: [^\n]*backups do not contain it\n/;
    expect(await starts(folder)).toMatch(warning);
    expect(await starts(folder)).not.toContain('warning');
    expect(await starts(join(tempFolder(), 'data'), { TENON_MASTER_KEY: keyText() })).not.toContain('warning');
  });
});

describe('tenon master-keys rotate', () => {
  it('renews the key of a server that goes on, which then starts with the new one alone', async () => {
    await using tenon = await startTenon({ writer: 'thread', sandbox: { hubspotContacts: CONTACTS } });
    const folder = dataOf(tenon);
    await tenon.addWebhook('hook');
    await tenon.deploy(
      manifest(integration('hubspot', readObject('contacts')), integration('salesforce', readObject('Account'))),
    );
    await tenon.connect('hubspot');
    await tenon.connect('salesforce', { workspace: 'acme' });
    const { id } = await tenon.install('salesforce', { provider: 'salesforce', proxy: { enabled: true } });
    const pending = await tenon.authorizeUrl('hubspot', { groupRef: 'later' });
    const { services } = tenon.running;
    await services.store.commit([insertBlob('blob-1', tenon.projectId as ProjectId, '[1]', services.clock.nowMs())]);
    const link = new URL(downloadUrl(services, 'blob-1'));
    const calls = async () => [
      (await tenon.proxy(id, '/services/data/v60.0/limits')).status,
      (await fetch(`${tenon.origin}${link.pathname}${link.search}`)).status,
    ];
    expect(await calls()).toEqual([200, 200]);
    const [oldKey] = keysOf(folder);

    let isOver = false;
    const calling = (async () => {
      const seen = new Set<number>();
      while (!isOver) for (const status of await calls()) seen.add(status);
      return [...seen];
    })();
    const rotated = await json<Rotated>(folder, 'rotate');
    isOver = true;
    expect(await calling).toEqual([200]);
    expect(rotated).toMatchObject({
      isNewKey: true,
      rows: { credentials: 2, providerApps: 2, destinations: 1, oauthStates: 1, meta: 2 },
      unopened: { count: 0 },
      keptKeyIds: [],
    });
    expect([keysOf(folder).length, keysOf(folder).includes(oldKey ?? '')]).toEqual([1, false]);
    const list = await json<KeysView>(folder, 'list');
    expect(list.keys.map(({ keyId, isConfigured }) => [keyId, isConfigured])).toEqual([[rotated.keyId, true]]);
    expect(await calls()).toEqual([200, 200]);
    expect((await tenon.browse(pending)).status).toBe(200);

    await tenon.halt();
    await tenon.resume();
    expect(await calls()).toEqual([200, 200]);
    await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    const state = await tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('contacts') === CONTACTS);
    // Signed with the secret that the destination had before.
    expect(state.signatureFailures).toBe(0);
    expect(tenon.fatal).toEqual([]);
  });

  it('goes on where a kill has ended it, without making a third key', async () => {
    const folder = await usedFolder();
    const [oldKey = ''] = keysOf(folder);
    const next = keyText();
    // The file was written; not every row was sealed anew.
    writeFileSync(join(folder, 'master.key'), `${next}\n${oldKey}\n`);
    await starts(folder);
    const before = await json<KeysView>(folder, 'list');
    expect(before.keys.map(({ isCurrent, rows }) => [isCurrent, rows['credentials'] ?? 0])).toEqual([
      [true, 0],
      [false, 1],
    ]);
    const { code, out } = await keys(folder, ['rotate']);
    expect([code, keysOf(folder)]).toEqual([0, [next]]);
    expect(out).toMatch(
      /^sealed anew {2}\d rows, with master key \w{16}\n(.*\n)*.*This completes a rotation from before/,
    );
    await starts(folder);
    writeFileSync(join(folder, 'master.key'), `${oldKey}\n`);
    expect(await startRefusal(folder)).toContain('is sealed with master key');
  });

  it('takes the keys of the environment as they are, and says which may go', async () => {
    const [oldKey, next] = [keyText(), keyText()];
    const folder = await usedFolder({ TENON_MASTER_KEY: oldKey });
    const alone = await keys(folder, ['rotate'], { TENON_MASTER_KEY: oldKey });
    expect([alone.code, alone.out]).toEqual([1, '']);
    expect(alone.error).toMatch(
      /^error: everything is sealed with the only key in TENON_MASTER_KEY\. Put a new one.*\n$/,
    );
    const both = { TENON_MASTER_KEY: `${next},${oldKey}` };
    await starts(folder, both);
    // From here both are needed, whichever comes first.
    expect(await startRefusal(folder, { TENON_MASTER_KEY: oldKey })).toContain('is sealed with master key');
    const { code, out } = await keys(folder, ['rotate'], both);
    expect([code, out]).toEqual([0, expect.stringContaining('Leave only the first key in TENON_MASTER_KEY')]);
    expect(existsSync(join(folder, 'master.key'))).toBe(false);
    await starts(folder, { TENON_MASTER_KEY: next });
    expect(await startRefusal(folder, { TENON_MASTER_KEY: oldKey })).toContain('is sealed with master key');
  });

  it('names what does not open, keeps the old key for it, and fails', async () => {
    const folder = await usedFolder();
    const [oldKey] = keysOf(folder);
    const database = openForWriting(join(folder, 'tenon.db'));
    database.exec("UPDATE destinations SET sealedSecrets = substr(sealedSecrets, 1, 40) || x'00'");
    const id = database.prepare('SELECT destinationId FROM destinations').pluck().get() as string;
    database.close();
    const { code, out } = await keys(folder, ['rotate']);
    expect([code, out]).toEqual([1, expect.stringContaining(`  destinations  ${id}\nThe old keys are kept.`)]);
    expect(keysOf(folder)).toEqual([expect.any(String), oldKey]);
    const listed = await keys(folder, ['list']);
    expect(listed.out).toMatch(/\n {2}\w{16} {2}needed: 3 rows \(destinations 1, meta 2\)\n/);
  });
});

describe('tenon master-keys list', () => {
  it('tells also without a key which one is missing', async () => {
    const folder = await usedFolder();
    rmSync(join(folder, 'master.key'));
    const { code, out } = await keys(folder, ['list']);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^master keys {2}from \S+master\.key\n {2}\w{16} {2}missing: /),
    ]);
  });
});

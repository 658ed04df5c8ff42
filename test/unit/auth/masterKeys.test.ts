// Where master keys come from and when they are refused. What a refused start leaves is as it was, byte for byte.

import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { readKeyFile, writeKeyFile } from '../../../src/auth/keyFile.ts';
import { openVault, readMasterKeys } from '../../../src/auth/masterKeys.ts';
import { createVault, keyIdOf, type MasterKey, newMasterKey, parseMasterKey } from '../../../src/auth/vault.ts';
import type { Reads } from '../../../src/store/port.ts';
import { tempFolder } from '../../support/store.ts';

const [first, second, other] = [newMasterKey(), newMasterKey(), newMasterKey()];
const textOf = ({ bytes }: MasterKey) => bytes.toString('base64');
const isRoot = process.getuid?.() === 0;

/** Committed rows of which only the canaries matter here. */
function dataOf(...keys: readonly MasterKey[]): Reads {
  const value = keys.map((key) => createVault([key]).sealCanary().toString('base64')).join(' ');
  return { get: () => (keys.length === 0 ? undefined : { value }) } as unknown as Reads;
}

function withFile(text: string, mode = 0o600): { dataFolder: string; path: string } {
  const dataFolder = tempFolder();
  const path = join(dataFolder, 'master.key');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return { dataFolder, path };
}

const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'invalid_input', message: expect.stringMatching(message) });

describe('a key file is refused', () => {
  it.each<[string, string, RegExp]>([
    ['empty', '', /master\.key is damaged: there is no master key in it$/],
    ['blank', '\n \n', /there is no master key in it$/],
    ['cut short', textOf(first).slice(0, 20), /is damaged: line 1 is not a master key/],
    ['damaged in a later line', `${textOf(first)}\n\n${textOf(second)}x\n`, /line 3 is not a master key/],
    ['two keys on a line', `${textOf(first)},${textOf(second)}`, /line 1 is not a master key/],
  ])('that is %s; it is left as it is and not quoted', (_what, text, message) => {
    const { dataFolder, path } = withFile(text);
    const open = () => openVault({ masterKeys: [], dataFolder }, null);
    expect(open).toThrowError(refused(message));
    expect(open).not.toThrowError(textOf(first).slice(0, 12));
    expect([readFileSync(path, 'utf8'), readdirSync(dataFolder)]).toEqual([text, ['master.key']]);
  });

  it('that is a folder', () => {
    const dataFolder = tempFolder();
    mkdirSync(join(dataFolder, 'master.key'));
    expect(() => openVault({ masterKeys: [], dataFolder }, null)).toThrowError(refused(/cannot be read: EISDIR/));
  });

  it.skipIf(isRoot)('that this user may not read', () => {
    const { dataFolder } = withFile(textOf(first), 0o000);
    expect(() => openVault({ masterKeys: [], dataFolder }, null)).toThrowError(refused(/cannot be read: EACCES/));
  });

  it.runIf(isRoot)('that belongs to somebody else and can be read by others', () => {
    const { dataFolder, path } = withFile(textOf(first), 0o640);
    chownSync(path, 4711, 4711);
    expect(() => openVault({ masterKeys: [], dataFolder }, null)).toThrowError(refused(/belongs to one$/));
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });
});

describe('a key file', () => {
  it('that others may read is closed to them, and it is said that it was open', () => {
    const { path } = withFile(textOf(first), 0o644);
    expect(readKeyFile(path)).toEqual({ keys: [first], warnings: [expect.stringContaining('could be read by other')] });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readKeyFile(path)?.warnings).toEqual([]);
  });

  it('holds one key a line, as base64 or hex', () => {
    const { path } = withFile(`${first.bytes.toString('hex')}\r\n\n  ${textOf(second)}\n`);
    expect(readKeyFile(path)?.keys).toEqual([first, second]);
    expect(readKeyFile(`${path}.none`)).toBeNull();
  });

  it('is replaced whole, for its owner alone, also over what a crash left of the time before', () => {
    const { dataFolder, path } = withFile(textOf(first));
    writeFileSync(`${path}.next`, 'half a k', { mode: 0o644 });
    writeKeyFile(path, [second, first]);
    expect(readFileSync(path, 'utf8')).toBe(`${textOf(second)}\n${textOf(first)}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dataFolder)).toEqual(['master.key']);
  });

  it('that is a link stays one', () => {
    const { path } = withFile(textOf(first));
    const link = join(tempFolder(), 'master.key');
    symlinkSync(path, link);
    writeKeyFile(link, [second]);
    expect([readKeyFile(path)?.keys, readKeyFile(link)?.keys]).toEqual([[second], [second]]);
  });

  it('that cannot be written holds what it held', () => {
    const { dataFolder, path } = withFile(textOf(first));
    mkdirSync(join(dataFolder, 'master.key.next', 'full'), { recursive: true });
    expect(() => writeKeyFile(path, [second])).toThrowError(expect.objectContaining({ code: 'storage_unavailable' }));
    expect(readKeyFile(path)?.keys).toEqual([first]);
  });
});

describe('the keys for data that is sealed', () => {
  it.each<[string, readonly MasterKey[], RegExp]>([
    ['there is none', [], /is sealed with master key \w{16}, and there is no key here$/],
    ['it is another one', [other], /is sealed with master key \w{16}, and the key here is \w{16}$/],
  ])('are refused where %s, from either place, and nothing is made up', (_what, keys, message) => {
    const dataFolder = tempFolder();
    const masterKeys = keys.map(textOf);
    expect(() => openVault({ masterKeys, dataFolder }, dataOf(first))).toThrowError(refused(message));
    expect(readdirSync(dataFolder)).toEqual([]);
    if (keys.length === 0) return;
    const { dataFolder: folder, path } = withFile(masterKeys.join('\n'));
    expect(() => openVault({ masterKeys: [], dataFolder: folder }, dataOf(first))).toThrowError(refused(message));
    expect(readFileSync(path, 'utf8')).toBe(masterKeys.join('\n'));
  });

  it('must be all that anything is sealed with', () => {
    const dataFolder = tempFolder();
    const open = (...keys: readonly MasterKey[]) =>
      openVault({ masterKeys: keys.map(textOf), dataFolder }, dataOf(second, first));
    expect(() => open(first)).toThrowError(second.id);
    expect(() => open(second)).toThrowError(first.id);
    expect(open(first, second).vault.ring.masters).toEqual([first, second]);
  });

  it('are not blamed where the data is damaged', () => {
    const damaged = createVault([first]).sealCanary();
    damaged.writeUInt8((damaged.at(-1) ?? 0) ^ 1, damaged.length - 1);
    const reads = { get: () => ({ value: damaged.toString('base64') }) } as unknown as Reads;
    const settings = { masterKeys: [textOf(first)], dataFolder: tempFolder() };
    expect(() => openVault(settings, reads)).toThrowError(refused(/is damaged: what its master key is known by/));
  });

  it('in a file are named as what is not read while the environment gives others', () => {
    const { dataFolder, path } = withFile(textOf(first));
    const open = () => openVault({ masterKeys: [textOf(other)], dataFolder }, dataOf(first));
    expect(open).toThrowError(
      expect.objectContaining({ remedy: expect.stringContaining(`${path} is not read while that is set`) }),
    );
  });
});

describe('master keys', () => {
  it('from the environment are refused by their place in it', () => {
    const settings = { masterKeys: [textOf(first), 'short'], dataFolder: tempFolder() };
    expect(() => readMasterKeys(settings)).toThrowError(refused(/^key 2 in TENON_MASTER_KEY is not a master key/));
  });

  it('from the environment come before the file', () => {
    const { dataFolder } = withFile(textOf(first));
    const given = readMasterKeys({ masterKeys: [textOf(second), textOf(first)], dataFolder });
    expect(given).toEqual({ source: { kind: 'environment' }, keys: [second, first], warnings: [] });
  });

  it.each([
    ['a new folder', null],
    ['data of a start that was interrupted before it sealed anything', dataOf()],
  ])('are made for %s, once', (_what, reads) => {
    const dataFolder = tempFolder();
    const path = join(dataFolder, 'master.key');
    const { vault, source } = openVault({ masterKeys: [], dataFolder }, reads);
    expect(source).toEqual({ kind: 'file', path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(parseMasterKey(readFileSync(path, 'utf8'))).toEqual(vault.ring.current);
    const again = openVault({ masterKeys: [], dataFolder }, dataOf(vault.ring.current));
    expect(again.vault.ring.masters).toEqual(vault.ring.masters);
    expect(keyIdOf(again.vault.sealCanary())).toBe(vault.ring.current.id);
  });

  it('that were being written when the process ended are forgotten: nothing was sealed with them', () => {
    const { dataFolder, path } = withFile(textOf(first));
    writeFileSync(`${path}.next`, textOf(second));
    expect(openVault({ masterKeys: [], dataFolder }, dataOf(first)).vault.ring.masters).toEqual([first]);
    expect(existsSync(`${path}.next`)).toBe(false);
  });
});

// Who has a data folder, as other processes of the machine may know it. That a lock holds between processes and is
// gone with a killed one is in store.test.ts.

import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { announceOwner, readOwner, takeOwnerLock } from '../../../src/store/ownerLock.ts';
import { tempFolder } from '../../support/store.ts';

const REACH = { url: 'http://127.0.0.1:8080', token: 'a token' };

function taken(): string {
  const folder = tempFolder();
  const lock = takeOwnerLock(folder);
  onTestFinished(() => lock.release());
  return folder;
}

describe('nobody has a folder', () => {
  it('that never had an owner', () => {
    expect(readOwner(tempFolder())).toBeNull();
  });

  it('whose owner has released it, and nothing is left to mislead', () => {
    const folder = tempFolder();
    const lock = takeOwnerLock(folder);
    announceOwner(folder, REACH);
    lock.release();
    expect(readOwner(folder)).toBeNull();
    expect(existsSync(join(folder, 'owner.json'))).toBe(false);
  });

  it('whose owner was killed, whatever it left', () => {
    const folder = tempFolder();
    takeOwnerLock(folder).release();
    writeFileSync(join(folder, 'owner.json'), JSON.stringify({ pid: 1, ...REACH }));
    expect(readOwner(folder)).toBeNull();
  });

  it('because it was asked: asking takes nothing', () => {
    const folder = tempFolder();
    takeOwnerLock(folder).release();
    readOwner(folder);
    takeOwnerLock(folder).release();
  });
});

describe('a lock that is released twice', () => {
  it('does not touch what the next owner says', () => {
    const folder = tempFolder();
    const first = takeOwnerLock(folder);
    first.release();
    const second = takeOwnerLock(folder);
    onTestFinished(() => second.release());
    first.release();
    expect(readOwner(folder)).toEqual({ pid: process.pid, reach: null });
    expect(() => takeOwnerLock(folder)).toThrow('in use');
  });
});

describe('the owner of a folder', () => {
  it('is not reached by what an earlier owner left', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'owner.json'), JSON.stringify({ pid: 1, ...REACH }));
    const lock = takeOwnerLock(folder);
    onTestFinished(() => lock.release());
    expect(readOwner(folder)).toEqual({ pid: process.pid, reach: null });
  });

  it.each([
    ['is not JSON', 'no JSON', null],
    ['says nothing', '{}', null],
    ['has no token', JSON.stringify({ pid: 7, url: REACH.url }), 7],
  ])('is not reached where its file %s', (_what, content, pid) => {
    const folder = taken();
    writeFileSync(join(folder, 'owner.json'), content);
    expect(readOwner(folder)).toEqual({ pid, reach: null });
  });

  it('is known with its address once it listens', () => {
    const folder = taken();
    announceOwner(folder, REACH);
    expect(readOwner(folder)).toEqual({ pid: process.pid, reach: REACH });
  });

  it('shows its token to nobody else, also where the file was open to all before', () => {
    const folder = tempFolder();
    const path = join(folder, 'owner.json');
    writeFileSync(path, '{}');
    chmodSync(path, 0o666);
    const lock = takeOwnerLock(folder);
    onTestFinished(() => lock.release());
    announceOwner(folder, REACH);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toContain(REACH.token);
  });

  it('keeps it while somebody asks', () => {
    const folder = taken();
    readOwner(folder);
    expect(() => takeOwnerLock(folder)).toThrow(/in use by another process/);
  });
});

// The database of a real run, as a crash at any byte would leave it: the files are copied at every acknowledged
// commit, what the next one wrote is torn in every way, and each state is opened as the product opens it. It must hold
// exactly what was acknowledged, or that and the whole of the transaction that was under way.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { MINUTE_MS } from '../../src/core/time.ts';
import type { Reads } from '../../src/store/port.ts';
import { openForReading, openForWriting, type SqliteDatabase } from '../../src/store/sqlite.ts';
import { SqliteWriter } from '../../src/store/sqliteWriter.ts';
import { openStore } from '../../src/store/store.ts';
import { type Driven, integration, manifest, pass, readObject, startDriven, until } from '../support/drive.ts';
import { faultsOf } from './invariants.ts';
import { type Files, framesBetween, framesOf, tornCheckpoints, tornCommits } from './wal.ts';

/** Far fewer than the product's, so that a short run meets checkpoints and logs that begin anew. */
const CHECKPOINT_PAGES = 80;

/** The files after something was done to them, and what they hold. */
interface Copy {
  readonly files: Files;
  readonly digest: string;
  /** Nothing was stored: pages were given back, or the log was emptied. */
  readonly isUpkeep: boolean;
}

/** Everything that is stored, as one number. The owner's number grows with each opening and says nothing. */
function digestOf(reads: Reads): string {
  const hash = createHash('sha256');
  const tables = reads.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
  for (const { name } of tables) {
    const rows = reads.all<object>(`SELECT * FROM ${name}`).map((row) => JSON.stringify(row));
    hash.update(name);
    for (const row of rows.toSorted()) if (!row.includes('"ownerEpoch"')) hash.update(row);
  }
  return hash.digest('hex');
}

/** Copies the files whenever a transaction has reached the disk, before anybody is told, and around all upkeep. */
function copyAtEachCommit(): Copy[] {
  const copies: Copy[] = [];
  const write = SqliteWriter.prototype.write;
  let reads: Reads | null = null;
  const copy = (path: string, isUpkeep: boolean) => {
    reads ??= openForReading(path);
    const files = { database: readFileSync(path), wal: readFileSync(`${path}-wal`) };
    copies.push({ files, digest: digestOf(reads), isUpkeep });
  };
  const watchUpkeep = (database: SqliteDatabase) => {
    const pragma = database.pragma.bind(database);
    pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    database.pragma = (source, options) => {
      const answer = pragma(source, options);
      if (/^(?:incremental_vacuum|wal_checkpoint)/.test(source)) copy(database.name, true);
      return answer;
    };
  };
  vi.spyOn(SqliteWriter.prototype, 'write').mockImplementation(function (this: SqliteWriter, steps) {
    if (reads === null) watchUpkeep(this.database);
    const outcome = write.call(this, steps);
    copy(this.database.name, false);
    return outcome;
  });
  return copies;
}

/** Customers of two providers with everything that changes rows: connecting, pages, deliveries, tokens, deletions. */
async function work(driven: Driven): Promise<void> {
  const { tenon } = driven;
  await tenon.addWebhook('hook');
  const daily = { schedule: '*/10 * * * *' };
  await tenon.deploy(
    manifest(
      integration('hubspot', readObject('contacts', daily)),
      integration('salesforce', readObject('account', daily)),
    ),
  );
  await tenon.connect('hubspot');
  await tenon.connect('salesforce', { workspace: 'acme' });
  tenon.receiver.failNext(503, 2);
  const hubspot = await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
  const salesforce = await tenon.install('salesforce', { provider: 'salesforce', read: { objects: { account: {} } } });
  const { receiver } = tenon;
  await until(
    driven,
    'both backfills',
    () =>
      receiver
        .state()
        .recordsByObject.values()
        .reduce((a, b) => a + b, 0) >= 270,
  );
  tenon.sandbox.expireAccessTokens();
  await tenon.proxy(salesforce.id, '/services/data/v60.0/limits').then((answer) => answer.text());
  await pass(driven, 25 * MINUTE_MS);
  await tenon.ok('DELETE', tenon.inProject(`/integrations/hubspot/installations/${hubspot.id}`));
  tenon.sandbox.revokeGrants('salesforce', 'acme');
  tenon.sandbox.expireAccessTokens();
  await tenon.proxy(salesforce.id, '/services/data/v60.0/limits').then((answer) => answer.text());
  await pass(driven, MINUTE_MS);
}

const MEMORY_DISK = '/dev/shm';
const folder = mkdtempSync(join(existsSync(MEMORY_DISK) ? MEMORY_DISK : tmpdir(), 'tenon-wal-'));

interface Found {
  readonly digest: string;
  readonly integrity: string | undefined;
  readonly fatal: readonly string[];
}

const SOUND = { integrity: 'ok', fatal: [] };

/** What the product finds in these files. `shm` is the index of the log, if a dead process left one. */
async function reopened({ database, wal }: Files, shm: Buffer | null = null): Promise<Found> {
  const data = join(folder, 'data');
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data);
  writeFileSync(join(data, 'tenon.db'), database);
  writeFileSync(join(data, 'tenon.db-wal'), wal);
  if (shm !== null) writeFileSync(join(data, 'tenon.db-shm'), shm);
  const fatal: string[] = [];
  const store = await openStore({ folder: data, writer: 'inThread', onFatal: ({ message }) => fatal.push(message) });
  try {
    const verdict = store.reads.get<{ integrity_check: string }>('PRAGMA integrity_check');
    return { digest: digestOf(store.reads), integrity: verdict?.integrity_check, fatal };
  } finally {
    await store.close();
  }
}

/** Opens the files, changes them by a statement if one is given, and asks what must hold in every database. */
function faultsIn({ database, wal }: Files, sql = ''): string[] {
  const path = join(folder, 'faults.db');
  writeFileSync(path, database);
  writeFileSync(`${path}-wal`, wal);
  rmSync(`${path}-shm`, { force: true });
  if (sql !== '') {
    const writes = openForWriting(path);
    writes.exec(sql);
    writes.close();
  }
  const reads = openForReading(path);
  try {
    return faultsOf(reads);
  } finally {
    reads.close();
  }
}

describe('a database that is reopened after a crash', () => {
  let copies: readonly Copy[] = [];
  const pairs = () =>
    copies.slice(1).map((after, index) => ({ before: copies[index] ?? after, after, number: index + 2 }));

  beforeAll(async () => {
    const found = copyAtEachCommit();
    await using driven = await startDriven({ sandbox: { hubspotContacts: 120, salesforceAccounts: 150 } });
    await work(driven);
    vi.restoreAllMocks();
    copies = found;
    return () => rmSync(folder, { recursive: true, force: true });
  });

  it('comes from a run with many commits, several checkpoints and logs that began anew', () => {
    const checkpoints = pairs().filter(({ before, after }) => !before.files.database.equals(after.files.database));
    const restarts = pairs().filter(
      ({ before, after }) => framesOf(after.files.wal).length < framesOf(before.files.wal).length,
    );
    expect([copies.length > 40, checkpoints.length > 2, restarts.length > 2]).toEqual([true, true, true]);
    const changed = pairs().filter(({ before, after }) => before.digest !== after.digest);
    expect(changed.length).toBe(copies.filter(({ isUpkeep }) => !isUpkeep).length - 1);
  });

  it('was sound at every commit', () => {
    const faults = copies.flatMap(({ files }, index) => faultsIn(files).map((fault) => `${index + 1}: ${fault}`));
    expect(faults).toEqual([]);
  });

  it.each([
    ['messages without their page', 'DELETE FROM outbox', /^lane .* counts/],
    ['a page without its checkpoint', 'UPDATE checkpoints SET page = page + 1', /, its checkpoint at run/],
    ['a page without its operation', 'UPDATE checkpoints SET recordsRead = recordsRead + 1', /counts otherwise$/],
    ['an actor without what it asked for', 'DELETE FROM effects', /without effect|nobody will send|never hears/],
    ['an effect without its step', 'UPDATE snapshots SET revision = revision - 1', /is ahead of/],
    [
      'an event without its state',
      "UPDATE snapshots SET events = '' WHERE revision > 1",
      /^the history of .* leads elsewhere/,
    ],
    ['a row without its actor', "DELETE FROM snapshots WHERE actorId LIKE 'installation:%'", /has a row and no actor$/],
    ['an actor without its row', 'DELETE FROM installations', /has an actor and no row$/],
    ['half a rotation', 'UPDATE credentials SET generation = generation + 1', /is torn/],
  ])('would be seen to have lost %s', (_what, sql, expected) => {
    const faults = copies.flatMap(({ files }) => faultsIn(files, sql));
    expect(faults.filter((fault) => expected.test(fault)).length).toBeGreaterThan(0);
  });

  it('holds what was acknowledged and nothing half, wherever the log or a checkpoint was torn', async () => {
    const wrong: object[] = [];
    for (const { before, after, number } of pairs()) {
      for (const state of [...tornCommits(before.files, after.files), ...tornCheckpoints(before.files, after.files)]) {
        const found = await reopened(state.files);
        const expected = { ...SOUND, digest: state.isCommitted ? after.digest : before.digest };
        if (!isDeepStrictEqual(found, expected)) wrong.push({ commit: number, ...state, files: null, found, expected });
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is what an earlier checkpoint left, sound and old, where the log is gone', async () => {
    const digests = new Set(copies.map(({ digest }) => digest));
    const checkpoints = new Map(copies.map(({ files }) => [files.database.toString('latin1'), files.database]));
    for (const database of checkpoints.values()) {
      const { digest, integrity } = await reopened({ database, wal: Buffer.alloc(0) });
      // Before the first checkpoint there is nothing but a head.
      expect([integrity, digests.has(digest) || database.length === 4096]).toEqual(['ok', true]);
    }
  });

  it('does not believe an index of the log that a dead process left', async () => {
    const stale = readFileSync(staleIndex(copies[0]?.files));
    for (const { after } of pairs()) {
      for (const shm of [stale, Buffer.alloc(32_768), Buffer.alloc(32_768, 0xff), Buffer.alloc(3)]) {
        expect(await reopened(after.files, shm)).toEqual({ ...SOUND, digest: after.digest });
      }
    }
  });

  it('is seen to have lost something when an acknowledged commit was cut off', async () => {
    // Two states may be alike: an authorization was begun and used up, say. Then nothing that can be seen is lost.
    const commits = pairs().filter(({ after }) => !after.isUpkeep);
    const unlike = commits.filter(
      ({ after }) => commits.filter((one) => one.after.digest === after.digest).length === 1,
    );
    for (const { before, after } of unlike) {
      const { database } = before.files;
      const { wal } = after.files;
      for (const { startAt } of framesBetween(before.files, after.files)) {
        const { digest, integrity } = await reopened({ database, wal: wal.subarray(0, startAt) });
        expect([digest === after.digest, integrity]).toEqual([false, 'ok']);
      }
    }
  });
});

/** The index that opening these files makes. */
function staleIndex(files: Files | undefined): string {
  const path = join(folder, 'stale.db');
  writeFileSync(path, files?.database ?? '');
  writeFileSync(`${path}-wal`, files?.wal ?? '');
  const reads = openForReading(path);
  reads.get('SELECT count(*) FROM meta');
  onTestFinished(() => reads.close());
  return `${path}-shm`;
}

// Disks that are full, broken or not ours: what was promised is kept, what cannot be promised is refused clearly, and
// nobody has to restart anything when there is room again.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { MINUTE_MS } from '../../src/core/time.ts';
import type { BatchFailure } from '../../src/store/port.ts';
import { openForWriting, type SqliteDatabase } from '../../src/store/sqlite.ts';
import { SqliteWriter } from '../../src/store/sqliteWriter.ts';
import { readInstallations } from '../../src/store/tables/installations.ts';
import { integration, manifest, readObject, settled, startDriven, until } from '../support/drive.ts';
import { type ServeProcess, spawnServe } from '../support/process.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';

interface Disk {
  /** While set, every transaction fails like this. */
  failure: BatchFailure | null;
  /** The writer's connection, known after the first commit. */
  database: SqliteDatabase | null;
}

/** Stands between the store and its writer for the length of a test. */
function interceptWriter(): Disk {
  const disk: Disk = { failure: null, database: null };
  const write = SqliteWriter.prototype.write;
  const spy = vi.spyOn(SqliteWriter.prototype, 'write').mockImplementation(function (this: SqliteWriter, steps) {
    disk.database = this.database;
    return disk.failure === null ? write.call(this, steps) : Promise.resolve({ failure: disk.failure });
  });
  onTestFinished(() => {
    spy.mockRestore();
  });
  return disk;
}

function addDestination(tenon: Tenon, name: string) {
  const metadata = { url: `${tenon.receiver.origin}/${name}` };
  return tenon.api('POST', tenon.inProject('/destinations'), { name, type: 'webhook', metadata });
}

async function readiness(tenon: Tenon): Promise<number> {
  return (await fetch(`${tenon.origin}/ready`)).status;
}

describe('a full disk', () => {
  it('refuses what cannot be stored, keeps what was acknowledged, and takes writes again with room', async () => {
    const disk = interceptWriter();
    await using tenon = await startTenon();
    const pages = Number(disk.database?.pragma('page_count', { simple: true }));
    disk.database?.pragma(`max_page_count = ${pages}`);
    const taken: string[] = [];
    let refused = await addDestination(tenon, 'first');
    // Each row fills a part of a page that is there already; soon one needs a page of its own.
    for (let count = 0; refused.status === 201 && count < 500; count++) {
      taken.push(String((refused.json as JsonObject)['name']));
      refused = await addDestination(tenon, `destination-${count}`);
    }
    expect(refused.status).toBe(503);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(refused.json).toMatchObject({ code: 'storage_unavailable', retryable: true, detail: 'the disk is full' });

    disk.database?.pragma(`max_page_count = ${10 * pages}`);
    expect((await addDestination(tenon, 'after')).status).toBe(201);
    const listed = await tenon.ok<JsonObject[]>('GET', tenon.inProject('/destinations'));
    expect(listed.map(({ name }) => name).sort()).toEqual([...taken, 'after'].sort());
    expect(tenon.fatal).toEqual([]);
  });

  it('pauses reads and deliveries and loses nothing; both go on by themselves', async () => {
    const disk = interceptWriter();
    await using driven = await startDriven();
    const { tenon, clock } = driven;
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts', { schedule: '0 0 1 1 *' }))));
    await tenon.connect('hubspot');
    const contacts = { provider: 'hubspot', pathPrefix: '/crm/v3/objects/contacts' } as const;
    const page = tenon.sandbox.faults.next(contacts, { kind: 'slowHead' });
    await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await page.reached;
    disk.failure = { kind: 'full', message: 'SQLITE_FULL database or disk is full' };
    const { requestsByProvider } = tenon.sandbox.stats();
    page.release();

    const refused = await addDestination(tenon, 'other');
    expect([refused.status, (refused.json as JsonObject)['code']]).toEqual([503, 'storage_unavailable']);
    expect(await readiness(tenon)).toBe(503);
    expect((await fetch(`${tenon.origin}/health`)).status).toBe(200);
    await clock.advance(MINUTE_MS);
    expect(tenon.sandbox.stats().requestsByProvider).toEqual(requestsByProvider);
    expect(tenon.receiver.state().requests).toBe(0);
    expect((await tenon.api('GET', tenon.inProject('/destinations'))).status).toBe(200);

    disk.failure = null;
    await clock.advance(MINUTE_MS);
    expect(await readiness(tenon)).toBe(200);
    const { receiver } = tenon;
    await until(driven, 'the backfill', () => receiver.state().recordsByObject.get('contacts') === 250);
    expect(receiver.state()).toMatchObject({ recordsRepeated: 0, duplicates: 0, signatureFailures: 0 });
    expect(tenon.fatal).toEqual([]);
  });

  it('does not deliver again what was delivered while the disk could not note it', async () => {
    const disk = interceptWriter();
    await using driven = await startDriven({ sandbox: { hubspotContacts: 1 } });
    const { tenon, clock } = driven;
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts', { schedule: '0 0 1 1 *' }))));
    await tenon.connect('hubspot');
    tenon.receiver.failNext(503);
    await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await settled(driven);
    const second = tenon.receiver
      .waitFor(({ accepted }) => accepted === 1)
      .then(() => {
        disk.failure = { kind: 'full', message: 'SQLITE_FULL' };
      });
    await clock.advance(6000);
    await second;
    await clock.advance(MINUTE_MS);
    disk.failure = null;
    await clock.advance(MINUTE_MS);
    await settled(driven);
    expect(tenon.receiver.state()).toMatchObject({ accepted: 1, duplicates: 0 });
    expect(tenon.running.services.store.reads.all('SELECT seq FROM outbox')).toEqual([]);
  });

  it('leaves nothing half-installed', async () => {
    const disk = interceptWriter();
    await using tenon = await startTenon();
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    await tenon.connect('hubspot');
    disk.failure = { kind: 'full', message: 'SQLITE_FULL' };
    const body = { groupRef: 'acme', config: { content: { provider: 'hubspot' } } };
    const path = tenon.inProject('/integrations/hubspot/installations');
    expect((await tenon.api('POST', path, body)).status).toBe(503);
    disk.failure = null;
    const { reads } = tenon.running.services.store;
    expect(readInstallations(reads, tenon.projectId as never, {})).toEqual([]);
    expect((await tenon.api('POST', path, body)).status).toBe(201);
  });
});

describe('a broken disk', () => {
  it('ends Tenon: it is told once, and nothing is acknowledged after it', async () => {
    const disk = interceptWriter();
    await using tenon = await startTenon();
    disk.failure = { kind: 'io', message: 'SQLITE_IOERR disk I/O error' };
    expect((await addDestination(tenon, 'one')).status).toBe(503);
    disk.failure = null;
    expect((await addDestination(tenon, 'two')).status).toBe(503);
    expect(await readiness(tenon)).toBe(503);
    expect(tenon.fatal).toMatchObject([{ code: 'storage_unavailable', publicDetail: 'the disk failed' }]);
    expect(await tenon.ok('GET', tenon.inProject('/destinations'))).toEqual([]);
  });

  it('ends the process with exit code 70 and one line', async () => {
    const { folder, env } = dataFolder();
    // A file that may not grow beyond a limit fails its writes with EFBIG, which is an I/O error to SQLite.
    const serve = spawnServe(env, 1500);
    const origin = await serve.printed(/serves (http:\S+)/);
    const projectId = await serve.printed(/project {3}(\S+)/);
    const apiKey = await serve.printed(/API key {3}(\S+)/);
    const post = (name: string) =>
      fetch(`${origin}/v1/projects/${projectId}/destinations`, {
        method: 'POST',
        headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
        body: JSON.stringify({ name, type: 'webhook', metadata: { url: 'https://example.com' } }),
      }).then(
        ({ status }) => status,
        () => 0,
      );
    let count = 0;
    while ((await post(`destination-${count}`)) === 201) count += 1;
    const { code, stderr } = await serve.ended;
    expect(code).toBe(70);
    expect(stderr).toBe('error: the disk failed.\n');

    const again = spawnServe(env);
    const restarted = await again.printed(/serves (http:\S+)/);
    const listed = await fetch(`${restarted}/v1/projects/${projectId}/destinations`, {
      headers: { 'x-api-key': apiKey },
    });
    expect(((await listed.json()) as unknown[]).length).toBe(count);
    again.child.kill('SIGTERM');
    expect(await again.ended).toMatchObject({ code: 0 });
    rmSync(folder, { recursive: true });
  });
});

function dataFolder(): { folder: string; env: Record<string, string> } {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, env: { TENON_DATA_DIR: join(folder, 'data') } };
}

/** Serves once, so that there is data, and ends. */
async function serveOnce(env: Record<string, string>): Promise<void> {
  const serve = spawnServe(env);
  await fetch(`${await serve.printed(/serves (http:\S+)/)}/health`);
  serve.child.kill('SIGTERM');
  expect(await serve.ended).toMatchObject({ code: 0, stderr: '' });
}

async function refusal(serve: ServeProcess): Promise<{ code: number | null; lines: string[] }> {
  const { code, stdout, stderr } = await serve.ended;
  expect(stdout).toBe('');
  return { code, lines: stderr.trimEnd().split('\n') };
}

const WRONG_SETTINGS: readonly (readonly [setting: Record<string, string>, line: RegExp])[] = [
  [{ TENON_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }, /^error: .*master key/],
  [{ TENON_MASTER_KEY: 'short' }, /^error: .*key/],
  [{ TENON_PORT: '99999' }, /^error: TENON_PORT must be a port number, 0 to 65535\.$/],
  [{ TENON_CATALOG_FILE: '/nowhere/catalog.json' }, /^error: .*\/nowhere\/catalog\.json/],
];

describe('a start that cannot be', () => {
  it('because of a wrong setting says so in one line and changes nothing', async () => {
    const { env } = dataFolder();
    await serveOnce(env);
    for (const [setting, line] of WRONG_SETTINGS) {
      const { code, lines } = await refusal(spawnServe({ ...env, ...setting }));
      expect(lines).toEqual([expect.stringMatching(line)]);
      expect(code).toBe(1);
    }
    await serveOnce(env);
  });

  it('because a newer version wrote the data says so in one line', async () => {
    const { folder, env } = dataFolder();
    await serveOnce(env);
    const database = openForWriting(join(folder, 'data', 'tenon.db'));
    database.pragma('user_version = 9999');
    database.close();
    const { code, lines } = await refusal(spawnServe(env));
    expect(lines).toEqual([expect.stringMatching(/^error: .*newer version \(schema 9999, .*restore a backup/)]);
    expect(code).toBe(1);
  });

  it('because the data is no database says so in one line', async () => {
    const { folder, env } = dataFolder();
    await serveOnce(env);
    writeFileSync(join(folder, 'data', 'tenon.db'), 'x'.repeat(8192));
    const { code, lines } = await refusal(spawnServe(env));
    expect(lines).toEqual([
      expect.stringMatching(/^error: the database in .* is damaged: .*`tenon restore FILE --force`/),
    ]);
    expect(code).toBe(1);
  });

  it('because another process has the data or the port says which', async () => {
    const { env } = dataFolder();
    const first = spawnServe(env);
    await fetch(`${await first.printed(/serves (http:\S+)/)}/health`);
    const second = await refusal(spawnServe(env));
    expect(second.lines).toEqual([expect.stringMatching(/^error: the data folder .* is in use by another process/)]);
    expect(second.lines[0]).toContain(`pid ${first.child.pid}`);
    first.child.kill('SIGTERM');
    await first.ended;

    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await vi.waitUntil(() => taken.listening);
    const { port } = taken.address() as AddressInfo;
    const third = await refusal(spawnServe({ ...env, TENON_PORT: String(port) }));
    expect(third.lines).toEqual([
      expect.stringMatching(new RegExp(`^error: port ${port} of 127\\.0\\.0\\.1 is in use`)),
    ]);
    expect([second.code, third.code]).toEqual([1, 1]);
  });
});

// Looking into a running Tenon from its own machine, from elsewhere, and into one that is down: a server and commands
// as processes of their own, on one data folder.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ActorView, ReplayView } from '../../src/flows/operator/actors.ts';
import type { QuarantinePage } from '../../src/flows/operator/quarantine.ts';
import type { WhyView } from '../../src/flows/operator/why.ts';
import { takeOwnerLock } from '../../src/store/ownerLock.ts';
import { openForWriting } from '../../src/store/sqlite.ts';
import { type Ran, runTenon, TENON } from '../support/cli.ts';
import { integration, manifest, readObject } from '../support/drive.ts';
import { startTenonProcess } from '../support/process.ts';
import type { Tenon } from '../support/tenon.ts';

const CONTACTS = 30;

let tenon: Tenon;
let installationId = '';
let readId = '';

/** A Tenon whose one installation has read everything and waits for its next schedule. */
beforeAll(async () => {
  tenon = await startTenonProcess({ hubspotContacts: CONTACTS });
  await tenon.addWebhook('hook');
  await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
  await tenon.connect('hubspot');
  const { id } = await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
  installationId = id;
  readId = `read:${id}/contacts`;
  await tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('contacts') === CONTACTS);
  // The last round of deliveries is settled a moment after its last message has arrived.
  while ((await json<WhyView>('why', id)).name !== 'nextScheduled');
});

afterAll(() => tenon.stop());

const dataFolder = () => join(tenon.folder, 'data');

function run(...args: readonly string[]): Promise<Ran> {
  return runTenon(args, { TENON_DATA_DIR: dataFolder() });
}

/** What a command says as JSON. */
async function json<View>(...args: readonly string[]): Promise<View> {
  const { code, out, error } = await run(...args, '--json');
  if (code !== 0) throw new Error(`tenon ${args.join(' ')} ended with ${code}: ${error}`);
  return JSON.parse(out) as View;
}

/** Changes rows of the halted Tenon. */
function edit(...statements: readonly string[]): void {
  const database = openForWriting(join(dataFolder(), 'tenon.db'));
  for (const sql of statements) database.exec(sql);
  database.close();
}

const failure = ({ code, out, error }: Ran) => [code, out, error];

describe('a command finds no Tenon', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-none-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('in an empty folder', async () => {
    const ran = await runTenon(['why', 'x'], { TENON_DATA_DIR: folder });
    expect(failure(ran)).toEqual([
      1,
      '',
      expect.stringContaining(`there is no Tenon data in ${folder}. Name the folder`),
    ]);
  });

  it('that answers while the folder is taken and nobody listens yet', async () => {
    const lock = takeOwnerLock(folder);
    onTestFinished(() => lock.release());
    const ran = await runTenon(['why', 'x'], { TENON_DATA_DIR: folder });
    expect(failure(ran)).toEqual([1, '', expect.stringContaining(`process ${process.pid} has the data folder`)]);
  });

  it('that was started by another version', async () => {
    openForWriting(join(folder, 'tenon.db')).exec('PRAGMA user_version = 1');
    const ran = await runTenon(['why', 'x'], { TENON_DATA_DIR: folder });
    expect(failure(ran)).toEqual([1, '', expect.stringContaining('another version of Tenon')]);
  });
});

describe('the data folder', () => {
  it('is read by nobody but the user of its server, whoever may look into it', () => {
    const files = readdirSync(dataFolder());
    expect(files).toContain('tenon.db-wal');
    for (const file of files) expect([file, statSync(join(dataFolder(), file)).mode & 0o077]).toEqual([file, 0]);
  });

  it.skipIf(process.getuid?.() === 0)('of another user is told from one without data', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tenon-theirs-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'tenon.db'), '', { mode: 0o000 });
    const ran = await runTenon(['why', 'x'], { TENON_DATA_DIR: folder });
    expect(failure(ran)).toEqual([1, '', expect.stringContaining(`the data folder ${folder} belongs to another user`)]);
  });

  it('that is damaged is told in one line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tenon-damaged-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'tenon.db'), 'this is no database');
    for (const args of [
      ['why', 'x'],
      ['quarantine', 'list'],
      ['erase', 'installation', 'x'],
    ]) {
      const ran = await runTenon(args, { TENON_DATA_DIR: folder });
      expect(failure(ran)).toEqual([1, '', expect.stringMatching(/^error: .*is damaged: file is not a database.*\n$/)]);
    }
  });
});

describe('a running Tenon', () => {
  it.each<[string, () => string[], string]>([
    [
      'a machine that is mistyped',
      () => ['actor', 'show', `instalation:${installationId}`],
      'Did you mean installation:',
    ],
    ['an actor that is not paused', () => ['quarantine', 'retry', readId], 'is not paused'],
    ['no id', () => ['why', ''], 'nothing has the id ""'],
    ['an id that a URL has another meaning for', () => ['actor', 'show', '..'], 'nothing has the id ".."'],
    ['an id that would steer the terminal', () => ['why', 'x\n\x1b]0;y'], 'there is no installation x \\x1b]0;y.'],
    [
      'what is no address of a server',
      () => ['why', 'x', '--url', 'ftp://x', '--api-key', 'k'],
      '"ftp://x" is not the address of a server',
    ],
    [
      'a key that nobody knows',
      () => ['why', 'x', '--url', tenon.origin, '--api-key', 'k'],
      'the operator key is missing or not valid. `tenon key create --operator`',
    ],
    ['what is no number', () => ['quarantine', 'discard', 'all'], '`tenon quarantine list` shows them'],
  ])('tells of %s in one line', async (_what, args, says) => {
    const { code, out, error } = await run(...args());
    expect([code, out, error.trimEnd().split('\n').length]).toEqual([1, '', 1]);
    expect(error).toContain(says);
  });

  it('shows an installation by its bare id, with the actors that it works with', async () => {
    const view = await json<ActorView>('actor', 'show', installationId);
    expect(view).toMatchObject({ actorId: `installation:${installationId}`, state: 'present.active', wakeAt: null });
    expect(view.related).toEqual([expect.stringMatching(/^credential:/), readId]);
    expect(view.events.map(({ type }) => type)).toEqual(['installation.created', 'config.applied']);
  });

  it('shows a read with its alarm, its context and its events, and no escape codes into a pipe', async () => {
    const { code, out, error } = await run('actor', 'show', readId);
    expect([code, error]).toEqual([0, '']);
    expect(out).toMatch(/state {5}idle since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(.+\)/);
    expect(out).toMatch(/wakes {5}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(in .+\)/);
    expect(out).toMatch(/objectName {6}contacts/);
    expect(out).toMatch(/page\.committed\s+idle/);
    expect(out).not.toContain('\x1b');
  });

  it('is shown without complaint to a reader that has seen enough', async () => {
    const command = `"$0" "$1" actor show "$2" | head -n 1`;
    const child = spawn('bash', ['-o', 'pipefail', '-c', command, process.execPath, TENON, readId], {
      env: { PATH: process.env['PATH'] ?? '', TENON_DATA_DIR: dataFolder() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    expect([code, out, error]).toEqual([0, `${readId}\n`, '']);
  });

  it('replays a read to what is stored', async () => {
    const { code, out } = await run('actor', 'replay', readId);
    expect(code).toBe(0);
    expect(out).toMatch(/asks for effect\.readPage/);
    expect(out.trimEnd()).toMatch(/same as stored at revision \d+$/);
  });

  it('says in one line why it does nothing', async () => {
    const { code, out } = await run('why', installationId);
    expect(code).toBe(0);
    expect(out).toMatch(/^"hubspot" of acme \(HubSpot\) waits for its next schedule\. .+ Nothing is wrong\.\n$/);
  });

  it('has nothing in quarantine', async () => {
    expect((await run('quarantine', 'list')).out).toBe('nothing is in quarantine\n');
    expect((await run('quarantine', 'list', '--cursor', 'z')).out).toBe('nothing more is in quarantine\n');
  });

  it('is asked from elsewhere with an operator key, and with no other', async () => {
    const url = ['--url', tenon.origin];
    const none = await run('why', installationId, ...url);
    expect(failure(none)).toEqual([1, '', expect.stringContaining('an API key with the scope "operator" is needed')]);
    const project = await run('why', installationId, ...url, '--api-key', tenon.apiKey);
    expect(failure(project)).toEqual([1, '', expect.stringContaining('this API key is not an operator key')]);
    await tenon.halt();
    const { out } = await run('key', 'create', '--operator');
    await tenon.resume();
    const key = /tnn_\S+/.exec(out)?.[0] ?? '';
    const ran = await run('why', installationId, '--url', tenon.origin, '--api-key', key);
    expect(failure(ran)).toEqual([0, expect.stringContaining('waits for its next schedule'), '']);
  });
});

describe('a Tenon that is down', () => {
  it('is looked into from its files and shows the same; whoever has its port now is not asked', async () => {
    const { events: before, context } = await json<ActorView>('actor', 'show', readId);
    const left = readFileSync(join(dataFolder(), 'owner.json'), 'utf8');
    await tenon.halt();
    let calls = 0;
    const stranger = createServer((_incoming, outgoing) => {
      calls += 1;
      outgoing.end('{}');
    }).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    writeFileSync(join(dataFolder(), 'owner.json'), left.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`));

    expect(await json<ActorView>('actor', 'show', readId)).toMatchObject({ events: before, context });
    expect((await json<ReplayView>('actor', 'replay', readId)).kind).toBe('same');
    expect(await json<WhyView>('why', installationId)).toMatchObject({ name: 'notServing', fault: 'operator' });
    stranger.close();
    expect(calls).toBe(0);
    await tenon.resume();
  });

  it('has its unreadable state told, and whose fault that is', async () => {
    await tenon.halt();
    const stored = "(SELECT state FROM snapshots WHERE actorId = 'kept')";
    edit(
      `INSERT INTO snapshots (actorId, schemaVersion, revision, state, base, events)
        SELECT 'kept', 1, 1, state, '', '' FROM snapshots WHERE actorId = '${readId}'`,
      `UPDATE snapshots SET state = 'not JSON' WHERE actorId = '${readId}'`,
    );
    const why = await json<WhyView>('why', installationId);
    const view = await json<ActorView>('actor', 'show', readId);
    edit(
      `UPDATE snapshots SET state = ${stored} WHERE actorId = '${readId}'`,
      "DELETE FROM snapshots WHERE actorId = 'kept'",
    );
    await tenon.resume();
    expect(why.besides[0]).toMatchObject({ name: 'actorPaused', fault: 'tenon' });
    expect(why.besides[0]?.remedy).not.toContain('retry');
    expect(view).toMatchObject({ state: 'unreadable', context: {} });
    expect(view.events.at(-1)).toMatchObject({ type: 'page.committed', state: 'idle' });
  });

  it('has its changed state told field by field', async () => {
    await tenon.halt();
    // It reads every ten minutes, also while these tests run.
    const { turn } = (await json<ActorView>('actor', 'show', readId)).context as { turn: number };
    edit(`UPDATE snapshots SET state = json_set(state, '$.context.turn', 99) WHERE actorId = '${readId}'`);
    const { code, out } = await run('actor', 'replay', readId);
    edit(`UPDATE snapshots SET state = json_set(state, '$.context.turn', ${turn}) WHERE actorId = '${readId}'`);
    await tenon.resume();
    expect(code).toBe(1);
    expect(out).toMatch(/differs from what is stored at revision \d+\n {2}context\.turn\n/);
    expect(out).toContain(`\n    replayed  ${turn}\n    stored    99\n`);
  });
});

describe('what is in quarantine', () => {
  const pause = () =>
    edit(
      `UPDATE snapshots SET pausedReason = 'T-9999: it broke', pausedAtMs = 1000 WHERE actorId = '${readId}'`,
      `INSERT INTO quarantine (actorId, event, error, atMs)
        VALUES ('${readId}', '{"type":"read.paused","why":"a test"}', 'T-9999: it broke', 1000)`,
    );

  it('is listed and explained while the server runs, and tries again at once', async () => {
    await tenon.halt();
    pause();
    await tenon.resume();
    const { actors } = await json<QuarantinePage>('quarantine', 'list');
    expect(actors).toEqual([
      {
        actorId: readId,
        reason: 'T-9999: it broke',
        pausedAt: '1970-01-01T00:00:01.000Z',
        setAside: [expect.objectContaining({ type: 'read.paused', details: { why: 'a test' }, effectId: null })],
      },
    ]);
    const why = await json<WhyView>('why', installationId);
    expect(why).toMatchObject({ name: 'actorPaused', fault: 'tenon', since: '1970-01-01T00:00:01.000Z' });
    expect((await run('actor', 'show', readId)).out).toMatch(/set aside\n {2}#\d+ {2}read\.paused/);

    expect(failure(await run('quarantine', 'retry', readId))).toEqual([0, `${readId} tries again\n`, '']);
    expect(await json<QuarantinePage>('quarantine', 'list')).toEqual({ actors: [], cursor: null });
    expect((await json<WhyView>('why', installationId)).name).toBe('nextScheduled');
  });

  it('is given up while the server runs', async () => {
    await tenon.halt();
    pause();
    await tenon.resume();
    const { actors } = await json<QuarantinePage>('quarantine', 'list');
    const seq = actors[0]?.setAside[0]?.seq;
    const { code, out } = await run('quarantine', 'discard', `#${seq}`);
    expect([code, out]).toEqual([0, `${readId} goes on without event #${seq}\n`]);
    expect(await json<QuarantinePage>('quarantine', 'list')).toEqual({ actors: [], cursor: null });
  });

  it('is decided about while the server is down, for its next start', async () => {
    await tenon.halt();
    pause();
    const retried = await run('quarantine', 'retry', readId);
    expect(failure(retried)).toEqual([0, `${readId} tries again when the server starts\n`, '']);
    pause();
    const { actors } = await json<QuarantinePage>('quarantine', 'list');
    const seq = actors[0]?.setAside[0]?.seq;
    expect((await run('quarantine', 'discard', String(seq))).code).toBe(0);
    await tenon.resume();
    expect((await json<WhyView>('why', installationId)).name).toBe('nextScheduled');
  });

  it('is not given up without the server where only that knows what follows', async () => {
    await tenon.halt();
    pause();
    edit(
      `INSERT INTO effects (effectId, actorId, targetId, payload)
        VALUES ('${readId}:1:0', '${readId}', '${readId}', '{"type":"effect.readPage"}')`,
      `UPDATE quarantine SET effectId = '${readId}:1:0', seq = 77`,
    );
    const refused = await run('quarantine', 'discard', '77');
    expect(failure(refused)).toEqual([1, '', expect.stringContaining('only a running server can give up')]);
    edit('DELETE FROM effects', 'DELETE FROM quarantine', 'UPDATE snapshots SET pausedReason = NULL');
    await tenon.resume();
  });
});

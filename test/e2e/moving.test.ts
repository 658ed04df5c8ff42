// A project moves from one Tenon to another: export, import into a new folder, and everything goes on. Servers and
// commands are processes of their own.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, type ProjectId } from '../../src/core/ids.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { insertProject } from '../../src/store/tables/accounts.ts';
import { insertTopic } from '../../src/store/tables/topics.ts';
import { type Ran, runTenon, TENON } from '../support/cli.ts';
import { integration, manifest, readObject } from '../support/drive.ts';
import { spawnServe, startTenonProcess } from '../support/process.ts';
import { withStore } from '../support/store.ts';
import type { Tenon } from '../support/tenon.ts';

const CONTACTS = 40;
/** About 2 MB of an export. */
const TOPICS = 10_000;
/** Two servers, a backfill and three commands, on a machine that does other things too. */
const MOVE_MS_MAX = 120_000;
const PASSPHRASE = { TENON_PASSPHRASE: 'correct horse battery' };

let tenon: Tenon;
let folder = '';
let installationId = '';
let signingKey = '';

/** A Tenon whose one installation has read and delivered everything, and whose destination has a header. */
beforeAll(async () => {
  tenon = await startTenonProcess({ hubspotContacts: CONTACTS });
  folder = mkdtempSync(join(tmpdir(), 'tenon-moving-'));
  await tenon.addWebhook('hook');
  await tenon.ok('PATCH', tenon.inProject('/destinations/hook'), {
    updateMask: ['metadata.headers'],
    destination: { metadata: { headers: { 'x-receiver': 'header-to-hide' } } },
  });
  const shown = await tenon.ok<{ secrets: { webhookSigningKey: string } }>(
    'GET',
    tenon.inProject('/destinations/hook?includeSecrets=true'),
  );
  signingKey = shown.secrets.webhookSigningKey;
  await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
  await tenon.connect('hubspot');
  const { id } = await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
  installationId = id;
  await tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('contacts') === CONTACTS);
  for (;;) {
    const { out } = await runTenon(['why', id, '--json'], { TENON_DATA_DIR: join(tenon.folder, 'data') });
    if ((JSON.parse(out) as JsonObject)['name'] === 'nextScheduled') break;
  }
});

afterAll(async () => {
  await tenon.stop();
  rmSync(folder, { recursive: true, force: true });
});

const old = () => ({ TENON_DATA_DIR: join(tenon.folder, 'data') });
const fresh = (name: string) => ({ TENON_DATA_DIR: join(folder, name) });
const file = (name: string) => join(folder, name);

function refusal({ code, out, error }: Ran): string {
  expect([code, out, error.trimEnd().split('\n').length]).toEqual([1, '', 1]);
  return error;
}

describe('an export without secrets', () => {
  it('is made beside a running server, and has neither secrets nor records', async () => {
    const { code, error } = await runTenon(['export', file('open.jsonl')], old());
    expect([code, error]).toEqual([0, expect.stringContaining('exported')]);
    const text = readFileSync(file('open.jsonl'), 'utf8');
    for (const hidden of ['header-to-hide', signingKey, 'secret-for-app-hubspot', 'sealed', '"kind":"outbox"']) {
      expect(text).not.toContain(hidden);
    }
    expect(statSync(file('open.jsonl')).mode & 0o077).toBe(0);
    expect(text).toContain(installationId);
  });

  it('never replaces a file', async () => {
    expect(refusal(await runTenon(['export', file('open.jsonl')], old()))).toContain('exists already');
  });

  it('that somebody made up brings nothing into another project, and no key of all of them', async () => {
    const lines = readFileSync(file('open.jsonl'), 'utf8').trimEnd().split('\n').slice(0, -1);
    const rows = lines.map((line) => JSON.parse(line) as { kind: string; row: JsonObject });
    const rowOf = (table: string) => rows.find(({ kind }) => kind === table)?.row ?? {};
    const key = { keyHash: 'a', projectId: tenon.projectId, label: 'a', scopes: '["full"]', isActive: 1 };
    const route = { routeId: 'r', projectId: tenon.projectId, topicId: 'theirs', createdAtMs: 1 };
    const other = { projectId: '00000000-0000-4000-8000-000000000000' };
    const message = { messageId: 'm', laneId: 'l', body: '{}', bytes: 2, nextAttemptAtMs: 0, createdAtMs: 0 };
    const evil: readonly (readonly [string, JsonObject])[] = [
      ['no passphrase vouches', { kind: 'apiKeys', row: key }],
      ['more than one project', { kind: 'topics', row: { ...other, topicId: 't', name: 'a', createdAtMs: 1 } }],
      ['more than one project', { kind: 'topics', row: { topicId: 't', name: 'a', createdAtMs: 1 } }],
      ['topicId is not in it', { kind: 'eventTopicRoutes', row: { ...route, eventType: 'connection.error' } }],
      ['integrationId is not in it', { kind: 'revisions', row: { ...rowOf('revisions'), integrationId: 'theirs' } }],
      [
        'revision is not in it',
        {
          kind: 'integrations',
          row: { ...rowOf('integrations'), integrationId: 'x', name: 'x', revisionId: 'theirs' },
        },
      ],
      ['more than one project', { kind: 'projects', row: { ...other, name: 'b', appName: 'b', orgId: 'b' } }],
      ['no passphrase vouches', { kind: 'outbox', row: message }],
    ];
    for (const [said, line] of evil) {
      const body = [...lines, JSON.stringify(line)].map((text) => `${text}\n`).join('');
      const digest = createHash('sha256').update(body).digest('base64');
      const end = JSON.stringify({ kind: 'end', rows: lines.length, digest });
      writeFileSync(file('evil.jsonl'), `${body}${end}\n`);
      expect(refusal(await runTenon(['import', file('evil.jsonl')], fresh('evil')))).toContain(said);
    }
    expect((await runTenon(['projects', 'list', '--json'], fresh('evil'))).out.trim()).toBe('[]');
  });

  it('makes the same project without its customers, and says what is left out', async () => {
    const { code, out } = await runTenon(['import', file('open.jsonl')], fresh('clone'));
    expect([code, out]).toEqual([0, expect.stringMatching(/left out[\s\S]+installations +1/)]);
    const listed = await runTenon(['integrations', 'list'], fresh('clone'));
    expect(listed.out).toContain('hubspot');
    expect((await runTenon(['destinations', 'show', 'hook', '--secret'], fresh('clone'))).out).toMatch(/whsec_/);
  });
});

describe('an export that is printed beside a running server', () => {
  it('keeps no log from being emptied while nobody reads on', async () => {
    const { store, folder: data } = await withStore();
    const projectId = newId<ProjectId>();
    await store.commit([
      insertProject({ projectId, name: 'large', appName: 'a', orgId: 'o', createdAtMs: 1 }),
      ...Array.from({ length: TOPICS }, (_, n) =>
        insertTopic({ topicId: newId<string>(), projectId, name: `topic ${n}`, createdAtMs: 1, updatedAtMs: null }),
      ),
    ]);
    const child = spawn(process.execPath, [TENON, 'export', '-'], {
      env: { PATH: process.env['PATH'] ?? '', TENON_DATA_DIR: data },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // Its first bytes are there, and more than the pipe holds are to come.
    await once(child.stdout, 'readable');
    await store.commit([
      insertTopic({ topicId: newId<string>(), projectId, name: 'late', createdAtMs: 1, updatedAtMs: null }),
    ]);
    await store.vacuum(0);
    expect(store.stats().walBytes).toBe(0);
    const lines = (await text(child.stdout)).trimEnd().split('\n');
    expect(lines.length).toBe(TOPICS + 3);
    expect(lines.at(-1)).toContain('"kind":"end"');
  });
});

describe('an export with secrets', () => {
  it('is refused while a server runs, with a short passphrase, and without one', async () => {
    const asked = ['export', file('whole.jsonl'), '--with-secrets'];
    expect(refusal(await runTenon(asked, { ...old(), ...PASSPHRASE }))).toContain('Stop it first');
    await tenon.halt();
    expect(refusal(await runTenon(asked, old()))).toContain('TENON_PASSPHRASE');
    expect(refusal(await runTenon(asked, { ...old(), TENON_PASSPHRASE: 'short' }))).toContain('at least 12');
    expect(existsSync(file('whole.jsonl'))).toBe(false);
  });

  it('has no secret in clear', async () => {
    const { code, error } = await runTenon(['export', file('whole.jsonl'), '--with-secrets'], {
      ...old(),
      ...PASSPHRASE,
    });
    expect([code, error]).toEqual([0, expect.stringContaining('sealed with the passphrase')]);
    const text = readFileSync(file('whole.jsonl'), 'utf8');
    for (const hidden of ['header-to-hide', signingKey, 'secret-for-app-hubspot', PASSPHRASE.TENON_PASSPHRASE]) {
      expect(text).not.toContain(hidden);
    }
  });

  it('is refused with another passphrase, changed, cut, or of another version, and nothing of it is kept', async () => {
    const text = readFileSync(file('whole.jsonl'), 'utf8');
    const lines = text.trimEnd().split('\n');
    writeFileSync(file('changed.jsonl'), text.replace('"groupRef":"acme"', '"groupRef":"evil"'));
    writeFileSync(file('cut.jsonl'), lines.slice(0, -3).join('\n'));
    writeFileSync(file('newer.jsonl'), text.replace('"version":1', '"version":2'));
    const bring = (name: string, env = PASSPHRASE) => runTenon(['import', file(name)], { ...fresh('refused'), ...env });
    expect(refusal(await bring('whole.jsonl', { TENON_PASSPHRASE: 'another passphrase' }))).toContain('is another one');
    expect(refusal(await bring('changed.jsonl'))).toContain('changed');
    expect(refusal(await bring('cut.jsonl'))).toContain('cut');
    expect(refusal(await bring('newer.jsonl'))).toContain('another version');
    expect((await runTenon(['projects', 'list', '--json'], fresh('refused'))).out.trim()).toBe('[]');
  });
});

describe('the other Tenon', () => {
  it('takes everything once, and a second import is refused whole', async () => {
    const first = await runTenon(['import', file('whole.jsonl')], { ...fresh('moved'), ...PASSPHRASE });
    expect([first.error.includes('error'), first.code, first.out]).toEqual([
      false,
      0,
      expect.stringMatching(/installations +1/),
    ]);
    const again = await runTenon(['import', file('whole.jsonl')], { ...fresh('moved'), ...PASSPHRASE });
    expect(refusal(again)).toContain('is here already, and nothing was brought in');
  });

  it('goes on: keys, tokens and signatures work, the cursor is kept, and no record comes twice', async () => {
    const accepted = tenon.receiver.state().accepted;
    const server = spawnServe({
      ...fresh('moved'),
      TENON_EGRESS_ALLOW: '127.0.0.1/32',
      TENON_CATALOG_FILE: join(tenon.folder, 'catalog.json'),
    });
    const origin = await server.printed(/serves (http:\S+)/);
    const headers = { 'x-api-key': tenon.apiKey, 'content-type': 'application/json' };
    const get = async (path: string) => (await fetch(`${origin}/v1${tenon.inProject(path)}`, { headers })).json();
    expect(await get(`/integrations/hubspot/installations/${installationId}`)).toMatchObject({ id: installationId });
    const destination = (await get('/destinations/hook?includeSecrets=true')) as JsonObject;
    expect(destination).toMatchObject({
      metadata: { headers: { 'x-receiver': 'header-to-hide' } },
      secrets: { webhookSigningKey: signingKey },
    });
    const proxied = await fetch(`${origin}/crm/v3/objects/contacts?limit=1`, {
      headers: {
        ...headers,
        'x-amp-proxy-version': '1',
        'x-amp-project-id': tenon.projectId,
        'x-amp-installation-id': installationId,
      },
    });
    expect(proxied.status).toBe(200);
    const renewed = await fetch(
      `${origin}/v1${tenon.inProject(`/connections/${await connectionId(get)}`)}?refresh=force`,
      { headers },
    );
    expect(renewed.status).toBe(200);
    const why = await runTenon(['why', installationId, '--json'], fresh('moved'));
    expect(JSON.parse(why.out)).toMatchObject({ name: 'nextScheduled' });
    const { recordsRepeated, duplicates, accepted: after } = tenon.receiver.state();
    expect({ recordsRepeated, duplicates, after }).toEqual({ recordsRepeated: 0, duplicates: 0, after: accepted });
    server.child.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
  });
});

async function connectionId(get: (path: string) => Promise<unknown>): Promise<string> {
  const [row] = (await get('/connections')) as readonly JsonObject[];
  return String(row?.['id']);
}

describe('a Tenon that is moved in the middle of a backfill', () => {
  it('has all records delivered by the other one, none of them in a second message', {
    timeout: MOVE_MS_MAX,
  }, async () => {
    const contacts = 1500;
    await using busy = await startTenonProcess({ hubspotContacts: contacts });
    await busy.addWebhook('hook');
    await busy.deploy(manifest(integration('hubspot', readObject('contacts'))));
    await busy.connect('hubspot');
    await busy.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await busy.receiver.waitFor(({ accepted }) => accepted >= 1);
    await busy.halt();
    const before = busy.receiver.state().recordsByObject.get('contacts') ?? 0;
    expect(before).toBeLessThan(contacts);
    const from = { TENON_DATA_DIR: join(busy.folder, 'data'), ...PASSPHRASE };
    expect((await runTenon(['export', file('busy.jsonl'), '--with-secrets'], from)).code).toBe(0);
    expect((await runTenon(['import', file('busy.jsonl')], { ...fresh('busy'), ...PASSPHRASE })).code).toBe(0);
    const server = spawnServe({
      ...fresh('busy'),
      TENON_EGRESS_ALLOW: '127.0.0.1/32',
      TENON_CATALOG_FILE: join(busy.folder, 'catalog.json'),
    });
    const done = await busy.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('contacts') === contacts);
    expect([done.recordsRepeated, done.signatureFailures]).toEqual([0, 0]);
    server.child.kill('SIGTERM');
    await server.ended;
  });
});

// One installation erased from a whole Tenon, in every state it may be in: afterwards neither its id nor a value of its
// records is anywhere in the tables, and not in the bytes of the files either.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IntegrationError } from '../../src/core/errors.ts';
import type { ActorId } from '../../src/core/ids.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { DELIVERY_TIMEOUT_MS } from '../../src/core/limits.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/core/time.ts';
import { type Erased, eraseInstallation } from '../../src/flows/operator/erase.ts';
import { openForWriting } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { readLane } from '../../src/store/tables/outbox.ts';
import { insertQuarantined } from '../../src/store/tables/quarantine.ts';
import { pauseSnapshot } from '../../src/store/tables/snapshots.ts';
import { type Destination, startDestination } from '../support/destination.ts';
import { type Driven, manifest, pass, readObject, settled, startDriven } from '../support/drive.ts';
import { routeEvents } from '../support/notifications.ts';
import type { Published } from '../support/tenon.ts';

const CANARY = 'Confidential-Job-Title';
const CONTACTS = { provider: 'hubspot', pathPrefix: '/crm/v3/objects/contacts' } as const;

interface Scene {
  readonly driven: Driven;
  readonly destination: Destination;
  readonly hook: Published;
  install(integration: string, groupRef?: string): Promise<Published>;
  erase(id: string, isConnectionKept?: boolean): Promise<Erased>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Two integrations that read contacts every ten minutes; one contact has the canary in it. */
async function startScene(titleLength = CANARY.length): Promise<Scene> {
  const driven = await startDriven({ sandbox: { hubspotContacts: 3 } });
  const { tenon } = driven;
  const destination = await startDestination();
  const body = { name: 'hook', type: 'webhook', metadata: { url: destination.origin } };
  const hook = await tenon.ok<Published>('POST', tenon.inProject('/destinations'), body);
  const object = readObject('contacts', { requiredFields: [{ fieldName: 'jobtitle' }] });
  const named = (name: string) => ({
    name,
    provider: 'hubspot',
    proxy: { enabled: true },
    read: { objects: [object] },
  });
  await tenon.deploy(manifest(named('first'), named('second')));
  change(driven, CANARY.padEnd(titleLength, CANARY));
  return {
    driven,
    destination,
    hook,
    async install(integration, groupRef = 'acme') {
      await tenon.connect('hubspot', { groupRef });
      return tenon.install(integration, { provider: 'hubspot', read: { objects: { contacts: {} } } }, groupRef);
    },
    erase: (id, isConnectionKept = false) => eraseInstallation(tenon.running.services, id, { isConnectionKept }),
    async [Symbol.asyncDispose]() {
      await destination[Symbol.asyncDispose]();
      await driven.tenon.stop();
    },
  };
}

function change({ tenon }: Driven, jobtitle: string): void {
  const at = { kind: 'modify', provider: 'hubspot', account: 'portal-1', object: 'contacts', count: 1 } as const;
  tenon.sandbox.change({ ...at, values: { jobtitle } });
}

/** Names of the tables that hold the text in any column. */
function tablesWith({ tenon }: Driven, text: string): string[] {
  const { reads } = tenon.running.services.store;
  const tables = reads.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
  return tables
    .map(({ name }) => name)
    .filter((name) =>
      reads
        .all<Record<string, unknown>>(`SELECT * FROM "${name}"`)
        .flatMap((row) => Object.values(row))
        .some((value) => Buffer.from(value instanceof Uint8Array ? value : String(value)).includes(text)),
    );
}

/** Files of the data folder whose bytes hold the text. */
function filesWith({ tenon }: Driven, text: string): string[] {
  const folder = join(tenon.folder, 'data');
  return readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(text));
}

function counts({ tenon }: Driven, table: string): number {
  return tenon.running.services.store.reads.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0;
}

function expectNothingOf(driven: Driven, ...texts: readonly string[]): void {
  for (const text of texts) {
    expect([text, tablesWith(driven, text)]).toEqual([text, []]);
    expect([text, filesWith(driven, text)]).toEqual([text, []]);
  }
}

describe('erasing an installation', () => {
  it('of which there is nothing is refused', async () => {
    await using scene = await startScene();
    await expect(scene.erase('no-such-installation')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('takes the results along that were delivered as links', async () => {
    await using scene = await startScene(310_000);
    const { driven } = scene;
    const { id } = await scene.install('first');
    await settled(driven);
    expect([counts(driven, 'outbox'), tablesWith(driven, CANARY)]).toEqual([0, ['blobs']]);
    expect((await scene.erase(id)).rows).toMatchObject({ outbox: 0, blobs: 1, operations: 1 });
    expectNothingOf(driven, id, CANARY);
  });

  it('leaves nothing of it: messages that wait and dead ones, its actors and its connection', async () => {
    await using scene = await startScene();
    const { driven, destination } = scene;
    const { id, connection } = await scene.install('first');
    await settled(driven);
    destination.answer = () => ({ status: 503 });
    change(driven, CANARY.padEnd(320_000, CANARY));
    await pass(driven, 12 * MINUTE_MS);
    change(driven, CANARY);
    await pass(driven, 31 * HOUR_MS);
    change(driven, CANARY);
    await pass(driven, 12 * MINUTE_MS);
    expect(readLane(driven.tenon.running.services.store.reads, scene.hook.id)).toMatchObject({ queued: 1, dead: 2 });

    const { rows, connectionId } = await scene.erase(id);
    expect(rows).toMatchObject({
      installations: 1,
      checkpoints: 1,
      connections: 1,
      credentials: 1,
      outbox: 3,
      blobs: 1,
    });
    expect([rows['operations'], rows['snapshots']]).toEqual([expect.any(Number), 3]);
    expect(connectionId).toBe((connection as JsonObject | undefined)?.['id']);
    expect(counts(driven, 'blobs')).toBe(0);
    expectNothingOf(driven, id, CANARY, connectionId ?? '');
    expect(readLane(driven.tenon.running.services.store.reads, scene.hook.id)).toMatchObject({
      queuedBytes: 0,
      queued: 0,
      dead: 0,
    });
    await expect(scene.erase(id)).rejects.toMatchObject({ code: 'not_found' });
    // The lane goes on for others, and the customer may come back.
    destination.answer = () => ({ status: 200 });
    const sent = destination.requests.length;
    await scene.install('first');
    await settled(driven);
    expect(destination.requests.length).toBeGreaterThan(sent);
    expect(driven.tenon.fatal).toEqual([]);
  });

  it('takes along what was to be told of it and of its connection, configs that were too large included', async () => {
    await using scene = await startScene();
    const { driven, destination, hook } = scene;
    const { tenon } = driven;
    await routeEvents(tenon, hook.id, 'ops');
    destination.answer = () => ({ status: 503 });
    const { id, connection } = await scene.install('first');
    const selectedFields = Object.fromEntries(
      Array.from({ length: 2000 }, (_, n) => [`${CANARY}_${'x'.repeat(50)}${n}`, true]),
    );
    const content = { provider: 'hubspot', read: { objects: { contacts: { selectedFields, disabled: true } } } };
    const patch = { updateMask: ['config.content.read.objects.contacts'], installation: { config: { content } } };
    const path = tenon.inProject(`/integrations/first/installations/${id}?skipSampling=true`);
    await tenon.ok('PATCH', path, patch);
    await settled(driven);
    const waiting = counts(driven, 'outbox');
    expect(counts(driven, 'blobs')).toBe(1);
    const { rows, connectionId } = await scene.erase(id);
    expect([connectionId, rows['outbox'], rows['blobs']]).toEqual([(connection as JsonObject)['id'], waiting, 1]);
    expectNothingOf(driven, id, CANARY, connectionId ?? '');
    await pass(driven, HOUR_MS);
    expectNothingOf(driven, id, CANARY, connectionId ?? '');
    expect(readLane(tenon.running.services.store.reads, hook.id)).toMatchObject({ queuedBytes: 0, queued: 0, dead: 0 });
  });

  it('takes along what was to be told of its connection, also where that went with it before', async () => {
    await using scene = await startScene();
    const { driven, destination, hook } = scene;
    const { tenon } = driven;
    await routeEvents(tenon, hook.id, 'ops');
    destination.answer = () => ({ status: 503 });
    const { id, connection } = await scene.install('first');
    await settled(driven);
    await tenon.ok('DELETE', tenon.inProject(`/integrations/first/installations/${id}`));
    // Until retention has removed the ended actors.
    await pass(driven, 2 * HOUR_MS);
    const connectionId = String((connection as JsonObject)['id']);
    expect([counts(driven, 'connections'), tablesWith(driven, connectionId)]).toEqual([0, ['outbox']]);
    const told = counts(driven, 'outbox');
    expect((await scene.erase(id)).rows).toMatchObject({ connections: 0, outbox: told });
    expectNothingOf(driven, id, connectionId);
  });

  it('goes on with what was to be told of its connection when it is called again', async () => {
    await using scene = await startScene();
    const { driven, destination, hook } = scene;
    const { tenon } = driven;
    await routeEvents(tenon, hook.id, 'ops');
    destination.answer = () => ({ status: 503 });
    const { id, connection } = await scene.install('first');
    await settled(driven);
    const { services } = tenon.running;
    // Its actors and rows go by the runtime, before anything is committed otherwise.
    const commit = () => Promise.reject(new IntegrationError('storage_unavailable', 'the disk is full'));
    const store = Object.assign(Object.create(services.store) as Store, { commit });
    const first = eraseInstallation({ ...services, store }, id, { isConnectionKept: false });
    await expect(first).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect([counts(driven, 'installations'), counts(driven, 'connections')]).toEqual([0, 0]);
    await scene.erase(id);
    expectNothingOf(driven, id, String((connection as JsonObject)['id']));
  });

  it('while a page of it and a delivery of it are under way: neither brings anything back', async () => {
    await using scene = await startScene();
    const { driven, destination } = scene;
    destination.answer = () => 'never';
    const other = await scene.install('first', 'beta');
    await destination.received(1);
    const page = driven.tenon.sandbox.faults.next(CONTACTS, { kind: 'slowHead' });
    const { id } = await scene.install('first', 'acme');
    await page.reached;
    await scene.erase(id);
    await scene.erase(other.id);
    page.release();
    await driven.clock.advance(DELIVERY_TIMEOUT_MS);
    await settled(driven);
    await pass(driven, HOUR_MS);
    expectNothingOf(driven, id, other.id);
    expect(counts(driven, 'outbox') + counts(driven, 'operations') + counts(driven, 'effects')).toBe(0);
    const lane = readLane(driven.tenon.running.services.store.reads, scene.hook.id);
    expect(lane).toMatchObject({ queuedBytes: 0, queued: 0, dead: 0 });
    expect(driven.tenon.fatal).toEqual([]);
  });

  it('while its reads are about to begin: they are erased as well', async () => {
    await using scene = await startScene();
    const { driven } = scene;
    const { reads } = driven.tenon.running.services.store;
    const installed = scene.install('first');
    const made = () => reads.get<{ id: string }>('SELECT installationId AS id FROM installations');
    while (made() === undefined) await new Promise((resolve) => setImmediate(resolve));
    const { id = '' } = made() ?? {};
    await scene.erase(id);
    await installed;
    await settled(driven);
    await pass(driven, HOUR_MS);
    expectNothingOf(driven, id);
    expect(driven.tenon.fatal).toEqual([]);
  });

  it('keeps what another installation uses: its messages in the same round, and the shared connection', async () => {
    await using scene = await startScene();
    const { driven, destination } = scene;
    const first = await scene.install('first');
    const second = await driven.tenon.install('second', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await settled(driven);
    // Each may have been sent in a round of its own; at their second attempt, both are due.
    destination.answer = () => ({ status: 503 });
    change(driven, 'changed');
    const before = destination.requests.length;
    await driven.clock.advance(10 * MINUTE_MS);
    await settled(driven);
    expect(destination.requests.length).toBe(before + 2);
    destination.answer = () => 'never';
    driven.clock.jump(HOUR_MS);
    await driven.clock.advanceTo(driven.clock.nextAtMs ?? 0);
    await destination.received(before + 4);
    const { connectionId, rows } = await scene.erase(first.id);
    expect([connectionId, rows['connections']]).toEqual([null, 0]);
    expectNothingOf(driven, first.id);
    destination.answer = () => ({ status: 200 });
    await driven.clock.advance(DELIVERY_TIMEOUT_MS);
    await settled(driven);
    // The result of the round counts for what is left of it.
    expect(driven.tenon.running.services.store.reads.all('SELECT attempts FROM outbox')).toEqual([{ attempts: 2 }]);
    await pass(driven, HOUR_MS);
    const delivered = destination.requests.slice(before).map(({ body }) => body);
    expect(delivered.some((body) => body.includes(second.id))).toBe(true);
    expect(readLane(driven.tenon.running.services.store.reads, scene.hook.id)).toMatchObject({ queued: 0, dead: 0 });
    expect((await scene.erase(second.id)).connectionId).not.toBeNull();
    expect(counts(driven, 'connections') + counts(driven, 'credentials')).toBe(0);
  });

  it('keeps its connection if asked to', async () => {
    await using scene = await startScene();
    const { driven } = scene;
    const { id } = await scene.install('first');
    await settled(driven);
    expect((await scene.erase(id, true)).connectionId).toBeNull();
    expectNothingOf(driven, id);
    expect(counts(driven, 'connections')).toBe(1);
    await driven.tenon.install('first', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await settled(driven);
    expect(counts(driven, 'installations')).toBe(1);
  });

  it('works when its actors are paused, unreadable, or its row is gone already', async () => {
    await using scene = await startScene();
    const { driven } = scene;
    const { tenon } = driven;
    const paused = await scene.install('first', 'paused');
    const unreadable = await scene.install('first', 'unreadable');
    const orphan = await scene.install('first', 'orphan');
    await settled(driven);
    const actor = `read:${paused.id}/contacts` as ActorId;
    await tenon.running.services.store.commit([
      insertQuarantined({ actorId: actor, effectId: null, event: `{"of":"${paused.id}"}`, error: 'x', atMs: 1 }),
      pauseSnapshot(actor, `broken by ${paused.id}`, 1),
      pauseSnapshot(`installation:${paused.id}` as ActorId, 'broken', 1),
    ]);
    await tenon.halt();
    const database = openForWriting(join(tenon.folder, 'data', 'tenon.db'));
    database.prepare("UPDATE snapshots SET state = 'garbage' WHERE actorId LIKE ?").run(`%${unreadable.id}%`);
    database.prepare('DELETE FROM installations WHERE installationId = ?').run(orphan.id);
    database.close();
    await tenon.resume();
    await settled(driven);
    for (const { id } of [paused, unreadable, orphan]) await scene.erase(id);
    expectNothingOf(driven, paused.id, unreadable.id, orphan.id);
    expect(counts(driven, 'quarantine')).toBe(0);
    expect(driven.tenon.fatal).toEqual([]);
  });

  it('over the operator plane answers what was there', async () => {
    await using scene = await startScene();
    const { driven } = scene;
    const { id } = await scene.install('first');
    await settled(driven);
    const owner = JSON.parse(readFileSync(join(driven.tenon.folder, 'data', 'owner.json'), 'utf8')) as {
      token: string;
    };
    const call = async (installation: string, authorization: string) => {
      const path = `/operator/v1/installations/${installation}?keepConnection=false`;
      const response = await fetch(`${driven.tenon.origin}${path}`, { method: 'DELETE', headers: { authorization } });
      return [response.status, await response.json()];
    };
    expect((await call(id, 'Bearer wrong'))[0]).toBe(401);
    expect(await call('none', `Bearer ${owner.token}`)).toMatchObject([404, { code: 'not_found' }]);
    expect(await call(id, `Bearer ${owner.token}`)).toMatchObject([
      200,
      { installationId: id, rows: { checkpoints: 1 } },
    ]);
  });
});

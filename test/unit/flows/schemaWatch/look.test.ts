// One look, as data: what it answers, and what commits with it.

import { describe, expect, it } from 'vitest';
import type { Settlement } from '../../../../actors/dispatch.ts';
import type { WatchSchemaEffect } from '../../../../machines/effects.ts';
import type { DescribedObject, ReadConnector } from '../../../../src/connectors/contract.ts';
import { FIELD_SNAPSHOT_BYTES_MAX, OUTBOX_BYTES_PER_LANE_MAX } from '../../../../src/core/limits.ts';
import { HOUR_MS } from '../../../../src/core/time.ts';
import { createWebhook } from '../../../../src/flows/destinations.ts';
import { deployManifest } from '../../../../src/flows/install/deploy.ts';
import { applyConfigHandler, tellReadsHandler } from '../../../../src/flows/install/effects.ts';
import { createInstallation } from '../../../../src/flows/install/installations.ts';
import { forgetFieldsHandler, watchSchemaHandler } from '../../../../src/flows/schemaWatch/look.ts';
import type { FieldMetadata } from '../../../../src/manifest/hydrate.ts';
import { putFieldSnapshot } from '../../../../src/store/tables/fieldSnapshots.ts';
import { readInstallation } from '../../../../src/store/tables/installations.ts';
import { addToLane } from '../../../../src/store/tables/outbox.ts';
import { type Flows, startFlows } from '../install/tenon.ts';

const SIGNAL = new AbortController().signal;
const EMAIL: FieldMetadata = { fieldName: 'email', displayName: 'Email', valueType: 'string' };

interface Scene extends Flows {
  readonly installationId: string;
  readonly laneId: string;
  look(differences?: Partial<WatchSchemaEffect>): Promise<Settlement>;
}

/** Installed, with a connector for Stripe that describes every object alike. */
async function start(described: DescribedObject | null, watch: object | null = {}): Promise<Scene> {
  const flows = await startFlows();
  const { services, projectId } = flows;
  const metadata = { url: 'https://hooks.example.com/in' };
  const { destinationId: laneId } = await createWebhook(services, projectId, { name: 'fields', metadata });
  const objects = ['plans', 'customers'].map((objectName) => ({
    objectName,
    destination: 'fields',
    enabled: 'always',
  }));
  const watchSchema = { destination: 'fields', allObjects: { fieldDeleted: { enabled: 'always' } }, ...watch };
  const billing = {
    name: 'billing',
    provider: 'stripe',
    read: { objects },
    ...(watch === null ? {} : { watchSchema }),
  };
  const source = JSON.stringify({ specVersion: '1.0.0', integrations: [billing] });
  await deployManifest(services, projectId, source, 'amp.yaml');
  await flows.connect();
  const { installationId } = await createInstallation(services, flows.integration('billing'), {
    groupRef: 'acme',
    content: {},
  });
  const connector = { describe: async () => described } as unknown as ReadConnector;
  const connectors = new Map(described === null ? [] : [['stripe', connector]]);
  const handler = watchSchemaHandler({ ...services, connectors });
  const effect = { type: 'effect.watchSchema', installationId, turn: 7, after: '', attempt: 0, deferrals: 0 } as const;
  return {
    ...flows,
    installationId,
    laneId,
    look: (differences) => handler.perform({ ...effect, ...differences }, SIGNAL),
  };
}

function statementsOf({ writes = [] }: Settlement): string[] {
  return writes.map(({ statement }) => statement);
}

describe('a look', () => {
  it.each<[string, Partial<WatchSchemaEffect>, object | null]>([
    ['at an installation that is gone', { installationId: 'nobody' }, {}],
    ['where nothing is watched any more', {}, null],
    ['where nothing would be told', {}, { allObjects: {} }],
  ])('%s ends, and leaves it to others to end the watch', async (_what, differences, watch) => {
    const { look } = await start({ fields: [EMAIL] }, watch);
    const nextLookAtMs = expect.any(Number);
    expect(await look(differences)).toEqual({ event: { type: 'look.ended', turn: 7, message: null, nextLookAtMs } });
  });

  it('ends for this time where the provider cannot be asked, or nobody can be told', async () => {
    const undescribed = await start(null);
    const atMs = undescribed.services.clock.nowMs() + 25 * HOUR_MS;
    const { event } = await undescribed.look();
    expect(event).toMatchObject({ type: 'look.ended', turn: 7, message: 'objects of stripe cannot be described yet' });
    expect(Number(event?.['nextLookAtMs'])).toBeLessThan(atMs);
    const unheard = await start({ fields: [EMAIL] }, { destination: 'nowhere' });
    expect((await unheard.look()).event).toMatchObject({
      type: 'look.ended',
      message: 'the project has no destination named "nowhere"',
    });
  });

  it('waits while the destination is behind', async () => {
    const { services, laneId, look } = await start({ fields: [EMAIL] });
    const counts = { queued: 1, delivered: 0, dead: 0 };
    await services.store.commit([addToLane({ laneId, queuedBytes: OUTBOX_BYTES_PER_LANE_MAX + 1, ...counts })]);
    expect((await look()).event).toMatchObject({ type: 'look.deferred', message: 'the destination is behind' });
  });

  it('fails for an object without fields, and for one with more than are remembered', async () => {
    const empty = await start({ fields: [] });
    expect(await empty.look()).toMatchObject({
      event: { type: 'object.failed', objectName: 'customers', message: expect.stringContaining('no field') },
    });
    const many = Array.from({ length: 20_000 }, (_, at) => ({ fieldName: `f${at}`, displayName: 'x'.repeat(60) }));
    const large = await start({ fields: many });
    expect(await large.look()).toMatchObject({
      event: { type: 'object.failed', message: expect.stringContaining('more fields than') },
    });
  });

  it('goes from object to object by their names, and forgets those that are not read any more', async () => {
    const { services, installationId, look } = await start({ fields: [EMAIL] });
    for (const [after, objectName] of [
      ['', 'customers'],
      ['customers', 'plans'],
      ['gone', 'plans'],
    ] as const) {
      const settlement = await look({ after });
      expect(settlement.event).toEqual({ type: 'object.looked', turn: 7, objectName });
      expect([statementsOf(settlement), settlement.messages]).toEqual([['fieldSnapshots.put'], []]);
    }
    const ended = await look({ after: 'plans' });
    expect(ended.event).toMatchObject({ type: 'look.ended', message: null });
    expect(ended.writes).toEqual([
      { statement: 'fieldSnapshots.keep', params: [installationId, JSON.stringify(['plans', 'customers'])] },
    ]);
    expect(services.store.reads.all('SELECT * FROM fieldSnapshots')).toEqual([]);
  });

  it('writes nothing of what is as it was, and remembers silently what nobody asked to be told', async () => {
    const { services, installationId, look } = await start({
      fields: [EMAIL],
      descriptions: new Map([['email', 'x']]),
    });
    const of = { installationId, objectName: 'customers', updatedAtMs: 1 } as Parameters<typeof putFieldSnapshot>[0];
    await services.store.commit([putFieldSnapshot({ ...of, fields: JSON.stringify([EMAIL]) })]);
    expect(statementsOf(await look())).toEqual(['fieldSnapshots.put']);
    const fields = JSON.stringify([{ ...EMAIL, description: 'x' }]);
    await services.store.commit([putFieldSnapshot({ ...of, fields })]);
    expect(statementsOf(await look())).toEqual([]);
  });

  it('commits what is there with the message that tells what became of it', async () => {
    const { services, installationId, laneId, look } = await start({ fields: [EMAIL] });
    const gone = { fieldName: 'phone', displayName: 'Phone' };
    const of = { installationId, objectName: 'customers', updatedAtMs: 1 } as Parameters<typeof putFieldSnapshot>[0];
    await services.store.commit([putFieldSnapshot({ ...of, fields: JSON.stringify([EMAIL, gone]) })]);
    const settlement = await look();
    expect(statementsOf(settlement)).toEqual(['fieldSnapshots.put', 'outbox.insert', 'lanes.add']);
    expect(settlement.messages).toEqual([{ to: `delivery:${laneId}`, event: { type: 'outbox.appended' } }]);
    expect(JSON.parse(String(settlement.writes?.[1]?.params[3]))).toMatchObject({
      action: 'schema.watch',
      objectName: 'customers',
      result: { deletedFields: [gone] },
    });
  });

  it('remembers fields without their values where those are too many', async () => {
    const values = Array.from({ length: 40_000 }, (_, at) => ({ value: `${at}`, displayValue: `Value ${at}` }));
    const { look } = await start({ fields: [{ ...EMAIL, values }] });
    const [put] = (await look()).writes ?? [];
    expect(JSON.parse(String(put?.params[1]))).toEqual([EMAIL]);
    expect(JSON.stringify(values).length).toBeGreaterThan(FIELD_SNAPSHOT_BYTES_MAX);
  });

  it('that passed its deadline is tried again', async () => {
    const { services, installationId } = await start({ fields: [EMAIL] });
    const effect = {
      type: 'effect.watchSchema',
      installationId,
      turn: 7,
      after: '',
      attempt: 0,
      deferrals: 0,
    } as const;
    const handler = watchSchemaHandler(services);
    const late = handler.failed?.(effect, { code: 'timeout', message: 'late' });
    expect(late?.event).toMatchObject({ type: 'object.failed', objectName: 'customers', message: 'late' });
    const gone = handler.failed?.({ ...effect, installationId: 'nobody' }, { code: 'timeout', message: 'late' });
    expect(gone?.event).toMatchObject({ type: 'look.ended', turn: 7 });
  });
});

describe('who watches', () => {
  const apply = ({ services, installationId }: Scene) =>
    applyConfigHandler(services).perform({ type: 'effect.applyConfig', installationId, configRevision: 1 }, SIGNAL);
  const tell = ({ services, installationId }: Scene, event: 'read.blocked' | 'read.paused' | 'read.removed') =>
    tellReadsHandler(services).perform({ type: 'effect.tellReads', installationId, event, objects: null }, SIGNAL);
  const told = ({ messages = [] }: Settlement) =>
    messages.filter(({ to }) => to.startsWith('schemaWatch:')).map(({ event }) => event);

  it('is nobody where nothing is watched', async () => {
    const scene = await start({ fields: [EMAIL] }, null);
    expect(told(await apply(scene))).toEqual([]);
    for (const event of ['read.blocked', 'read.removed'] as const) expect(told(await tell(scene, event))).toEqual([]);
  });

  it('looks at once at what was made just now, and within the hour at what was there before', async () => {
    const scene = await start({ fields: [EMAIL] });
    const { services, installationId } = scene;
    await expect
      .poll(() => services.store.reads.get("SELECT 1 FROM snapshots WHERE actorId LIKE 'schemaWatch:%'"))
      .toBeTruthy();
    const nowMs = services.clock.nowMs();
    const [first] = told(await apply(scene));
    expect(Number(first?.['nextLookAtMs'])).toBeGreaterThanOrEqual(nowMs);
    expect(Number(first?.['nextLookAtMs'])).toBeLessThan(nowMs + HOUR_MS / 2);
    const row = readInstallation(services.store.reads, installationId);
    const clock = { ...services.clock, nowMs: () => (row?.createdAtMs ?? 0) + 2 * HOUR_MS };
    const [later] = told(await apply({ ...scene, services: { ...services, clock } }));
    expect(Number(later?.['nextLookAtMs'])).toBeGreaterThan(clock.nowMs());
    expect(Number(later?.['nextLookAtMs'])).toBeLessThanOrEqual(clock.nowMs() + HOUR_MS);
  });

  it('hears what becomes of the connection, and of the installation, and not of paused reads', async () => {
    const scene = await start({ fields: [EMAIL] });
    const { store } = scene.services;
    await expect.poll(() => store.reads.get("SELECT 1 FROM snapshots WHERE actorId LIKE 'schemaWatch:%'")).toBeTruthy();
    expect(told(await tell(scene, 'read.blocked'))).toEqual([{ type: 'watch.blocked' }]);
    expect(told(await tell(scene, 'read.removed'))).toEqual([{ type: 'watch.removed' }]);
    expect(told(await tell(scene, 'read.paused'))).toEqual([]);
  });

  it('forgets what it knew at the end', async () => {
    const settlement = await forgetFieldsHandler().perform(
      { type: 'effect.forgetFields', installationId: 'i1', turn: 3 },
      SIGNAL,
    );
    expect(settlement).toEqual({
      event: { type: 'fields.forgotten', turn: 3 },
      writes: [{ statement: 'fieldSnapshots.erase', params: ['i1'] }],
    });
  });
});

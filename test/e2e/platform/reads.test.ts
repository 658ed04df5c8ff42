// Reads that are asked for over the API, from the request to the delivered record: what is refused, what is read, in
// which order, and that an answer stands whatever happens to the process after it.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { READ_TRIGGERS_MAX } from '../../../src/core/limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, toRfc3339 } from '../../../src/core/time.ts';
import { openForReading } from '../../../src/store/sqlite.ts';
import { type OperationRow, readCheckpointsOf } from '../../../src/store/tables/installations.ts';
import { flush } from '../../support/clock.ts';
import {
  type Driven,
  installed,
  integration,
  manifest,
  operations,
  pass,
  readObject,
  settled,
  startDriven,
  until,
} from '../../support/drive.ts';
import { startTenonProcess } from '../../support/process.ts';
import type { ApiAnswer, Tenon } from '../../support/tenon.ts';

const LIST = { provider: 'hubspot', pathPrefix: '/crm/v3/objects/contacts' } as const;
const OBJECT = { kind: 'modify', provider: 'hubspot', account: 'portal-1', object: 'contacts' } as const;
const PRELOAD = pathToFileURL(join(import.meta.dirname, '..', '..', 'support', 'killAt.ts')).href;

/** Read only when asked, unless told otherwise. */
const ON_REQUEST = { schedule: undefined, backfill: undefined } as unknown as JsonObject;

async function reading(object: JsonObject = ON_REQUEST, config: JsonObject = {}, contacts = 10) {
  const driven = await startDriven({ sandbox: { hubspotContacts: contacts } });
  await driven.tenon.addWebhook('hook');
  await driven.tenon.deploy(manifest(integration('hubspot', readObject('contacts', object))));
  const { id } = await installed(driven, 'hubspot', { contacts: config });
  return { driven, installationId: id };
}

function ask(tenon: Tenon, body: JsonObject = {}, object = 'contacts'): Promise<ApiAnswer> {
  const path = tenon.inProject(`/integrations/hubspot/objects/${object}`);
  return tenon.api('POST', path, { groupRef: 'acme', mode: 'async', ...body });
}

/** The operation of a read that must be taken. */
async function asked(tenon: Tenon, body: JsonObject = {}, object = 'contacts'): Promise<string> {
  const { status, json, text } = await ask(tenon, body, object);
  expect([status, text]).toEqual([201, expect.any(String)]);
  return String((json as JsonObject)['operationId']);
}

function switched(tenon: Tenon, installationId: string, verb: string, body?: JsonObject): Promise<ApiAnswer> {
  return tenon.api('POST', tenon.inProject(`/integrations/hubspot/installations/${installationId}:${verb}`), body);
}

function idsOf({ tenon }: Driven, operationId: string): string[] {
  return tenon.receiver
    .state()
    .messages.filter((message) => message['operationId'] === operationId)
    .flatMap((message) => message['result'] as { raw: JsonObject }[])
    .map(({ raw }) => String(raw['id']))
    .sort();
}

function change({ tenon, clock }: Driven, agoMs: number, fromIndex: number, count: number): string[] {
  return [...tenon.sandbox.change({ ...OBJECT, fromIndex, count, atMs: clock.nowMs() - agoMs })].sort();
}

describe('a read that is asked for is refused', () => {
  const WRONG: readonly (readonly [string, JsonObject, number, string])[] = [
    ['without a mode', { mode: undefined as never }, 400, 'mode'],
    ['that is synchronous', { mode: 'sync' }, 400, 'mode'],
    ['since no time', { sinceTimestamp: 'yesterday' }, 400, 'sinceTimestamp'],
    ['since a time of no zone', { sinceTimestamp: '2024-07-01T00:00:00' }, 400, 'sinceTimestamp'],
    [
      'until before it began',
      { sinceTimestamp: '2024-07-02T00:00:00Z', untilTimestamp: '2024-07-01T00:00:00Z' },
      400,
      'untilTimestamp',
    ],
    ['of a group that has nothing installed', { groupRef: 'beta' }, 404, 'beta'],
  ];

  it('where it is wrong, and nothing has begun', async () => {
    const { driven, installationId } = await reading();
    await using _ = driven;
    for (const [what, body, status, says] of WRONG) {
      const answer = await ask(driven.tenon, body);
      expect([what, answer.status, answer.text]).toEqual([what, status, expect.stringContaining(says)]);
      const media = status === 400 ? 'application/json' : 'application/problem+json';
      expect(answer.headers.get('content-type')).toBe(media);
    }
    expect((await ask(driven.tenon, {}, 'companies')).status).toBe(404);
    const unpaged = { groupRef: 'acme', pages: -1 };
    const path = driven.tenon.inProject('/integrations/hubspot/objects/contacts:deliverResults');
    expect((await driven.tenon.api('POST', path, unpaged)).status).toBe(400);
    await settled(driven);
    expect(await operations(driven, 'hubspot', installationId)).toEqual([]);
  });

  it('of an object that the customer switched off', async () => {
    const { driven } = await reading(ON_REQUEST, { disabled: true });
    await using _ = driven;
    expect(await ask(driven.tenon)).toMatchObject({ status: 400, text: expect.stringContaining('disabled') });
  });

  it('while its reads are paused, and taken when they go on', async () => {
    const { driven, installationId } = await reading();
    await using _ = driven;
    await settled(driven);
    expect((await switched(driven.tenon, installationId, 'pause')).status).toBe(204);
    await settled(driven);
    const answer = await ask(driven.tenon);
    expect([answer.status, answer.text]).toEqual([409, expect.stringContaining('unpause')]);
    expect((await switched(driven.tenon, installationId, 'unpause')).status).toBe(204);
    await settled(driven);
    const operationId = await asked(driven.tenon);
    await settled(driven);
    expect(idsOf(driven, operationId)).toHaveLength(10);
  });

  it('when more wait than there is room for', async () => {
    const { driven, installationId } = await reading();
    await using _ = driven;
    const { tenon } = driven;
    await settled(driven);
    const held = tenon.sandbox.faults.next(LIST, { kind: 'slowHead' });
    const taken = [await asked(tenon)];
    await held.reached;
    for (let index = 0; index < READ_TRIGGERS_MAX; index++) taken.push(await asked(tenon));
    expect(await ask(tenon)).toMatchObject({ status: 429, text: expect.stringContaining('wait already') });
    held.release();
    await until(driven, 'all are read', async () => {
      const rows = await operations(driven, 'hubspot', installationId);
      return rows.every(({ status }) => status === 'success');
    });
    const rows = await operations(driven, 'hubspot', installationId);
    expect(rows.map(({ id }) => id).sort()).toEqual(taken.sort());
    expect(taken.map((id) => idsOf(driven, id).length)).toEqual(taken.map(() => 10));
  });
});

describe('a read that is asked for', () => {
  it('delivers everything, or what was modified in a period, as the operation of its answer', async () => {
    const { driven, installationId } = await reading();
    await using _ = driven;
    const { tenon, clock } = driven;
    const early = change(driven, 3 * DAY_MS, 0, 2);
    const within = change(driven, 2 * DAY_MS, 2, 3);
    const late = change(driven, DAY_MS, 5, 2);
    const at = (agoMs: number) => toRfc3339(clock.nowMs() - agoMs);
    const all = await asked(tenon);
    const sinceTimestamp = at(2.5 * DAY_MS);
    const untilTimestamp = at(1.5 * DAY_MS);
    const since = await asked(tenon, { sinceTimestamp });
    const period = await asked(tenon, { sinceTimestamp, untilTimestamp });
    const before = await asked(tenon, { untilTimestamp });
    await settled(driven);
    expect(idsOf(driven, all)).toHaveLength(10);
    expect(idsOf(driven, since)).toEqual([...within, ...late].sort());
    expect(idsOf(driven, period)).toEqual(within);
    expect(idsOf(driven, before)).toEqual(expect.arrayContaining([...early, ...within]));
    expect(idsOf(driven, before)).not.toEqual(expect.arrayContaining([late[0]]));
    const rows = await operations(driven, 'hubspot', installationId);
    expect(rows.map(({ id }) => id).sort()).toEqual([all, since, period, before].sort());
    expect(rows.find(({ id }) => id === period)).toMatchObject({
      status: 'success',
      result: '[contacts] Read 3 records',
      metadata: {
        readType: 'triggered',
        objects: ['contacts'],
        progress: { recordsProcessed: 3, operationId: period },
      },
    });
    expect(new Set(tenon.receiver.state().messages.map((message) => message['readType']))).toEqual(
      new Set(['triggered']),
    );
  });

  it('goes by either name of its object', async () => {
    const { driven } = await reading({ ...ON_REQUEST, mapToName: 'people' });
    await using _ = driven;
    const ids = [await asked(driven.tenon, {}, 'People'), await asked(driven.tenon, {}, 'contacts')];
    await settled(driven);
    expect(ids.map((id) => idsOf(driven, id).length)).toEqual([10, 10]);
  });

  it('leaves the position and the time of the schedule alone', async () => {
    const { driven, installationId } = await reading({});
    await using _ = driven;
    const { tenon } = driven;
    await settled(driven);
    const position = () => readCheckpointsOf(tenon.running.services.store.reads, installationId)[0]?.watermarkMs;
    const before = position();
    await pass(driven, MINUTE_MS);
    const changed = change(driven, 0, 0, 3);
    const operationId = await asked(tenon);
    await settled(driven);
    expect([idsOf(driven, operationId).length, position()]).toEqual([10, before]);
    await pass(driven, 10 * MINUTE_MS);
    const [scheduled] = await operations(driven, 'hubspot', installationId);
    expect(scheduled?.metadata.readType).toBe('scheduled');
    expect(idsOf(driven, scheduled?.id ?? '')).toEqual(changed);
  });

  it('waits for the backfill, and lets a schedule that falls due between two of them', async () => {
    const { driven, installationId } = await reading({});
    await using _ = driven;
    const { tenon } = driven;
    const first = await asked(tenon);
    await settled(driven);
    const held = tenon.sandbox.faults.next(LIST, { kind: 'slowHead' });
    const [second, third] = [await asked(tenon), await asked(tenon)];
    await held.reached;
    await driven.clock.advanceTo(driven.clock.nowMs() + 15 * MINUTE_MS);
    held.release();
    const told = () => [...new Set(tenon.receiver.state().messages.map((message) => message['operationId']))];
    // The schedule has nothing to deliver, so that its read may end after the last delivery.
    let rows: Awaited<ReturnType<typeof operations>> = [];
    await until(driven, 'all is delivered, and the schedule is over', async () => {
      rows = await operations(driven, 'hubspot', installationId);
      return told().length === 4 && rows.length === 5 && rows.every(({ status }) => status === 'success');
    });
    const backfill = rows.find(({ metadata }) => metadata.readType === 'backfill')?.id;
    expect(told()).toEqual([backfill, first, second, third]);
    const ended = rows.map(({ metadata, status }) => [metadata.readType, status]);
    expect(ended).toEqual(expect.arrayContaining([['scheduled', 'success']]));
    expect(rows).toHaveLength(5);
  });

  it('ends alone when it fails: the next one and the schedule go on', async () => {
    const { driven, installationId } = await reading({});
    await using _ = driven;
    const { tenon } = driven;
    await settled(driven);
    tenon.sandbox.faults.next(LIST, { kind: 'status', status: 400 });
    const [bad, good] = [await asked(tenon), await asked(tenon)];
    await settled(driven);
    const rows = await operations(driven, 'hubspot', installationId);
    expect(rows.find(({ id }) => id === bad)).toMatchObject({ status: 'failure' });
    expect(rows.find(({ id }) => id === good)).toMatchObject({ status: 'success' });
    await pass(driven, 10 * MINUTE_MS);
    expect((await operations(driven, 'hubspot', installationId))[0]).toMatchObject({
      status: 'success',
      metadata: { readType: 'scheduled' },
    });
  });

  it('ends with its installation, also where it never began', async () => {
    const { driven, installationId } = await reading();
    await using _ = driven;
    const { tenon } = driven;
    await settled(driven);
    const held = tenon.sandbox.faults.next(LIST, { kind: 'slowHead' });
    const ids = [await asked(tenon), await asked(tenon)];
    await held.reached;
    await tenon.ok('DELETE', tenon.inProject(`/integrations/hubspot/installations/${installationId}`));
    held.release();
    await settled(driven);
    for (const id of ids) {
      expect(await tenon.ok('GET', tenon.inProject(`/operations/${id}`))).toMatchObject({ status: 'failure' });
    }
    expect((await ask(tenon)).status).toBe(404);
  });

  it('waits for the customer to connect again', async () => {
    const { driven, installationId } = await reading();
    await using _ = driven;
    const { tenon } = driven;
    await settled(driven);
    tenon.sandbox.revokeGrants('hubspot', 'portal-1');
    tenon.sandbox.expireAccessTokens();
    const operationId = await asked(tenon);
    await pass(driven, 2 * HOUR_MS);
    const one = async () => (await operations(driven, 'hubspot', installationId)).find(({ id }) => id === operationId);
    expect(await one()).toMatchObject({ status: 'in_progress' });
    await tenon.connect('hubspot');
    await until(driven, 'it is read', async () => (await one())?.status === 'success');
    expect(idsOf(driven, operationId)).toHaveLength(10);
  });
});

describe('pausing', () => {
  it('goes by either name of an object, and refuses others', async () => {
    const { driven, installationId } = await reading({ mapToName: 'people' });
    await using _ = driven;
    const { tenon } = driven;
    await settled(driven);
    expect(await switched(tenon, installationId, 'pause', { objects: ['people', 'x'] })).toMatchObject({
      status: 400,
      text: expect.stringContaining('objects[1]'),
    });
    expect((await switched(tenon, installationId, 'pause', { objects: ['People'] })).status).toBe(204);
    const { requestsByProvider } = tenon.sandbox.stats();
    await pass(driven, HOUR_MS);
    expect(tenon.sandbox.stats().requestsByProvider).toEqual(requestsByProvider);
    expect((await switched(tenon, installationId, 'unpause', { objects: ['CONTACTS'] })).status).toBe(204);
    await pass(driven, HOUR_MS);
    expect(tenon.sandbox.stats().requestsByProvider).not.toEqual(requestsByProvider);
  });

  it('asks for results that are delivered anyway', async () => {
    const { driven } = await reading();
    await using _ = driven;
    const path = driven.tenon.inProject('/integrations/hubspot/objects/contacts:deliverResults');
    expect(await driven.tenon.api('POST', path, { groupRef: 'acme', pages: 3 })).toMatchObject({
      status: 204,
      text: '',
    });
  });
});

/** Operations as a dead process left them. */
function left({ folder }: Tenon): OperationRow[] {
  const reads = openForReading(join(folder, 'data', 'tenon.db'));
  try {
    return reads.all<OperationRow>('SELECT * FROM operations');
  } finally {
    reads.close();
  }
}

describe('a process that is killed', () => {
  let killAt = '';

  async function started(): Promise<Tenon> {
    const tenon = await startTenonProcess({ hubspotContacts: 1500 }, 'SIGKILL', () =>
      killAt === ''
        ? ({} as Record<string, string>)
        : { NODE_OPTIONS: `--import=${PRELOAD}`, TENON_TEST_KILL_AT: killAt },
    );
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts', ON_REQUEST))));
    await tenon.connect('hubspot');
    await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    return tenon;
  }

  async function ended(tenon: Tenon, operationId: string): Promise<void> {
    const path = tenon.inProject(`/operations/${operationId}`);
    while ((await tenon.ok(`GET`, path))['status'] === 'in_progress') await flush(1);
  }

  it('after its answer reads what it answered for, as one operation', async () => {
    await using tenon = await started();
    const operationId = await asked(tenon);
    await tenon.halt();
    expect(left(tenon).map((row) => row.operationId)).toEqual([operationId]);
    await tenon.resume();
    await ended(tenon, operationId);
    await tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('contacts') === 1500);
    expect(tenon.receiver.state().recordsRepeated).toBe(0);
    await tenon.halt();
    expect(left(tenon)).toMatchObject([{ operationId, status: 'success' }]);
  });

  it.each([
    ['before', 0],
    ['within', 0],
    ['after', 1],
  ] as const)('%s it is on disk has answered nothing, and left all of it or nothing', async (moment, count) => {
    await using tenon = await started();
    await tenon.halt();
    killAt = `${moment} operations.insert`;
    await tenon.resume();
    killAt = '';
    await expect(ask(tenon)).rejects.toThrow('fetch failed');
    await tenon.halt();
    expect(left(tenon)).toHaveLength(count);
    await tenon.resume();
    const again = await asked(tenon);
    await ended(tenon, again);
    await tenon.halt();
    expect(left(tenon).map(({ status }) => status)).toEqual(Array.from({ length: count + 1 }, () => 'success'));
  });
});

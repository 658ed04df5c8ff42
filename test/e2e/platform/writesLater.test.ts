// Records that are written while nobody waits, from the answer to the end of the operation: what is tried again and for
// how long, what is not, what is collected to batches, and that a killed process neither loses a write nor doubles it.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { notWritten, type ReadConnector, type WriteConnector } from '../../../src/connectors/contract.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { LOCKED_TRIES_MAX, WRITES_WAITING_BYTES_MAX, WRITES_WAITING_MAX } from '../../../src/core/limits.ts';
import { HOUR_MS, MINUTE_MS } from '../../../src/core/time.ts';
import { eraseInstallation } from '../../../src/flows/operator/erase.ts';
import { writeHandler } from '../../../src/flows/write/effect.ts';
import { readWaitingWrites, readWriteRequests } from '../../../src/store/tables/writes.ts';
import { flush } from '../../support/clock.ts';
import { type Driven, manifest, pass, settled, until } from '../../support/drive.ts';
import { startTenonProcess } from '../../support/process.ts';
import type { Published, Tenon } from '../../support/tenon.ts';
import { ask, COUNT, created, type Provider, records, writing } from '../../support/writes.ts';

const CONTACTS = { provider: 'hubspot', pathPrefix: '/crm/' } as const;
const PRELOAD = pathToFileURL(join(import.meta.dirname, '..', '..', 'support', 'killAt.ts')).href;
const ALWAYS = 1000;

/** The operation of a write that must be taken. */
async function begun(tenon: Tenon, provider: Provider, body: JsonObject): Promise<string> {
  const { status, json, text } = await ask(tenon, provider, { mode: 'asynchronous', ...body });
  expect([status, text]).toEqual([200, expect.any(String)]);
  expect(Object.keys(json as JsonObject)).toEqual(['operationId']);
  return String((json as JsonObject)['operationId']);
}

function operation(tenon: Tenon, operationId: string): Promise<Published> {
  return tenon.ok('GET', tenon.inProject(`/operations/${operationId}`));
}

async function over(driven: Driven, operationId: string, withinMs = 3 * HOUR_MS): Promise<Published> {
  const isOver = async () => (await operation(driven.tenon, operationId))['status'] !== 'in_progress';
  await until(driven, 'the end of the write', isOver, withinMs);
  return operation(driven.tenon, operationId);
}

function left({ tenon }: Driven): number {
  const { reads } = tenon.running.services.store;
  return reads.get<{ n: number }>('SELECT count(*) AS n FROM writeRequests')?.n ?? -1;
}

describe('a write that nobody waits for', () => {
  it('fails at once where the provider refuses it', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const id = await begun(driven.tenon, 'hubspot', { type: 'create', record: { shoesize: 44 } });
    expect(await over(driven, id)).toMatchObject({
      status: 'failure',
      result: expect.stringContaining('[contacts] Error writing to provider: HubSpot answered 400'),
      metadata: { objects: ['contacts'], retry: { attempts: 1 }, errors: [expect.stringContaining('shoesize')] },
    });
    expect([await created(driven.tenon, installationId, 'hubspot'), left(driven)]).toEqual([0, 0]);
  });

  it.each([
    ['too many', { count: WRITES_WAITING_MAX, bytes: 0 }],
    ['too large ones', { count: 1, bytes: WRITES_WAITING_BYTES_MAX }],
  ])('is not taken while %s of the installation wait', async (_what, waiting) => {
    const { driven } = await writing('hubspot');
    await using _ = driven;
    const { reads } = driven.tenon.running.services.store;
    const { get } = reads;
    const full: typeof get = (sql, ...params) =>
      (sql.includes('writeRequests_size') ? waiting : get.call(reads, sql, ...params)) as never;
    vi.spyOn(reads, 'get').mockImplementation(full);
    const record = { type: 'create', mode: 'asynchronous', record: { email: 'a@b' } };
    for (const policy of [{}, { autoBatchPolicy: { maxDelayMinutes: 5 } }]) {
      const answer = await ask(driven.tenon, 'hubspot', { ...record, ...policy });
      expect(answer).toMatchObject({ status: 429, json: { retryable: true } });
    }
    vi.restoreAllMocks();
    expect(left(driven)).toBe(0);
  });

  it('counts for how much of its installation waits as long as it does', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const { reads } = driven.tenon.running.services.store;
    const waiting = (max = 10) => readWaitingWrites(reads, installationId, max);
    driven.tenon.sandbox.faults.next({ ...CONTACTS, method: 'POST' }, { kind: 'status', status: 503 }, 2);
    const before = waiting();
    const ids = [await begun(driven.tenon, 'hubspot', { type: 'create', record: { email: 'a@b' } })];
    ids.push(await begun(driven.tenon, 'hubspot', { type: 'create', record: { email: 'x'.repeat(5000) } }));
    const { count, bytes } = waiting();
    const sealed = ids.flatMap((id) => readWriteRequests(reads, id)).map((row) => row.sealed.length);
    expect([before, count, bytes]).toEqual([{ count: 0, bytes: 0 }, 2, (sealed[0] ?? 0) + (sealed[1] ?? 0)]);
    expect([bytes > 5000, waiting(1).count]).toEqual([true, 1]);
    for (const id of ids) await over(driven, id);
    expect(waiting()).toEqual({ count: 0, bytes: 0 });
  });

  it('goes past a row that is locked, within its first attempt and after it', async () => {
    const { driven } = await writing('salesforce');
    await using _ = driven;
    const { tenon } = driven;
    tenon.sandbox.faults.next({ provider: 'salesforce', method: 'POST' }, { kind: 'lockedRow' }, 2 * LOCKED_TRIES_MAX);
    const id = await begun(tenon, 'salesforce', { type: 'create', record: { LastName: 'Dyer' } });
    expect(await over(driven, id)).toMatchObject({ status: 'success', metadata: { retry: { attempts: 2 } } });
  });

  it('is given up when its time is over, an hour unless it says more', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const { tenon, clock } = driven;
    tenon.sandbox.faults.next({ ...CONTACTS, method: 'POST' }, { kind: 'status', status: 503 }, ALWAYS);
    const startMs = clock.nowMs();
    const record = { email: 'a@b' };
    const short = await begun(tenon, 'hubspot', { type: 'create', record });
    const long = await begun(tenon, 'hubspot', { type: 'create', record, retryPolicy: { deadlineHours: 2 } });
    expect(await over(driven, short)).toMatchObject({ status: 'failure', result: expect.stringContaining('503') });
    expect(clock.nowMs() - startMs).toBeLessThanOrEqual(HOUR_MS);
    expect((await operation(tenon, long))['status']).toBe('in_progress');
    expect(await over(driven, long)).toMatchObject({ status: 'failure' });
    expect(clock.nowMs() - startMs).toBeGreaterThan(HOUR_MS);
    expect([await created(tenon, installationId, 'hubspot'), left(driven)]).toEqual([0, 0]);
  });

  it('is tried once more shortly before its time is over, where it was to wait for longer', async () => {
    const { driven } = await writing('hubspot');
    await using _ = driven;
    const { tenon, clock } = driven;
    const later = { kind: 'status', status: 503, retryAfterSeconds: (2 * HOUR_MS) / 1000 } as const;
    tenon.sandbox.faults.next({ ...CONTACTS, method: 'POST' }, later);
    const startMs = clock.nowMs();
    const id = await begun(tenon, 'hubspot', { type: 'create', record: { email: 'a@b' } });
    expect(await over(driven, id)).toMatchObject({ status: 'success', metadata: { retry: { attempts: 2 } } });
    expect(clock.nowMs() - startMs).toBeLessThanOrEqual(HOUR_MS);
  });

  it('is not sent when its time was over before the process came back', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const { tenon, clock } = driven;
    tenon.sandbox.faults.next({ ...CONTACTS, method: 'POST' }, { kind: 'status', status: 503 });
    const id = await begun(tenon, 'hubspot', { type: 'create', record: { email: 'a@b' } });
    await settled(driven);
    await tenon.halt();
    await clock.advance(2 * HOUR_MS);
    await tenon.resume();
    expect(await over(driven, id)).toMatchObject({ status: 'failure', metadata: { retry: { attempts: 1 } } });
    expect([await created(tenon, installationId, 'hubspot'), left(driven)]).toEqual([0, 0]);
  });

  it('is not sent when its time was over before its turn came', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const { tenon, clock } = driven;
    tenon.sandbox.faults.next({ ...CONTACTS, method: 'POST' }, { kind: 'status', status: 503 }, ALWAYS);
    const operationId = await begun(tenon, 'hubspot', { type: 'create', record: { email: 'a@b' } });
    const { prepare, send } = writeHandler(tenon.running.services);
    const of = { installationId, operationId, objectName: 'contacts', writeType: 'create', attempt: 2 } as const;
    const effect = { type: 'effect.write', ...of } as const;
    const nowMs = clock.nowMs();
    await expect(prepare({ ...effect, deadlineAtMs: nowMs - 1 })).rejects.toMatchObject({ code: 'timeout' });
    const prepared = await prepare({ ...effect, deadlineAtMs: nowMs });
    expect(prepared).toMatchObject({ records: [{ fields: { email: 'a@b' } }] });
    await settled(driven);
    const before = tenon.sandbox.stats().requestsByProvider['hubspot'];
    await clock.advance(1);
    await expect(send(prepared)).rejects.toMatchObject({ code: 'timeout' });
    expect(tenon.sandbox.stats().requestsByProvider['hubspot']).toBe(before);
  });

  it('is not known to be made when an attempt broke within us, and is not tried once more', async () => {
    const { driven } = await writing('hubspot');
    await using _ = driven;
    const handler = writeHandler(driven.tenon.running.services);
    const of = { installationId: 'i', operationId: 'o', objectName: 'contacts', attempt: 1 } as const;
    const bug = { code: 'invariant', message: 'a bug' } as const;
    const create = handler.outcomeUnknown({ type: 'effect.write', ...of, writeType: 'create' }, bug);
    expect(create.event).toMatchObject({ retryAtMs: null, message: expect.stringContaining('not known') });
    const update = handler.outcomeUnknown({ type: 'effect.write', ...of, writeType: 'update' }, bug);
    expect(update.event).toMatchObject({ retryAtMs: null, message: 'a bug' });
  });

  it('waits while HubSpot moves the account, which makes nothing meanwhile', async () => {
    const { driven } = await writing('hubspot');
    await using _ = driven;
    const { tenon, clock } = driven;
    const moving = { kind: 'status', status: 477, retryAfterSeconds: (20 * MINUTE_MS) / 1000 } as const;
    tenon.sandbox.faults.next({ ...CONTACTS, method: 'POST' }, moving);
    const startMs = clock.nowMs();
    const id = await begun(tenon, 'hubspot', { type: 'create', record: { email: 'a@b' } });
    expect(await over(driven, id)).toMatchObject({ status: 'success', metadata: { retry: { attempts: 2 } } });
    expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(20 * MINUTE_MS);
  });

  it('is not sent again when it may have been made, and says so', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const { tenon } = driven;
    for (const fault of [{ kind: 'rotateThenReset' }, { kind: 'status', status: 502 }] as const) {
      tenon.sandbox.faults.next({ ...CONTACTS, method: 'POST' }, fault);
      const id = await begun(tenon, 'hubspot', { type: 'create', record: { email: 'a@b' } });
      expect(await over(driven, id)).toMatchObject({
        status: 'failure',
        result: expect.stringContaining('not known'),
        metadata: { retry: { attempts: 1 } },
      });
    }
    expect(await created(tenon, installationId, 'hubspot')).toBe(1);
  });

  it('ends when its installation is deleted, and nothing of it is left', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const { tenon } = driven;
    tenon.sandbox.faults.next({ ...CONTACTS, method: 'POST' }, { kind: 'status', status: 503 });
    const id = await begun(tenon, 'hubspot', { type: 'create', record: { email: 'a@b' } });
    const batched = await begun(tenon, 'hubspot', {
      ...{ type: 'create', record: { email: 'c@d' }, autoBatchPolicy: { maxDelayMinutes: 5 } },
    });
    await settled(driven);
    expect(left(driven)).toBe(2);
    await tenon.ok('DELETE', tenon.inProject(`/integrations/hubspot/installations/${installationId}`));
    expect(left(driven)).toBe(0);
    for (const one of [id, batched]) expect(await over(driven, one)).toMatchObject({ status: 'failure' });
  });

  it('is erased with its installation', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const { services } = driven.tenon.running;
    driven.tenon.sandbox.faults.next({ ...CONTACTS, method: 'POST' }, { kind: 'status', status: 503 }, ALWAYS);
    await begun(driven.tenon, 'hubspot', { type: 'create', record: { email: 'a@b' } });
    await begun(driven.tenon, 'hubspot', {
      ...{ type: 'create', record: { email: 'c@d' }, autoBatchPolicy: { maxDelayMinutes: 5 } },
    });
    await settled(driven);
    await eraseInstallation(services, installationId, { isConnectionKept: false });
    const { reads } = services.store;
    const like = `%${installationId}%`;
    for (const [table, column] of [
      ['writeRequests', 'installationId'],
      ['snapshots', 'actorId'],
      ['effects', 'payload'],
      ['operations', 'installationId'],
    ]) {
      const found = reads.get<{ n: number }>(`SELECT count(*) AS n FROM ${table} WHERE ${column} LIKE ?`, like);
      expect([table, found?.n]).toEqual([table, 0]);
    }
  });

  it('is tried again while the provider fails, and what it writes is on disk for nobody to read', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const { tenon } = driven;
    tenon.sandbox.faults.next({ ...CONTACTS, method: 'POST' }, { kind: 'status', status: 503 }, 2);
    const id = await begun(tenon, 'hubspot', { type: 'create', record: { email: 'ada@private.example' } });
    await settled(driven);
    const { reads } = tenon.running.services.store;
    const [row] = readWriteRequests(reads, id);
    expect(Buffer.from(row?.sealed ?? []).toString('latin1')).not.toContain('private');
    expect(JSON.stringify(reads.all('SELECT state, base, events FROM snapshots'))).not.toContain('private');
    expect(JSON.stringify(reads.all('SELECT payload FROM effects'))).not.toContain('private');
    const done = await over(driven, id);
    expect(done).toMatchObject({
      status: 'success',
      result: '[contacts] Record created',
      metadata: { successfulRecordIds: [expect.any(String)], retry: { attempts: 3 } },
    });
    expect([await created(tenon, installationId, 'hubspot'), left(driven)]).toEqual([1, 0]);
  });

  it('that changes a record is sent again whatever the answer was', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const { tenon } = driven;
    tenon.sandbox.faults.next({ ...CONTACTS, method: 'PATCH' }, { kind: 'status', status: 502 });
    tenon.sandbox.faults.next({ ...CONTACTS, method: 'PATCH' }, { kind: 'rotateThenReset' });
    const id = await begun(tenon, 'hubspot', { type: 'update', record: { id: '10001', phone: '1' } });
    expect(await over(driven, id)).toMatchObject({ status: 'success', metadata: { retry: { attempts: 3 } } });
    expect(await records(tenon, installationId, 'hubspot', ['10001'], ['phone'])).toMatchObject([{ phone: '1' }]);
  });

  it('as a batch of which every record was locked is sent again', async () => {
    const { driven, installationId } = await writing('salesforce');
    await using _ = driven;
    const connectors = driven.tenon.running.services.connectors as Map<string, ReadConnector>;
    const real = connectors.get('salesforce') as ReadConnector & { readonly writer: WriteConnector };
    let calls = 0;
    const writeBatch: WriteConnector['writeBatch'] = async (...params) => {
      const locked = notWritten([{ statusCode: 'UNABLE_TO_LOCK_ROW', message: 'locked' }], true);
      return calls++ > LOCKED_TRIES_MAX ? real.writer.writeBatch(...params) : { results: [locked, locked], errors: [] };
    };
    connectors.set('salesforce', { ...real, writer: { ...real.writer, writeBatch } });
    const batch = [{ record: { LastName: 'Dyer' } }, { record: { LastName: 'Blevins' } }];
    const id = await begun(driven.tenon, 'salesforce', { type: 'create', batch });
    expect(await over(driven, id)).toMatchObject({ status: 'success', metadata: { retry: { attempts: 2 } } });
    expect(await created(driven.tenon, installationId, 'salesforce')).toBe(2);
  });

  it('as a batch says how many were written and which, and tells who asked to be told', async () => {
    const { driven } = await writing('salesforce');
    await using _ = driven;
    const { tenon } = driven;
    const topic = await tenon.ok('POST', tenon.inProject('/topics'), { name: 'writes' });
    const route = { eventType: 'write.async.done', topicId: topic.id };
    await tenon.ok('POST', tenon.inProject('/notification-event-topic-routes'), route);
    const hook = await tenon.ok('GET', tenon.inProject('/destinations/hook'));
    const led = { topicId: topic.id, destinationId: hook.id };
    await tenon.ok('POST', tenon.inProject('/topic-destination-routes'), led);
    const batch = [{ record: { LastName: 'Dyer' } }, { record: { FirstName: 'Siena' } }];
    const id = await begun(tenon, 'salesforce', { type: 'create', batch });
    expect(await over(driven, id)).toMatchObject({
      status: 'success',
      result: 'Batch write completed (1 succeeded, 1 failed)',
      metadata: { successfulRecordIds: [expect.any(String)], errors: [expect.stringMatching(/^record 1: /)] },
    });
    await settled(driven);
    const told = tenon.receiver.state().messages.filter((one) => one['notificationType'] === 'write.async.done');
    expect(told).toMatchObject([
      { data: { objectName: 'Contact', success: false, successfulRecordIds: [expect.any(String)] } },
    ]);
  });
});

describe('records that are collected to a batch', () => {
  const POLICY = { autoBatchPolicy: { maxDelayMinutes: 5, retryDeadlineHours: 2 } };
  const person = (index: number): JsonObject => ({ type: 'create', record: { email: `p${index}@b` }, ...POLICY });

  it('have one operation by type, and go when the delay of the first is over', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const { tenon } = driven;
    const first = await begun(tenon, 'hubspot', person(0));
    await pass(driven, 3 * MINUTE_MS);
    const second = await begun(tenon, 'hubspot', person(1));
    const other = await begun(tenon, 'hubspot', { type: 'update', record: { id: '10001', phone: '1' }, ...POLICY });
    expect([second === first, other === first]).toEqual([true, false]);
    const before = tenon.sandbox.stats().requestsByProvider['hubspot'];
    await pass(driven, 2 * MINUTE_MS - 1);
    expect([(await operation(tenon, first))['status'], left(driven)]).toEqual(['in_progress', 3]);
    await pass(driven, 1);
    expect(await operation(tenon, first)).toMatchObject({
      status: 'success',
      result: 'Batch write completed (2 succeeded, 0 failed)',
    });
    expect(tenon.sandbox.stats().requestsByProvider['hubspot']).toBe(before + 1);
    const third = await begun(tenon, 'hubspot', person(2));
    expect(third).not.toBe(first);
    for (const id of [other, third]) expect(await over(driven, id)).toMatchObject({ status: 'success' });
    expect([await created(tenon, installationId, 'hubspot'), left(driven)]).toEqual([3, 0]);
  });

  it('are written one by one, whatever a request says of its batch', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const bad = { type: 'create', record: { shoesize: 44 }, batchPolicy: { allOrNone: true }, ...POLICY };
    const id = await begun(driven.tenon, 'hubspot', bad);
    expect(await begun(driven.tenon, 'hubspot', person(1))).toBe(id);
    expect(await over(driven, id)).toMatchObject({ result: 'Batch write completed (1 succeeded, 1 failed)' });
    expect(await created(driven.tenon, installationId, 'hubspot')).toBe(1);
  });

  it('change a record once, however often they name it', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const { tenon } = driven;
    const change = (fields: JsonObject) => begun(tenon, 'hubspot', { type: 'update', record: fields, ...POLICY });
    const id = await change({ id: '10001', phone: '1', city: 'Rome' });
    for (const fields of [
      { id: '10002', phone: '2' },
      { id: 10001, phone: '3' },
    ]) {
      expect(await change(fields)).toBe(id);
    }
    expect(await over(driven, id)).toMatchObject({ result: 'Batch write completed (2 succeeded, 0 failed)' });
    const [twice] = await records(tenon, installationId, 'hubspot', ['10001'], ['phone', 'city']);
    expect(twice).toMatchObject({ phone: '3', city: 'Rome' });
  });

  it('change a record to the later value, by whichever name that came', async () => {
    const { driven, installationId } = await writing('hubspot', {}, { inherits: true });
    await using _ = driven;
    const { tenon } = driven;
    const change = (fields: JsonObject) => begun(tenon, 'hubspot', { type: 'update', record: fields, ...POLICY });
    const id = await change({ id: '10001', mail: 'old@b', stage: 'ours' });
    await change({ id: '10001', email: 'new@b' });
    await change({ id: '10001', Phone: '1', notes: 'x' });
    expect(await over(driven, id)).toMatchObject({ result: 'Batch write completed (1 succeeded, 0 failed)' });
    const [after] = await records(tenon, installationId, 'hubspot', ['10001'], ['email', 'lifecyclestage', 'phone']);
    expect(after).toMatchObject({ email: 'new@b', lifecyclestage: 'lead', phone: '1' });
  });

  it('go at once when there are a hundred, each in the batch that it was answered with', async () => {
    const { driven, installationId } = await writing('hubspot');
    await using _ = driven;
    const { tenon } = driven;
    const many = Array.from({ length: 150 }, (_, index) => begun(tenon, 'hubspot', person(index)));
    const ids = await Promise.all(many);
    const [full = '', rest = ''] = [...new Set(ids)].sort(
      (one, other) => ids.filter((id) => id === other).length - ids.filter((id) => id === one).length,
    );
    expect([new Set(ids).size, ids.filter((id) => id === full).length]).toEqual([2, 100]);
    await settled(driven);
    expect(await operation(tenon, full)).toMatchObject({ result: 'Batch write completed (100 succeeded, 0 failed)' });
    expect((await operation(tenon, rest))['status']).toBe('in_progress');
    expect(await over(driven, rest)).toMatchObject({ result: 'Batch write completed (50 succeeded, 0 failed)' });
    expect(left(driven)).toBe(0);
    const { metadata } = (await operation(tenon, full)) as unknown as { metadata: { successfulRecordIds: string[] } };
    const [one] = await records(tenon, installationId, 'hubspot', metadata.successfulRecordIds, ['email']);
    expect(one?.['email']).toMatch(/^p\d+@b$/);
  });
});

describe('a process that is killed', () => {
  let killAt = '';

  async function started(): Promise<{ readonly tenon: Tenon; readonly installationId: string }> {
    const tenon = await startTenonProcess({ hubspotContacts: COUNT }, 'SIGKILL', () =>
      killAt === ''
        ? ({} as Record<string, string>)
        : { NODE_OPTIONS: `--import=${PRELOAD}`, TENON_TEST_KILL_AT: killAt },
    );
    const write = { objects: [{ objectName: 'contacts' }] };
    await tenon.deploy(manifest({ name: 'hubspot', provider: 'hubspot', proxy: { enabled: true }, write }));
    await tenon.connect('hubspot');
    const { id } = await tenon.install('hubspot', { provider: 'hubspot', write: { objects: { contacts: {} } } });
    return { tenon, installationId: id };
  }

  async function dead(tenon: Tenon): Promise<void> {
    for (;;) {
      const isAlive = await tenon.api('GET', tenon.inProject('')).then(
        () => true,
        () => false,
      );
      if (!isAlive) return;
      await flush(1);
    }
  }

  /** Every operation of the installation when all have ended. */
  async function allOver(tenon: Tenon, installationId: string): Promise<readonly Published[]> {
    const path = tenon.inProject(`/integrations/hubspot/installations/${installationId}/operations`);
    for (;;) {
      const { results } = await tenon.ok<{ results: Published[] }>('GET', path);
      if (results.every((one) => one['status'] !== 'in_progress')) return results;
      await flush(1);
    }
  }

  /** Killed at a write of the store while it performs one write, and started again. */
  async function killedAt(moment: string, body: JsonObject) {
    const { tenon, installationId } = await started();
    await tenon.halt();
    killAt = moment;
    await tenon.resume();
    killAt = '';
    // Killed before it answers, or after.
    const answer = await ask(tenon, 'hubspot', { mode: 'asynchronous', ...body }).catch(() => null);
    await dead(tenon);
    await tenon.halt();
    await tenon.resume();
    const shown = await allOver(tenon, installationId);
    const count = await created(tenon, installationId, 'hubspot');
    const [after] = await records(tenon, installationId, 'hubspot', ['10001'], ['phone']);
    await tenon.stop();
    return {
      isAnswered: answer?.status === 200,
      shown: shown.map((one) => String(one['status'])),
      count,
      phone: after?.['phone'],
    };
  }

  it.each<[string, { isAnswered?: boolean; shown: string[]; count: number }]>([
    ['before operations.insert', { isAnswered: false, shown: [], count: 0 }],
    ['within operations.insert', { isAnswered: false, shown: [], count: 0 }],
    ['after operations.insert', { isAnswered: false, shown: ['success'], count: 1 }],
    ['before effects.attempt', { shown: ['success'], count: 1 }],
    // About to be sent: nobody knows, and it says so.
    ['after effects.attempt', { shown: ['failure'], count: 0 }],
    ['before effects.setResult', { shown: ['failure'], count: 1 }],
    ['after effects.setResult', { shown: ['success'], count: 1 }],
    ['before operations.update', { shown: ['success'], count: 1 }],
  ])('%s has made a record once or not, and says which or that nobody knows', async (moment, expected) => {
    expect(await killedAt(moment, { type: 'create', record: { email: 'a@b' } })).toMatchObject(expected);
  });

  it.each(['before effects.attempt', 'after effects.attempt', 'before effects.setResult', 'after effects.setResult'])(
    '%s changes a record all the same',
    async (moment) => {
      const change = { type: 'update', record: { id: '10001', phone: '42' } };
      expect(await killedAt(moment, change)).toMatchObject({ shown: ['success'], phone: '42' });
    },
  );
});

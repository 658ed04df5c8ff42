import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Budgets } from '../../../../actors/budgets.ts';
import { Runtime } from '../../../../actors/runtime.ts';
import type {
  ActorId,
  ConnectionId,
  InstallationId,
  IntegrationId,
  OperationId,
  ProjectId,
} from '../../../../src/core/ids.ts';
import {
  DEAD_MESSAGE_DAYS_KEPT,
  DOWNLOAD_TTL_MS,
  INBOX_DAYS_KEPT,
  OPERATION_DAYS_KEPT,
  QUARANTINE_DAYS_KEPT,
  RETENTION_DELAY_MS,
  RETENTION_INTERVAL_MS,
  RETENTION_ROWS_PER_STEP,
  REVISIONS_KEPT,
} from '../../../../src/core/limits.ts';
import { silentLog } from '../../../../src/core/log.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../../src/core/time.ts';
import { Retention } from '../../../../src/flows/operator/retention.ts';
import type { RowWrite } from '../../../../src/store/port.ts';
import { openForWriting } from '../../../../src/store/sqlite.ts';
import { insertConnection, insertOauthState } from '../../../../src/store/tables/connections.ts';
import { insertEffect } from '../../../../src/store/tables/effects.ts';
import { emptyInboxEvents, insertInboxEvent, readWaitingEvents } from '../../../../src/store/tables/inbox.ts';
import {
  insertInstallation,
  insertIntegration,
  insertOperation,
  insertRevision,
  type OperationRow,
  putCheckpoint,
} from '../../../../src/store/tables/installations.ts';
import {
  addToLane,
  buryOutboxMessage,
  insertBlob,
  insertOutboxMessage,
  newBlobId,
  readDueMessages,
  readLane,
  reviveMessages,
} from '../../../../src/store/tables/outbox.ts';
import { insertQuarantined } from '../../../../src/store/tables/quarantine.ts';
import { insertSnapshot, pauseSnapshot } from '../../../../src/store/tables/snapshots.ts';
import { fakeClock, flush } from '../../../support/clock.ts';
import { withFaultyStore } from '../../../support/store.ts';

const NOW_MS = Date.UTC(2026, 5, 1);
const OLD_MS = NOW_MS - 365 * DAY_MS;
const projectId = 'p1' as ProjectId;

async function startRetention() {
  const { store, writer, folder } = await withFaultyStore();
  const clock = fakeClock(NOW_MS);
  const runtime = new Runtime({ store, clock, log: silentLog() });
  const budgets = new Budgets(store, clock, silentLog());
  const retention = new Retention({ store, runtime, budgets, clock, log: silentLog() });
  onTestFinished(() => retention.stop());
  const left = (table: string, column: string) =>
    store.reads.all<{ id: string }>(`SELECT ${column} AS id FROM ${table} ORDER BY 1`).map(({ id }) => id);
  return { store, writer, folder, clock, runtime, budgets, retention, left };
}

const operation = (operationId: string, differences: Partial<OperationRow> = {}): RowWrite =>
  insertOperation({
    operationId: operationId as OperationId,
    projectId,
    integrationId: 'in1' as IntegrationId,
    installationId: 'i1' as InstallationId,
    configId: 'cf1',
    actionType: 'read',
    status: 'success',
    result: null,
    metadata: '{"readType":"scheduled","objects":["contacts"]}',
    createdAtMs: OLD_MS,
    ...differences,
  });

const message = (messageId: string, differences: { operationId?: string; blobId?: string; laneId?: string } = {}) => {
  const { operationId = null, blobId = null, laneId = 'l1' } = differences;
  const row = { messageId, laneId, body: 'body', blobId, bytes: 4, createdAtMs: OLD_MS };
  return insertOutboxMessage({ ...row, operationId: operationId as OperationId | null });
};

const installation = (id: string, revisionId = 'r1') =>
  insertInstallation({
    installationId: id as InstallationId,
    projectId,
    integrationId: 'in1' as IntegrationId,
    connectionId: 'c1' as ConnectionId,
    groupRef: id,
    healthStatus: 'healthy',
    configId: 'cf1',
    revisionId,
    config: '{}',
    createdBy: 'test',
    configuredAtMs: 1,
    createdAtMs: 1,
  });

const connection = insertConnection({
  connectionId: 'c1' as ConnectionId,
  projectId,
  provider: 'hubspot',
  providerAppId: null,
  groupRef: 'g',
  groupName: 'g',
  consumerRef: 'c',
  consumerName: 'c',
  authScheme: 'apiKey',
  status: 'created',
  workspaceRef: null,
  providerConsumerRef: null,
  metadata: '{}',
  generation: 1,
  issuedAtMs: 1,
  expiresAtMs: null,
  refreshAtMs: null,
  createdAtMs: 1,
});

const checkpoint = (operationId: string) =>
  putCheckpoint({
    actorId: 'read:i1/contacts' as ActorId,
    installationId: 'i1' as InstallationId,
    objectName: 'contacts',
    run: 1,
    page: 1,
    operationId: operationId as OperationId,
    readType: 'scheduled',
    sinceMs: null,
    untilMs: null,
    cursor: null,
    recordsRead: 0,
    watermarkMs: null,
    connectionId: null,
    workspaceRef: null,
    owesBackfill: 0,
  });

const integration = insertIntegration({
  integrationId: 'in1' as IntegrationId,
  projectId,
  name: 'in1',
  provider: 'hubspot',
  revisionId: 'r1',
  createdAtMs: 1,
});

/** Of an actor; with an empty state it has ended. */
const snapshot = (actorId: string, state: string) =>
  insertSnapshot({ actorId: actorId as ActorId, schemaVersion: 1, revision: 1, wakeAtMs: null, state, event: '{}' });

describe('operations', () => {
  it('stay while they are young, under way or needed, however old; others go', async () => {
    const { store, retention, left } = await startRetention();
    const backfill = '{"readType":"backfill","objects":["contacts"]}';
    await store.commit([
      connection,
      integration,
      installation('i1'),
      operation('keep: in progress', { status: 'in_progress' }),
      operation('keep: its message waits'),
      message('m1', { operationId: 'keep: its message waits' }),
      operation('keep: its message is dead'),
      message('m2', { operationId: 'keep: its message is dead' }),
      operation('keep: a read goes on from it'),
      checkpoint('keep: a read goes on from it'),
      operation('keep: the backfill that is asked about', { metadata: backfill }),
      operation('go: a backfill of nobody', { metadata: backfill, installationId: 'gone' as InstallationId }),
      operation('go: success'),
      operation('go: failure', { status: 'failure' }),
      operation('keep: young', { createdAtMs: NOW_MS - OPERATION_DAYS_KEPT * DAY_MS }),
      operation('go: a moment older', { createdAtMs: NOW_MS - OPERATION_DAYS_KEPT * DAY_MS - 1 }),
    ]);
    expect(await retention.run()).toMatchObject({ operations: 4, outbox: 0 });
    expect(left('operations', 'operationId').filter((id) => !id.startsWith('keep'))).toEqual([]);
    expect(left('operations', 'operationId')).toHaveLength(6);
  });

  it('are removed in steps, all of them, beside other commits', async () => {
    const { store, writer, retention, left } = await startRetention();
    const many = 3 * RETENTION_ROWS_PER_STEP + 1;
    await store.commit(Array.from({ length: many }, (_, n) => operation(`old ${n}`)));
    await store.commit([operation('young', { createdAtMs: NOW_MS })]);
    const before = writer.commits;
    let others = 0;
    const running = retention.run();
    let isOver = false;
    running.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await store.commit([]);
      others += 1;
    }
    expect(await running).toMatchObject({ operations: many });
    expect(left('operations', 'operationId')).toEqual(['young']);
    expect(writer.commits - before).toBeGreaterThanOrEqual(4);
    expect(others).toBeGreaterThan(4);
  });
});

describe('what providers told', () => {
  it('stays while it waits, however old, and as a key for the days in which it may be told again', async () => {
    const { store, retention, left } = await startRetention();
    const told = (eventKey: string, receivedAtMs: number) =>
      insertInboxEvent({ installationId: 'i1' as InstallationId, eventKey, event: '{}', receivedAtMs });
    const day = NOW_MS - INBOX_DAYS_KEPT * DAY_MS;
    await store.commit([connection, integration, installation('i1')]);
    await store.commit([told('old', day - 1), told('young', day), told('waiting', OLD_MS)]);
    const seqs = readWaitingEvents(store.reads, 'i1', 2, 1000).map(({ seq }) => seq);
    await store.commit([emptyInboxEvents(seqs)]);
    expect(await retention.run()).toMatchObject({ inbox: 1 });
    expect(left('inbox', 'eventKey')).toEqual(['waiting', 'young']);
  });
});

describe('messages', () => {
  it('stay while they wait, however old, and dead ones for their days; the counters of the lane follow', async () => {
    const { store, retention, left } = await startRetention();
    await store.commit([
      message('waiting', { blobId: 'b waiting' }),
      message('dead', { blobId: 'b dead' }),
      message('other lane', { laneId: 'l2' }),
      ...['b waiting', 'b dead'].map((id) => insertBlob(id, projectId, 'x', OLD_MS)),
      addToLane({ laneId: 'l1', queued: 1, queuedBytes: 4, delivered: 7, dead: 1 }),
      addToLane({ laneId: 'l2', queued: 0, queuedBytes: 0, delivered: 0, dead: 1 }),
    ]);
    const seqOf = (laneId: string, id: string) =>
      readDueMessages(store.reads, laneId, NOW_MS, 9).find(({ messageId }) => messageId === id)?.seq ?? 0;
    await store.commit([
      buryOutboxMessage(seqOf('l1', 'dead'), 8, OLD_MS, 'down'),
      buryOutboxMessage(seqOf('l2', 'other lane'), 8, OLD_MS, ''),
    ]);
    await store.commit([
      message('young and dead'),
      addToLane({ laneId: 'l1', queued: 0, queuedBytes: 0, delivered: 0, dead: 1 }),
    ]);
    const young = seqOf('l1', 'young and dead');
    const atMs = NOW_MS - DEAD_MESSAGE_DAYS_KEPT * DAY_MS;
    await store.commit([buryOutboxMessage(young, 8, atMs, 'down')]);
    expect(await retention.run()).toMatchObject({ outbox: 2 });
    expect(left('outbox', 'messageId')).toEqual(['waiting', 'young and dead']);
    expect(left('blobs', 'blobId')).toEqual(['b waiting']);
    expect(readLane(store.reads, 'l1')).toEqual({ laneId: 'l1', queued: 1, queuedBytes: 4, delivered: 7, dead: 1 });
    expect(readLane(store.reads, 'l2')).toMatchObject({ dead: 0 });
  });
});

describe('a dead letter that is sent again at this moment', () => {
  it('stays, with what is stored apart, and its lane counts it as waiting', async () => {
    const { store, writer, retention, left } = await startRetention();
    const blobId = newBlobId('i1');
    await store.commit([
      insertBlob(blobId, projectId, 'x', OLD_MS),
      message('again', { blobId }),
      message('gone'),
      addToLane({ laneId: 'l1', queued: 0, queuedBytes: 0, delivered: 0, dead: 2 }),
    ]);
    const [again = 0, gone = 0] = readDueMessages(store.reads, 'l1', NOW_MS, 9).map(({ seq }) => seq);
    await store.commit([again, gone].map((seq) => buryOutboxMessage(seq, 8, OLD_MS, 'down')));
    const release = writer.hold();
    const revived = store.commit(reviveMessages([again], NOW_MS));
    const removed = retention.run();
    await flush();
    release();
    await revived;
    await removed;
    expect(left('outbox', 'messageId')).toEqual(['again']);
    expect(left('blobs', 'blobId')).toEqual([blobId]);
    expect(readLane(store.reads, 'l1')).toMatchObject({ queued: 1, queuedBytes: 4, dead: 0 });
  });
});

describe('blobs', () => {
  it('stay while a message refers to them, and then as long as a link to them is good', async () => {
    const { store, retention, clock, left } = await startRetention();
    const [referred, free] = [newBlobId('i1'), newBlobId('i1')];
    await store.commit([
      message('m1', { blobId: referred }),
      ...[referred, free].map((id) => insertBlob(id, projectId, 'x', OLD_MS)),
    ]);
    expect(await retention.run()).toMatchObject({ blobs: 0 });
    await clock.advance(DOWNLOAD_TTL_MS - 1);
    expect(await retention.run()).toMatchObject({ blobs: 0 });
    await clock.advance(1);
    expect(await retention.run()).toMatchObject({ blobs: 1 });
    expect(left('blobs', 'blobId')).toEqual([referred]);
  });

  it('that were referred to again meanwhile stay', async () => {
    const { store, retention, clock } = await startRetention();
    await store.commit([insertBlob('b1', projectId, 'x', OLD_MS)]);
    await retention.run();
    await store.commit([message('m1', { blobId: 'b1' })]);
    await clock.advance(DOWNLOAD_TTL_MS);
    expect(await retention.run()).toMatchObject({ blobs: 0 });
  });

  it('are looked at seldom enough', () => {
    expect(RETENTION_INTERVAL_MS).toBeGreaterThan(DOWNLOAD_TTL_MS);
  });
});

describe('rows of the runtime', () => {
  const read = (key: string) => `read:${key}` as ActorId;

  it('events that were set aside stay while their actor is paused, and for their days after', async () => {
    const { store, retention, left } = await startRetention();
    const aside = (actorId: ActorId, atMs: number, error: string) =>
      insertQuarantined({ actorId, effectId: null, event: '{}', error, atMs });
    await store.commit([
      snapshot(read('paused'), '{}'),
      pauseSnapshot(read('paused'), 'broken', OLD_MS),
      snapshot(read('runs'), '{}'),
      aside(read('paused'), OLD_MS, 'keep: paused'),
      aside(read('runs'), OLD_MS, 'go: old'),
      aside(read('no row'), OLD_MS, 'go: its actor is gone'),
      aside(read('runs'), NOW_MS - QUARANTINE_DAYS_KEPT * DAY_MS, 'keep: young'),
    ]);
    expect(await retention.run()).toMatchObject({ quarantine: 2 });
    expect(left('quarantine', 'error')).toEqual(['keep: paused', 'keep: young']);
  });

  it('actors that have ended stay while anything of them is outstanding', async () => {
    const { store, retention, left } = await startRetention();
    await store.commit([
      snapshot('installation:ended', ''),
      snapshot('read:ended/contacts', ''),
      snapshot('credential:ended', ''),
      snapshot('read:alive/contacts', '{}'),
      snapshot('read:asked', ''),
      insertEffect('read:asked:4:0', read('asked'), read('asked'), '{}'),
      snapshot('read:told', ''),
      insertEffect('installation:x:1:0', 'installation:x' as ActorId, read('told'), '{}'),
      snapshot('read:tells', ''),
      insertEffect('read:tells:1:0', read('tells'), 'delivery:y' as ActorId, '{}'),
      snapshot('read:paused', ''),
      pauseSnapshot(read('paused'), 'broken', OLD_MS),
      snapshot('delivery:blank', ''),
    ]);
    expect(await retention.run()).toMatchObject({ snapshots: 4 });
    expect(left('snapshots', 'actorId')).toEqual([
      'read:alive/contacts',
      'read:asked',
      'read:paused',
      'read:tells',
      'read:told',
    ]);
  });

  it('authorization requests go when they have expired', async () => {
    const { store, retention, left } = await startRetention();
    const state = (stateHash: string, expiresAtMs: number) =>
      insertOauthState({ stateHash, projectId, groupRef: 'acme', sealed: new Uint8Array(1), expiresAtMs });
    await store.commit([state('expired', NOW_MS), state('open', NOW_MS + 1)]);
    expect(await retention.run()).toMatchObject({ oauthStates: 1 });
    expect(left('oauthStates', 'stateHash')).toEqual(['open']);
  });

  it('manifest revisions stay while they are the latest, in use, or among the newest', async () => {
    const { store, retention, left } = await startRetention();
    const revision = (revisionId: string, integrationId = 'in1') =>
      insertRevision({
        revisionId,
        integrationId: integrationId as IntegrationId,
        specVersion: '1',
        content: '{}',
        kept: '[]',
        createdAtMs: 1,
      });
    const names = Array.from({ length: REVISIONS_KEPT + 4 }, (_, n) => `r${n}`);
    await store.commit([
      connection,
      ...names.map((name) => revision(name)),
      revision('other', 'in2'),
      // A rollback: the latest is not the newest.
      integration,
      installation('i1', 'r2'),
    ]);
    expect(await retention.run()).toMatchObject({ revisions: 2 });
    const gone = [...names, 'other'].filter((name) => !left('revisions', 'revisionId').includes(name));
    expect(gone).toEqual(['r0', 'r3']);
  });
});

describe('retention', () => {
  it('gives the room back to the file system', async () => {
    const { store, retention, folder } = await startRetention();
    await store.commit(
      Array.from({ length: 20 }, (_, n) =>
        operation(`old ${n}`, { metadata: JSON.stringify({ x: 'x'.repeat(100_000) }) }),
      ),
    );
    await store.vacuum(0);
    const path = join(folder, 'tenon.db');
    const { size } = statSync(path);
    expect(size).toBeGreaterThan(2_000_000);
    await retention.run();
    expect(statSync(path).size).toBeLessThan(500_000);
  });

  it('runs after a start, then once an interval, and never again once it is stopped', async () => {
    const { store, retention, clock, left } = await startRetention();
    const add = () => store.commit([operation(`old ${clock.nowMs()}`)]);
    await add();
    retention.start();
    await clock.advance(RETENTION_DELAY_MS - 1);
    expect(left('operations', 'operationId')).toHaveLength(1);
    await clock.advance(1);
    await flush(60);
    expect(left('operations', 'operationId')).toEqual([]);
    await add();
    await clock.advance(RETENTION_INTERVAL_MS);
    await flush(60);
    expect(left('operations', 'operationId')).toEqual([]);
    await retention.stop();
    expect(clock.pendingCount).toBe(0);
  });

  it('leaves what is reserved of a budget on disk as long as it may be spent', async () => {
    const { retention, budgets, clock, left } = await startRetention();
    const key = (name: string) => ({ key: `p/user/1/${name}`, name, limit: 100, windowMs: MINUTE_MS });
    const turn = await budgets.turn(key('reserved'), 'interactive', 'a', clock.nowMs() + SECOND_MS);
    turn.end();
    budgets.learn([key('told')], null, 'told', { remaining: 50 });
    await clock.advance(HOUR_MS);
    expect(budgets.tryTake(budgets.opened([key('reserved')]), 'interactive', null)).toBeNull();
    expect(left('budgets', 'budgetKey')).toEqual(['p/user/1/reserved', 'p/user/1/told']);
    expect(await retention.run()).toMatchObject({ budgets: 1 });
    expect(left('budgets', 'budgetKey')).toEqual(['p/user/1/reserved']);
  });

  it('that the disk interrupts goes on at the next time', async () => {
    const { store, writer, retention, clock, left } = await startRetention();
    await store.commit([operation('old')]);
    writer.failure = { kind: 'full', message: 'SQLITE_FULL' };
    await expect(retention.run()).rejects.toMatchObject({ code: 'storage_unavailable' });
    retention.start();
    await clock.advance(RETENTION_DELAY_MS);
    await flush(60);
    expect(left('operations', 'operationId')).toEqual(['old']);
    writer.failure = null;
    await clock.advance(RETENTION_INTERVAL_MS);
    await flush(60);
    expect(left('operations', 'operationId')).toEqual([]);
  });
});

/** What SQLite would read from end to end to answer a query. */
function scans(path: string, sql: string): string[] {
  const database = openForWriting(path);
  try {
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...(sql.match(/\?/g) ?? [])) as { detail: string }[];
    return plan.map(({ detail }) => detail).filter((detail) => /^SCAN \w+$/.test(detail));
  } finally {
    database.close();
  }
}

describe('finding out what refers to a row', () => {
  it.each([
    ['a message of an operation', 'SELECT 1 FROM outbox WHERE operationId = ?'],
    ['a message with a blob', 'SELECT 1 FROM outbox WHERE blobId = ?'],
    ['an actor that has ended', "SELECT actorId FROM snapshots WHERE state = '' AND pausedReason IS NULL"],
  ])('reads no whole table: %s', async (_name, sql) => {
    const { folder } = await startRetention();
    expect(scans(join(folder, 'tenon.db'), sql)).toEqual([]);
  });
});

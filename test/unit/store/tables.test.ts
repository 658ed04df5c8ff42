import { describe, expect, it } from 'vitest';
import type {
  ActorId,
  ConnectionId,
  InstallationId,
  IntegrationId,
  OperationId,
  ProjectId,
} from '../../../src/core/ids.ts';
import type { RowWrite } from '../../../src/store/port.ts';
import { openForWriting } from '../../../src/store/sqlite.ts';
import { STATEMENTS } from '../../../src/store/statements.ts';
import { insertProject, readProject, readProjects } from '../../../src/store/tables/accounts.ts';
import {
  deleteOauthState,
  expireOauthStates,
  insertConnection,
  insertOauthState,
  putCredential,
  readConnection,
  readConnections,
  readCredential,
  readOauthState,
  refreshedConnection,
} from '../../../src/store/tables/connections.ts';
import {
  insertOperation,
  putCheckpoint,
  readCheckpoint,
  readOperations,
} from '../../../src/store/tables/installations.ts';
import {
  addToLane,
  buryOutboxMessage,
  deleteOutboxMessage,
  eraseMessages,
  expireBlobs,
  insertBlob,
  insertOutboxMessage,
  readDueMessages,
  readLane,
  readNextAttemptAtMs,
  readSeqsOfSubjects,
  retryOutboxMessage,
  sweepBlobs,
} from '../../../src/store/tables/outbox.ts';
import { tempFolder, withStore } from '../../support/store.ts';

const projectId = 'p1' as ProjectId;
const connectionId = 'c1' as ConnectionId;
const sealed = new Uint8Array([1, 2, 3]);

const connection = (id: string, groupRef: string, createdAtMs: number) =>
  insertConnection({
    connectionId: id as ConnectionId,
    projectId,
    provider: 'hubspot',
    providerAppId: null,
    groupRef,
    groupName: groupRef,
    consumerRef: id,
    consumerName: id,
    authScheme: 'apiKey',
    status: 'created',
    workspaceRef: null,
    providerConsumerRef: null,
    metadata: '{}',
    generation: 1,
    issuedAtMs: 1,
    expiresAtMs: null,
    refreshAtMs: null,
    createdAtMs,
  });

describe('the statements of the writer', () => {
  it('fit the tables', () => {
    const database = openForWriting(`${tempFolder()}/tenon.db`);
    for (const [name, sql] of STATEMENTS) expect(() => database.prepare(sql), name).not.toThrow();
    database.close();
  });
});

describe('a project', () => {
  it('is found by id and by name in any case, and not by anything else', async () => {
    const { store } = await withStore();
    await store.commit([insertProject({ projectId, name: 'acme', appName: 'Acme', orgId: 'o1', createdAtMs: 1 })]);
    expect([readProject(store.reads, 'p1'), readProject(store.reads, 'ACME')]).toMatchObject([
      { projectId },
      { projectId },
    ]);
    expect(readProject(store.reads, 'other')).toBeUndefined();
    expect(readProjects(store.reads)).toHaveLength(1);
  });
});

describe('a connection', () => {
  it('is unique per project, provider, group and consumer', async () => {
    const { store } = await withStore();
    await store.commit([connection('c1', 'g1', 1)]);
    await expect(store.commit([connection('c1', 'g1', 2)])).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('is listed newest first, by any of its filters', async () => {
    const { store } = await withStore();
    await store.commit([connection('c1', 'g1', 1), connection('c2', 'g2', 2), connection('c3', 'g1', 3)]);
    const ids = (filter: Parameters<typeof readConnections>[2]) =>
      readConnections(store.reads, projectId, filter).map((row) => row.connectionId);
    expect(ids({})).toEqual(['c3', 'c2', 'c1']);
    expect(ids({ groupRef: 'g1' })).toEqual(['c3', 'c1']);
    expect(ids({ groupRef: 'g1', consumerRef: 'c1' })).toEqual(['c1']);
    expect(ids({ provider: 'salesforce' })).toEqual([]);
  });

  it.each<[string, RowWrite]>([
    ['a credential that skips a generation', putCredential('c1', 3, sealed)],
    ['a credential of the generation that is stored', putCredential('c1', 1, sealed)],
    [
      'a refresh of another generation',
      refreshedConnection({ connectionId, generation: 3, issuedAtMs: 2, expiresAtMs: null, refreshAtMs: null }),
    ],
  ])('refuses %s', async (_name, write) => {
    const { store } = await withStore();
    await store.commit([connection('c1', 'g1', 1), putCredential('c1', 1, sealed)]);
    await expect(store.commit([write])).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('takes the next generation', async () => {
    const { store } = await withStore();
    await store.commit([connection('c1', 'g1', 1), putCredential('c1', 1, sealed)]);
    await store.commit([
      refreshedConnection({ connectionId, generation: 2, issuedAtMs: 5, expiresAtMs: 9, refreshAtMs: 7 }),
      putCredential('c1', 2, new Uint8Array([9])),
    ]);
    expect(readConnection(store.reads, 'c1')).toMatchObject({ generation: 2, expiresAtMs: 9, status: 'created' });
    expect(readCredential(store.reads, 'c1')).toEqual({ generation: 2, sealed: Buffer.from([9]) });
  });
});

describe('an authorization request', () => {
  it('can be used once, and not after it expired', async () => {
    const { store } = await withStore();
    const row = (stateHash: string, expiresAtMs: number) =>
      insertOauthState({ stateHash, projectId, groupRef: 'acme', sealed, expiresAtMs });
    await store.commit([row('used', 100), row('old', 10)]);
    await store.commit([deleteOauthState('used'), expireOauthStates(10)]);
    await expect(store.commit([deleteOauthState('used')])).rejects.toMatchObject({ code: 'invalid_input' });
    expect(readOauthState(store.reads, 'old')).toBeUndefined();
  });
});

describe('a checkpoint', () => {
  it('is replaced by the next one', async () => {
    const { store } = await withStore();
    const checkpoint = (page: number, cursor: string | null) =>
      putCheckpoint({
        actorId: 'read:i1' as ActorId,
        installationId: 'i1' as InstallationId,
        objectName: 'account',
        run: 1,
        page,
        operationId: null,
        readType: 'backfill',
        sinceMs: null,
        untilMs: null,
        cursor,
        recordsRead: page * 100,
        watermarkMs: null,
        connectionId: null,
        workspaceRef: null,
        owesBackfill: 0,
      });
    await store.commit([checkpoint(0, null)]);
    await store.commit([checkpoint(1, 'next')]);
    expect(readCheckpoint(store.reads, 'read:i1' as ActorId)).toMatchObject({
      page: 1,
      cursor: 'next',
      recordsRead: 100,
    });
  });
});

describe('operations', () => {
  it('are paged newest first, those of one millisecond too, without a gap or a twin', async () => {
    const { store } = await withStore();
    const ids = Array.from({ length: 9 }, (_, n) => `op${n}`);
    await store.commit(
      ids.map((operationId, n) =>
        insertOperation({
          operationId: operationId as OperationId,
          projectId,
          integrationId: 'in1' as IntegrationId,
          installationId: 'i1' as InstallationId,
          configId: 'cf1',
          actionType: 'read',
          status: 'in_progress',
          result: null,
          metadata: '{}',
          createdAtMs: Math.floor(n / 4),
        }),
      ),
    );
    const seen: string[] = [];
    let last: { createdAtMs: number; operationId: string } | undefined;
    do {
      const page = { limit: 2, beforeMs: last?.createdAtMs ?? null, beforeId: last?.operationId ?? null };
      const rows = readOperations(store.reads, { projectId, installationId: 'i1' as InstallationId }, page);
      seen.push(...rows.map(({ operationId }) => operationId));
      last = rows.at(-1);
    } while (last !== undefined && seen.length < 20);
    expect(seen).toEqual(['op8', 'op7', 'op6', 'op5', 'op4', 'op3', 'op2', 'op1', 'op0']);
  });
});

describe('the outbox', () => {
  const message = (messageId: string, createdAtMs: number, laneId = 'l1') =>
    insertOutboxMessage({ messageId, laneId, operationId: null, body: '{}', blobId: null, bytes: 2, createdAtMs });

  it('refuses a message that it has', async () => {
    const { store } = await withStore();
    await store.commit([message('m1', 1)]);
    await expect(store.commit([message('m1', 2)])).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('gives what is due in order, and leaves out the dead, the delayed and other lanes', async () => {
    const { store } = await withStore();
    const names = ['delivered', 'delayed', 'dead', 'first', 'second'];
    await store.commit([...names.map((name) => message(name, 10)), message('other', 1, 'l2'), message('future', 999)]);
    const seqs = readDueMessages(store.reads, 'l1', 10, 10).map(({ seq }) => seq);
    const [delivered = 0, delayed = 0, dead = 0, first = 0, second = 0] = seqs;
    await store.commit([
      deleteOutboxMessage(delivered),
      retryOutboxMessage(delayed, 1, 500, 'down'),
      buryOutboxMessage(dead, 8, 20, 'gone'),
    ]);
    expect(readDueMessages(store.reads, 'l1', 10, 10).map(({ messageId }) => messageId)).toEqual(['first', 'second']);
    expect(readDueMessages(store.reads, 'l1', 10, 1)).toHaveLength(1);
    expect(readNextAttemptAtMs(store.reads, 'l1', [first, second])).toBe(500);
    expect(readNextAttemptAtMs(store.reads, 'l1', [])).toBe(10);
    expect(readNextAttemptAtMs(store.reads, 'l3', [])).toBeNull();
  });

  it('adds to the counters of a lane', async () => {
    const { store } = await withStore();
    await store.commit([addToLane({ laneId: 'l1', queuedBytes: 10, queued: 2, delivered: 0, dead: 0 })]);
    await store.commit([addToLane({ laneId: 'l1', queuedBytes: -4, queued: -1, delivered: 1, dead: 0 })]);
    expect(readLane(store.reads, 'l1')).toEqual({ laneId: 'l1', queuedBytes: 6, queued: 1, delivered: 1, dead: 0 });
  });

  it('keeps what is stored apart as long as any message refers to it, whichever way', async () => {
    const { store } = await withStore();
    const facts = { laneId: 'l1', operationId: null, body: '{}', bytes: 2, createdAtMs: 1 };
    await store.commit([
      ...['config', 'before', 'alone'].map((id) => insertBlob(id, projectId, 'x', 1)),
      insertOutboxMessage({ ...facts, messageId: 'm1', blobId: 'config', lastBlobId: 'before', subjectId: 'i1' }),
      insertOutboxMessage({ ...facts, messageId: 'm2', blobId: 'before', subjectId: 'i2' }),
    ]);
    const left = () => sweepBlobs(store.reads, '', 10).map(({ blobId, isReferred }) => [blobId, isReferred]);
    expect(left()).toEqual([
      ['alone', 0],
      ['before', 1],
      ['config', 1],
    ]);
    await store.commit([expireBlobs(['alone', 'before', 'config'])]);
    expect(left()).toEqual([
      ['before', 1],
      ['config', 1],
    ]);
    await store.commit(eraseMessages(readSeqsOfSubjects(store.reads, ['i1'], 10)));
    expect(left()).toEqual([['before', 1]]);
    await store.commit(eraseMessages(readSeqsOfSubjects(store.reads, ['i1', 'i2'], 10)));
    expect(left()).toEqual([]);
  });
});

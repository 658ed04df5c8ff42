// The rows of inboxes: each event once, in its order, and only while there is an installation.

import { describe, expect, it } from 'vitest';
import { actorIdOf } from '../../../src/core/ids.ts';
import type { RowWrite } from '../../../src/store/port.ts';
import type { Store } from '../../../src/store/store.ts';
import { insertConnection } from '../../../src/store/tables/connections.ts';
import { readEffects } from '../../../src/store/tables/effects.ts';
import {
  closeInbox,
  emptyInboxEvents,
  eraseInboxRows,
  expireInbox,
  holdInboxEvents,
  insertInboxEvent,
  readExpiredInbox,
  readInboxDepth,
  readInboxKeys,
  readInboxSeqs,
  readInboxTotal,
  readWaitingEvents,
  wakeInbox,
} from '../../../src/store/tables/inbox.ts';
import { insertInstallation, insertIntegration } from '../../../src/store/tables/installations.ts';
import { withStore } from '../../support/store.ts';

const NOW = 1_700_000_000_000;

function event(installationId: string, eventKey: string, bytes = 20, receivedAtMs = NOW): RowWrite {
  return insertInboxEvent({
    installationId: installationId as never,
    eventKey,
    event: JSON.stringify({ key: eventKey }).padEnd(bytes),
    receivedAtMs,
  });
}

const connection = (id: string) =>
  insertConnection({
    connectionId: id as never,
    projectId: 'p' as never,
    provider: 'hubspot',
    providerAppId: null,
    groupRef: id,
    groupName: id,
    consumerRef: id,
    consumerName: id,
    authScheme: 'apiKey',
    status: 'working',
    workspaceRef: null,
    providerConsumerRef: null,
    metadata: '{}',
    generation: 1,
    issuedAtMs: NOW,
    expiresAtMs: null,
    refreshAtMs: null,
    createdAtMs: NOW,
  });

const installation = (id: string) =>
  insertInstallation({
    installationId: id as never,
    projectId: 'p' as never,
    integrationId: 'i' as never,
    connectionId: id as never,
    groupRef: id,
    healthStatus: 'healthy',
    configId: 'c',
    revisionId: 'r',
    config: '{}',
    createdBy: '',
    configuredAtMs: NOW,
    createdAtMs: NOW,
  });

/** Two installations, `one` and `two`. */
async function stored(): Promise<Store> {
  const { store } = await withStore();
  await store.commit([
    insertIntegration({
      integrationId: 'i' as never,
      projectId: 'p' as never,
      name: 'crm',
      provider: 'hubspot',
      revisionId: 'r',
      createdAtMs: NOW,
    }),
    ...['one', 'two'].flatMap((id) => [connection(id), installation(id)]),
  ]);
  return store;
}

const keysWaiting = ({ reads }: Store, installationId = 'one', eventsMax = 100, bytesMax = 1_000_000) =>
  readWaitingEvents(reads, installationId, eventsMax, bytesMax).map((row) => JSON.parse(row.event).key as string);

describe('an event is not stored', () => {
  it('of an installation that is gone', async () => {
    const store = await stored();
    await store.commit([event('three', 'a')]);
    expect(readInboxTotal(store.reads, 10)).toEqual({ events: 0, bytes: 0, oldestAtMs: null });
  });

  it('a second time, whether it waits or is done', async () => {
    const store = await stored();
    await store.commit([event('one', 'a'), event('one', 'a'), event('two', 'a')]);
    expect([keysWaiting(store), keysWaiting(store, 'two')]).toEqual([['a'], ['a']]);
    const [row] = readWaitingEvents(store.reads, 'one', 1, 1);
    await store.commit([emptyInboxEvents([row?.seq ?? 0])]);
    await store.commit([event('one', 'a')]);
    expect(keysWaiting(store)).toEqual([]);
    expect(readInboxKeys(store.reads, 'one', ['a', 'b'])).toEqual(new Set(['a']));
  });
});

it('nobody is woken for an empty inbox', async () => {
  const store = await stored();
  const wake = (id: string, effectId: string) => wakeInbox(id, effectId, actorIdOf('inbox', id), '{}');
  await store.commit([wake('one', 'x'), event('two', 'a'), wake('two', 'y')]);
  expect(readEffects(store.reads, 0, 10).map(({ effectId, targetId }) => [effectId, targetId])).toEqual([
    ['y', 'inbox:two'],
  ]);
});

it('events are read in their order, up to a number or to bytes, and never none', async () => {
  const store = await stored();
  await store.commit([event('one', 'a', 500), event('two', 'x'), event('one', 'b', 20), event('one', 'c', 20)]);
  expect(keysWaiting(store)).toEqual(['a', 'b', 'c']);
  expect(keysWaiting(store, 'one', 2)).toEqual(['a', 'b']);
  expect(keysWaiting(store, 'one', 100, 1)).toEqual(['a']);
  expect(keysWaiting(store, 'one', 100, 520)).toEqual(['a', 'b']);
  expect(keysWaiting(store, 'one', 100, 519)).toEqual(['a']);
});

it('those that are held are left out while they are held for that, and counted', async () => {
  const store = await stored();
  await store.commit([event('one', 'a'), event('one', 'b'), event('one', 'c')]);
  const all = readWaitingEvents(store.reads, 'one', 10, 1000).map(({ seq }) => seq);
  const [a = 0, b = 0, c = 0] = all;
  await store.commit([holdInboxEvents([a], 'for x'), holdInboxEvents([b], 'for y')]);
  const seqs = (...holds: string[]) => readWaitingEvents(store.reads, 'one', 10, 1000, { holds }).map(({ seq }) => seq);
  expect([seqs('for x'), seqs('for x', 'for y'), seqs('for z'), seqs()]).toEqual([[b, c], [c], all, all]);
  expect(readWaitingEvents(store.reads, 'one', 10, 1000, { afterSeq: b }).map(({ seq }) => seq)).toEqual([c]);
  expect(readInboxDepth(store.reads, 'one', 10)).toMatchObject({ events: 3 });
});

it('what waits is counted up to a number, of one and of all', async () => {
  const store = await stored();
  await store.commit([event('one', 'a', 25, NOW + 1), event('one', 'b', 26), event('two', 'c', 27, NOW - 1)]);
  expect(readInboxDepth(store.reads, 'one', 10)).toEqual({ events: 2, bytes: 51, oldestAtMs: NOW });
  expect(readInboxDepth(store.reads, 'one', 1)).toMatchObject({ events: 1 });
  expect(readInboxTotal(store.reads, 10)).toEqual({ events: 3, bytes: 78, oldestAtMs: NOW - 1 });
});

it('only what is done has its time', async () => {
  const store = await stored();
  await store.commit([event('one', 'a', 1, NOW - 2), event('one', 'b', 1, NOW - 2), event('one', 'c', 1, NOW)]);
  const seqs = readWaitingEvents(store.reads, 'one', 10, 1000).map(({ seq }) => seq);
  expect(readExpiredInbox(store.reads, NOW, 10)).toEqual([]);
  await store.commit([emptyInboxEvents([seqs[0] ?? 0, seqs[2] ?? 0])]);
  expect(readExpiredInbox(store.reads, NOW, 10)).toEqual([seqs[0]]);
  await store.commit([expireInbox(seqs)]);
  expect(keysWaiting(store)).toEqual(['b']);
});

it('what waits of an installation goes at once, the keys of what is done in steps', async () => {
  const store = await stored();
  await store.commit([event('one', 'a'), event('one', 'b'), event('two', 'a')]);
  const [first] = readWaitingEvents(store.reads, 'one', 1, 1);
  await store.commit([emptyInboxEvents([first?.seq ?? 0]), ...closeInbox('one')]);
  expect(readInboxSeqs(store.reads, 'one', 10)).toEqual([first?.seq]);
  await store.commit([eraseInboxRows([first?.seq ?? 0])]);
  expect([readInboxSeqs(store.reads, 'one', 10), keysWaiting(store, 'two')]).toEqual([[], ['a']]);
});

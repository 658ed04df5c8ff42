// What goes with the commit of a write that ended, as data: the flow of writes commits it with its own rows.

import { describe, expect, it } from 'vitest';
import { DELIVERY_OUTCOMES } from '../../../../src/core/counts.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import {
  DESTINATIONS_PER_EVENT_MAX,
  NOTIFICATION_CONFIG_BYTES_MAX,
  OUTBOX_BYTES_PER_LANE_MAX,
} from '../../../../src/core/limits.ts';
import { createWebhook } from '../../../../src/flows/destinations.ts';
import { deployManifest } from '../../../../src/flows/install/deploy.ts';
import { createInstallation } from '../../../../src/flows/install/installations.ts';
import { installationChanged, type WriteOutcome, writeAsyncDone } from '../../../../src/flows/notify/events.ts';
import { createEventTopicRoute, createTopic, createTopicDestinationRoute } from '../../../../src/flows/topics.ts';
import { addToLane, eraseMessages, readDueMessages, readLane } from '../../../../src/store/tables/outbox.ts';
import { faultsOf, type Notification } from '../../../support/notifications.ts';
import { PublishedSchemas, publishedIsMissing } from '../../../support/published.ts';
import { manifestOf, startFlows } from '../install/tenon.ts';

async function start() {
  const flows = await startFlows();
  const { services, projectId } = flows;
  await deployManifest(
    services,
    projectId,
    manifestOf({ name: 'billing', provider: 'stripe', objects: [] }),
    'amp.yaml',
  );
  await flows.connect();
  const input = { groupRef: 'acme', content: {} };
  const installation = await createInstallation(services, flows.integration('billing'), input);
  const route = async (eventType: string) => {
    const metadata = { url: 'https://hooks.example.com/in' };
    const { destinationId } = await createWebhook(services, projectId, { name: 'told', metadata });
    const { topicId } = await createTopic(services, projectId, 'ops');
    await createEventTopicRoute(services, projectId, { eventType, topicId });
    await createTopicDestinationRoute(services, projectId, { topicId, destinationId });
    return destinationId;
  };
  return { ...flows, installation, route };
}

describe('an event', () => {
  it('leads to a bounded number of destinations, however it is routed', async () => {
    const { services, projectId } = await startFlows();
    const eventType = 'connection.error';
    const { topicId } = await createTopic(services, projectId, 'ops');
    const { topicId: other } = await createTopic(services, projectId, 'other');
    await createEventTopicRoute(services, projectId, { eventType, topicId });
    const destinationIds: string[] = [];
    for (let count = 0; count <= DESTINATIONS_PER_EVENT_MAX; count += 1) {
      const input = { name: `hook-${count}`, metadata: { url: 'https://hooks.example.com/in' } };
      destinationIds.push((await createWebhook(services, projectId, input)).destinationId);
    }
    const [first = '', ...others] = destinationIds;
    for (const destinationId of others)
      await createTopicDestinationRoute(services, projectId, { topicId, destinationId });
    const refused = { code: 'invalid_input', message: expect.stringContaining('connection.error would lead to') };
    const full = { topicId, destinationId: first };
    await expect(createTopicDestinationRoute(services, projectId, full)).rejects.toMatchObject(refused);
    await createTopicDestinationRoute(services, projectId, { topicId: other, destinationId: first });
    const more = { eventType, topicId: other };
    await expect(createEventTopicRoute(services, projectId, more)).rejects.toMatchObject(refused);
    // A destination that is reached already is no further one.
    const [again = ''] = others;
    const { topicId: third } = await createTopic(services, projectId, 'third');
    await createTopicDestinationRoute(services, projectId, { topicId: third, destinationId: again });
    await createEventTopicRoute(services, projectId, { eventType, topicId: third });
  });
});

describe('a destination that is far behind', () => {
  it('is told nothing more, which is counted, until it has taken some of what waits', async () => {
    const { services, installation, route } = await start();
    const laneId = await route('write.async.done');
    const done = { objectName: 'invoices', isSuccess: true, successfulRecordIds: [], errors: [] };
    const behind = { laneId, queuedBytes: OUTBOX_BYTES_PER_LANE_MAX + 1, queued: 1, delivered: 0, dead: 0 };
    await services.store.commit([addToLane(behind)]);
    expect(writeAsyncDone(services, installation, done)).toEqual({ writes: [], messages: [] });
    expect(services.counts.deliveries[DELIVERY_OUTCOMES.indexOf('dropped')]).toBe(1);
    await services.store.commit([addToLane({ ...behind, queuedBytes: -1, queued: 0 })]);
    expect(writeAsyncDone(services, installation, done).messages).toHaveLength(1);
  });

  it('is so with what is stored apart as well, and no more when that is gone', async () => {
    const { services, installation, route } = await start();
    const { store } = services;
    const laneId = await route('installation.created');
    const large = JSON.stringify({ note: 'x'.repeat(2 * NOTIFICATION_CONFIG_BYTES_MAX) });
    await store.commit(installationChanged(services, 'created', { ...installation, config: large }).writes);
    expect(readLane(store.reads, laneId)?.queuedBytes).toBeGreaterThan(large.length);
    const [message] = readDueMessages(store.reads, laneId, services.clock.nowMs(), 1);
    await store.commit(eraseMessages([message?.seq ?? 0]));
    expect(readLane(store.reads, laneId)).toMatchObject({ queued: 0, queuedBytes: 0 });
  });
});

describe('an asynchronous write that ended', () => {
  const DONE: WriteOutcome = { objectName: 'invoices', isSuccess: true, successfulRecordIds: ['in_1'], errors: [] };

  it('adds nothing where nobody asked', async () => {
    const { services, installation, route } = await start();
    await route('write.async.failed');
    expect(writeAsyncDone(services, installation, DONE)).toEqual({ writes: [], messages: [] });
  });

  it.each<[string, WriteOutcome, JsonObject]>([
    ['well', DONE, { success: true, successfulRecordIds: ['in_1'] }],
    [
      'partly',
      { ...DONE, isSuccess: false, errors: ['no such customer'] },
      { success: false, successfulRecordIds: ['in_1'], errors: ['no such customer'] },
    ],
    [
      'badly',
      { ...DONE, isSuccess: false, successfulRecordIds: [], errors: ['down'] },
      { success: false, errors: ['down'] },
    ],
  ])('%s adds its message and a nudge', async (_how, outcome, said) => {
    const { services, projectId, installation, route } = await start();
    const destinationId = await route('write.async.done');
    const { writes, messages } = writeAsyncDone(services, installation, outcome);
    expect(writes.map(({ statement }) => statement)).toEqual(['outbox.insert', 'lanes.add']);
    expect(messages).toEqual([{ to: `delivery:${destinationId}`, event: { type: 'outbox.appended' } }]);
    const body = writes[0]?.params.find((param) => String(param).startsWith('{'));
    const { integrationId, installationId, connectionId } = installation;
    const notification = JSON.parse(String(body)) as Notification;
    expect(notification).toEqual({
      notificationType: 'write.async.done',
      data: {
        ...{ projectId, integrationId, integrationName: 'billing', installationId, connectionId, provider: 'stripe' },
        ...{ groupRef: 'acme', groupName: 'acme', consumerRef: 'ada', consumerName: 'Ada' },
        ...{ objectName: 'invoices', ...said },
      },
    });
    if (publishedIsMissing === null) expect(faultsOf(new PublishedSchemas(), notification)).toEqual([]);
    await services.store.commit(writes);
  });
});

import { describe, expect, test } from 'vitest';
import { hubspotEvents } from '../../../src/connectors/hubspot/events.ts';
import { salesforceEvents } from '../../../src/connectors/salesforce/events.ts';
import { startSandbox } from '../../../src/sandbox/sandbox.ts';
import type { ReceivedWebhook } from '../../../src/webhook/received.ts';
import { fakeClock, flush } from '../../support/clock.ts';
import { startDestination } from '../../support/destination.ts';
import { ask } from './client.ts';

const HUBSPOT = { provider: 'hubspot', account: 'portal-1', object: 'contacts' } as const;

async function started() {
  const clock = fakeClock();
  const sandbox = await startSandbox({ clock, hubspotContacts: 300, salesforceAccounts: 3 });
  const destination = await startDestination();
  const received = (): ReceivedWebhook[] =>
    destination.requests.map(({ headers, body }) => ({
      ...{ method: 'POST', url: destination.origin, body: Buffer.from(body) },
      headers: headers as Record<string, string>,
    }));
  return {
    ...{ clock, sandbox, destination, received },
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      await destination[Symbol.asyncDispose]();
    },
  };
}

describe("the sandbox's webhooks", () => {
  test('are of nobody who did not ask, of another account or of another provider', async () => {
    await using of = await started();
    const { sandbox, destination } = of;
    sandbox.sendWebhooks({ provider: 'hubspot', account: 'portal-2', url: destination.origin, secret: 's' });
    sandbox.sendWebhooks({ provider: 'salesforce', url: destination.origin, secret: '' });
    sandbox.change({ kind: 'create', ...HUBSPOT, count: 1 });
    await sandbox.webhooksSent();
    expect(destination.requests).toEqual([]);
    const bad = await ask(sandbox, '/__sandbox/webhooks', { method: 'POST', body: '{"provider":"stripe","url":"x"}' });
    expect(bad.status).toBe(400);
  });

  test('are given up in the end where they are not taken', async () => {
    await using of = await started();
    const { sandbox, destination, clock } = of;
    destination.answer = () => ({ status: 503 });
    sandbox.sendWebhooks({ provider: 'hubspot', url: destination.origin, secret: 's' });
    sandbox.change({ kind: 'create', ...HUBSPOT, count: 1 });
    for (let tries = 1; tries < 4; tries++) {
      await destination.received(tries);
      while (clock.nextAtMs === null) await flush();
      await clock.advanceTo(clock.nextAtMs);
    }
    await sandbox.webhooksSent();
    expect(sandbox.stats()).toMatchObject({ webhooksTaken: 0, webhooksLost: 1 });
    const numbers = destination.requests.map(({ body }) => JSON.parse(body)[0].attemptNumber);
    expect(numbers).toEqual([0, 1, 2, 3]);
    expect(new Set(of.received().map((webhook) => hubspotEvents.parse(webhook)[0]?.key)).size).toBe(1);
  });

  test('of HubSpot are signed, one event for each property, a hundred in a request', async () => {
    await using of = await started();
    const { sandbox, destination, clock } = of;
    const target = { provider: 'hubspot', url: destination.origin, secret: 's' };
    await ask(sandbox, '/__sandbox/webhooks', { method: 'POST', body: JSON.stringify(target) });
    const values = { email: 'a@b', city: 'Bern' };
    const ids = sandbox.change({ kind: 'modify', ...HUBSPOT, count: 60, values });
    sandbox.change({ kind: 'remove', ...HUBSPOT, count: 1 });
    await sandbox.webhooksSent();
    for (const webhook of of.received()) hubspotEvents.verify(webhook, 's', clock.nowMs());
    const [first = [], second, third] = of.received().map((webhook) => hubspotEvents.parse(webhook));
    expect([first.length, second?.length, third?.length]).toEqual([100, 20, 1]);
    expect(first.slice(0, 2)).toMatchObject([
      { type: 'update', objectName: 'contact', recordId: ids[0], updatedFields: ['email'] },
      { type: 'update', objectName: 'contact', recordId: ids[0], updatedFields: ['city'] },
    ]);
    expect(third).toMatchObject([{ type: 'delete', recordId: ids[0] }]);
  });

  test('come again in their order where they are wanted twice, and are known to be the same', async () => {
    await using of = await started();
    const { sandbox, destination } = of;
    sandbox.sendWebhooks({ provider: 'hubspot', url: destination.origin, secret: 's', times: 2 });
    sandbox.change({ kind: 'modify', ...HUBSPOT, count: 120, values: { city: 'Bern' } });
    await sandbox.webhooksSent();
    expect(sandbox.stats()).toMatchObject({ webhooksTaken: 4, webhooksLost: 0 });
    const webhooks = of.received().map((webhook) => hubspotEvents.parse(webhook).map(({ key }) => key));
    expect(webhooks.map(({ length }) => length)).toEqual([100, 20, 100, 20]);
    expect(webhooks.slice(2)).toEqual(webhooks.slice(0, 2));
    expect(destination.requests.map(({ body }) => JSON.parse(body)[0].attemptNumber)).toEqual([0, 0, 1, 1]);
  });

  test('of Salesforce are change events as EventBridge passes them on', async () => {
    await using of = await started();
    const { sandbox, destination } = of;
    sandbox.sendWebhooks({ provider: 'salesforce', account: 'acme', url: destination.origin, secret: '' });
    const change = { kind: 'modify', provider: 'salesforce', account: 'acme', object: 'Account', count: 2 } as const;
    const ids = sandbox.change({ ...change, values: { Name: 'Acme' } });
    await sandbox.webhooksSent();
    const events = of.received().flatMap((webhook) => salesforceEvents.parse(webhook));
    expect(events).toMatchObject(
      ids.map((recordId) => ({ type: 'update', objectName: 'Account', recordId, updatedFields: ['Name'] })),
    );
    expect(new Set(events.map(({ key }) => key)).size).toBe(2);
  });
});

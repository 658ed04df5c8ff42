// The address of an installation's webhooks is replaced, over real HTTP: what is taken where and until when, what the
// org's events become meanwhile, and what people are told.

import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { SubscribeConnector } from '../../src/connectors/events.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { RECEIVER_GRACE_MS, RECEIVER_GRACE_MS_MAX } from '../../src/core/limits.ts';
import { DAY_MS, HOUR_MS, SECOND_MS, toRfc3339 } from '../../src/core/time.ts';
import { eraseInstallation } from '../../src/flows/operator/erase.ts';
import { whyOf } from '../../src/flows/operator/why.ts';
import { readReceiver } from '../../src/store/tables/receivers.ts';
import { readSubscription } from '../../src/store/tables/subscriptions.ts';
import { runTenon } from '../support/cli.ts';
import {
  type Driven,
  installed,
  integration,
  manifest,
  pass,
  readObject,
  settled,
  startDriven,
} from '../support/drive.ts';
import type { ApiAnswer, Published, Tenon } from '../support/tenon.ts';

const RELAY = { TENON_SALESFORCE_EVENT_RELAY: 'arn:aws:US-EAST-1:123456789012' };
const GRACE_SECONDS_MAX = RECEIVER_GRACE_MS_MAX / SECOND_MS;

/** Subscribes to accounts of Salesforce; its relay is in Amazon, where somebody enters the address. */
const ACCOUNTS = {
  objectName: 'account',
  destination: 'hook',
  inheritFieldsAndMapping: true,
  updateEvent: { enabled: 'always', watchFieldsAuto: 'all' },
};

interface Subject {
  readonly driven: Driven;
  readonly tenon: Tenon;
  readonly installation: Published;
  [Symbol.asyncDispose](): Promise<void>;
}

async function subscribed(): Promise<Subject> {
  const driven = await startDriven({ env: RELAY, sandbox: { salesforceAccounts: 5 } });
  const { tenon } = driven;
  await tenon.addWebhook('hook');
  const read = readObject('account', { schedule: '', backfill: undefined });
  const hubspot = { name: 'crm', provider: 'hubspot', proxy: { enabled: true } };
  const none = { name: 'none', provider: 'freshdesk', proxy: { enabled: true } };
  const salesforce = { ...integration('salesforce', read), subscribe: { objects: [ACCOUNTS] } };
  await tenon.deploy(manifest(salesforce, hubspot, none));
  const installation = await installed(driven, 'salesforce', { account: {} });
  await settled(driven);
  return { driven, tenon, installation, [Symbol.asyncDispose]: () => driven[Symbol.asyncDispose]() };
}

/** Below `/tenon/v1`, of the installation. */
function own({ tenon, installation }: Subject, method: string, path: string, body?: JsonObject): Promise<ApiAnswer> {
  const of = `/integrations/salesforce/installations/${installation.id}`;
  return tenon.api(method, `/../tenon/v1${tenon.inProject(`${of}${path}`)}`, body);
}

async function facts(subject: Subject): Promise<JsonObject> {
  return (await own(subject, 'GET', '/webhook')).json as JsonObject;
}

async function rotate(subject: Subject, body?: JsonObject): Promise<JsonObject> {
  const { status, json } = await own(subject, 'POST', '/webhook:rotate', body);
  expect(status).toBe(200);
  await settled(subject.driven);
  return json as JsonObject;
}

/** A restart has another port. */
function pathOf(url: unknown): string {
  return new URL(String(url)).pathname;
}

/** What EventBridge would send; of nothing that is subscribed to. */
async function post({ tenon }: Subject, url: unknown): Promise<number> {
  const target = tenon.origin + pathOf(url);
  const payload = { ChangeEventHeader: { entityName: 'Case', changeType: 'UPDATE', recordIds: ['500'] } };
  const body = JSON.stringify({ id: 'e', detail: { payload } });
  return (await fetch(target, { method: 'POST', body })).status;
}

/** Has the org change an account, whose event goes to an address; how many messages that became. */
async function change(subject: Subject, url: unknown): Promise<number> {
  const { driven, tenon } = subject;
  const target = tenon.origin + pathOf(url);
  tenon.sandbox.sendWebhooks({ provider: 'salesforce', account: 'acme', url: target, secret: '' });
  const of = { provider: 'salesforce', account: 'acme', object: 'Account', count: 1 } as const;
  tenon.sandbox.change({ kind: 'modify', ...of, values: { Name: 'Acme' } });
  await tenon.sandbox.webhooksSent();
  await settled(driven);
  return tenon.receiver.state().messages.filter(({ action }) => action === 'subscribe').length;
}

function whyText({ tenon, installation }: Subject): string {
  const { store, catalog, clock } = tenon.running.services;
  return whyOf({ store, catalog, clock, isServing: true }, installation.id).text;
}

function subscriberIn({ tenon }: Subject): SubscribeConnector {
  const subscriber = tenon.running.services.connectors.get('salesforce')?.subscriber;
  if (subscriber === undefined) throw new Error('nobody subscribes');
  return subscriber;
}

function turnsOf({ tenon, installation }: Subject): number {
  return readSubscription(tenon.running.services.store.reads, installation.id)?.generation ?? -1;
}

describe('a rotation is refused', () => {
  it('where there is no such address, and for a grace that is none', async () => {
    await using subject = await subscribed();
    const { tenon } = subject;
    const credential = { provider: 'hubspot', groupRef: 'acme' };
    await tenon.connect('hubspot', { groupRef: 'acme' });
    const hubspot = await tenon.install('crm', credential);
    const call = async (of: string, body?: JsonObject) => {
      const path = tenon.inProject(`/integrations/${of}/webhook:rotate`);
      return (await tenon.api('POST', `/../tenon/v1${path}`, body)).status;
    };
    expect(await call('salesforce/installations/none')).toBe(404);
    expect(await call(`nowhere/installations/${subject.installation.id}`)).toBe(404);
    // One address for all accounts, which is no secret: a signature proves what comes there.
    expect(await call(`crm/installations/${hubspot.id}`)).toBe(400);
    for (const body of [{ graceSeconds: -1 }, { graceSeconds: GRACE_SECONDS_MAX + 1 }, { graceSeconds: '1' }, { x: 1 }])
      expect([body, await call(`salesforce/installations/${subject.installation.id}`, body)]).toEqual([body, 400]);
    expect((await facts(subject))['rotation']).toBeNull();
  });

  it('while the address before the last is still taken: its owner may have neither of the others', async () => {
    await using subject = await subscribed();
    const { url: first } = await facts(subject);
    const { url: second } = await rotate(subject);
    const again = await own(subject, 'POST', '/webhook:rotate');
    expect([again.status, again.text]).toEqual([409, expect.stringContaining('--finish')]);
    expect(await facts(subject)).toMatchObject({ url: second });
    expect([await post(subject, first), await post(subject, second)]).toEqual([200, 200]);
  });
});

it('events are taken at both addresses for a day, and then at the new one alone', async () => {
  await using subject = await subscribed();
  const { driven } = subject;
  const { url: former } = await facts(subject);
  const turns = turnsOf(subject);
  const asked = vi.spyOn(subscriberIn(subject), 'subscribe');
  const startedAtMs = driven.clock.nowMs();
  const rotated = await rotate(subject);
  const { url } = rotated;
  expect(url).not.toBe(former);
  expect(rotated).toMatchObject({
    isUrlSecret: true,
    enteredIn: expect.stringContaining('Amazon EventBridge'),
    rotation: {
      rotatedAt: toRfc3339(startedAtMs),
      isFormerAccepted: true,
      formerUntil: toRfc3339(startedAtMs + RECEIVER_GRACE_MS),
      firstReceivedAt: null,
      formerReceivedAt: null,
    },
  });
  // The provider is asked with the new address, should its connector tell it by an API.
  expect(turnsOf(subject)).toBe(turns + 1);
  expect(asked.mock.calls.map(([params]) => params.webhookUrl)).toEqual([url]);
  expect(await change(subject, former)).toBe(1);
  expect(whyText(subject)).toContain('nothing has come at the new one');
  await pass(driven, HOUR_MS);
  expect(await post(subject, url)).toBe(200);
  expect((await facts(subject))['rotation']).toMatchObject({
    firstReceivedAt: toRfc3339(startedAtMs + HOUR_MS),
    formerReceivedAt: toRfc3339(startedAtMs),
  });
  expect(whyText(subject)).toContain('is taken until');
  await pass(driven, RECEIVER_GRACE_MS - HOUR_MS - 1);
  expect(await post(subject, former)).toBe(200);
  await pass(driven, 1);
  expect([await post(subject, former), await post(subject, url)]).toEqual([404, 200]);
  expect((await facts(subject))['rotation']).toMatchObject({ isFormerAccepted: false });
  expect(whyText(subject)).not.toContain('address');
});

it('an event at the new address becomes a message, and what nobody moved is told after the grace', async () => {
  await using subject = await subscribed();
  const { url: former } = await facts(subject);
  const { url } = await rotate(subject, { graceSeconds: 0 });
  expect([await post(subject, former), whyText(subject)]).toEqual([
    404,
    expect.stringContaining('has come at the new'),
  ]);
  expect(await change(subject, url)).toBe(1);
  expect(whyText(subject)).not.toContain('address');
});

it('the old address is refused at once when that is asked for, and the next rotation makes a third', async () => {
  await using subject = await subscribed();
  const { url: first } = await facts(subject);
  const { url: second } = await rotate(subject, { graceSeconds: GRACE_SECONDS_MAX });
  for (let time = 1; time <= 2; time++) {
    const finished = await own(subject, 'POST', '/webhook:finish-rotation');
    expect([finished.status, finished.json]).toMatchObject([
      200,
      { url: second, rotation: { isFormerAccepted: false } },
    ]);
    expect([await post(subject, first), await post(subject, second)]).toEqual([404, 200]);
  }
  const { url: third } = await rotate(subject);
  expect(new Set([first, second, third]).size).toBe(3);
  const answers = [await post(subject, first), await post(subject, second), await post(subject, third)];
  expect(answers).toEqual([404, 200, 200]);
});

it('a rotation survives a restart, and goes with its installation', async () => {
  await using subject = await subscribed();
  const { driven, tenon, installation } = subject;
  const { url: former } = await facts(subject);
  const { url } = await rotate(subject);
  await tenon.halt();
  await tenon.resume();
  const told = await facts(subject);
  expect([pathOf(told['url']), told['rotation']]).toMatchObject([pathOf(url), { isFormerAccepted: true }]);
  expect([await post(subject, former), await post(subject, url)]).toEqual([200, 200]);
  await pass(driven, DAY_MS);
  expect([await post(subject, former), await post(subject, url)]).toEqual([404, 200]);
  await eraseInstallation(tenon.running.services, installation.id, { isConnectionKept: false });
  expect(readReceiver(tenon.running.services.store.reads, installation.id)).toBeUndefined();
  expect(await post(subject, url)).toBe(404);
});

it('an address that was replaced without a server is told to the provider at the next start', async () => {
  await using subject = await subscribed();
  const { driven, tenon } = subject;
  const { url: former } = await facts(subject);
  const turns = turnsOf(subject);
  await tenon.halt();
  const { out } = await runTenon(['webhooks', 'rotate', 'acme'], { TENON_DATA_DIR: join(tenon.folder, 'data') }, '');
  expect(out).toContain('rotated');
  await tenon.resume();
  await settled(driven);
  expect(turnsOf(subject)).toBe(turns + 1);
  const { url } = await facts(subject);
  expect(pathOf(url)).not.toBe(pathOf(former));
  expect([await post(subject, former), await post(subject, url)]).toEqual([200, 200]);
});

it('on the command line, an address is rotated and the old one refused', async () => {
  await using subject = await subscribed();
  const { tenon } = subject;
  const run = (...args: readonly string[]) => runTenon(args, { TENON_DATA_DIR: join(tenon.folder, 'data') }, '');
  const { url: former } = await facts(subject);
  expect((await run('webhooks', 'rotate', 'nobody')).error).toContain('not an installation');
  expect((await run('webhooks', 'rotate', 'acme', '--grace', 'soon')).error).toContain('--grace');
  const { out } = await run('webhooks', 'rotate', 'acme', '--grace', '2');
  const { url } = await facts(subject);
  expect([url === former, out]).toEqual([false, expect.stringContaining(String(url))]);
  expect(out).toContain('Amazon EventBridge');
  expect((await run('webhooks', 'salesforce', '--installation', 'acme')).out).toContain('taken until');
  const { out: finished } = await run('webhooks', 'rotate', 'acme', '--finish', '--json');
  expect(JSON.parse(finished)).toMatchObject({ url, rotation: { isFormerAccepted: false } });
  expect([await post(subject, former), await post(subject, url)]).toEqual([404, 200]);
});

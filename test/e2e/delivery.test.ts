// Messages on their way to the builder, over real HTTP: signed, repeated on the published schedule by a driven clock,
// buried when that is over, and never in the way of another destination.

import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { DELIVERY_RETRY_DELAYS_MS, DELIVERY_TIMEOUT_MS, OUTBOX_BYTES_PER_LANE_MAX } from '../../src/core/limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/core/time.ts';
import { addToLane, type LaneRow, type OutboxRow, readLane } from '../../src/store/tables/outbox.ts';
import { type Destination, startDestination } from '../support/destination.ts';
import { type Driven, integration, manifest, pass, readObject, settled, startDriven, until } from '../support/drive.ts';
import { PublishedSchemas, publishedIsMissing } from '../support/published.ts';
import { type Published, startTenon, type Tenon } from '../support/tenon.ts';

const HOOK = 'hook';

/** Points the destination `hook` at an endpoint; answers its row and the signing secret. */
async function pointTo(tenon: Tenon, url: string, headers?: Readonly<Record<string, string>>): Promise<Hook> {
  const body = { name: HOOK, type: 'webhook', metadata: { url, ...(headers === undefined ? {} : { headers }) } };
  const { id } = await tenon.ok<Published>('POST', tenon.inProject('/destinations'), body);
  const path = tenon.inProject(`/destinations/${HOOK}?includeSecrets=true`);
  const { secrets } = await tenon.ok<{ secrets: { webhookSigningKey: string } }>('GET', path);
  return { id, secret: secrets.webhookSigningKey };
}

interface Hook {
  readonly id: string;
  readonly secret: string;
}

/** Backfills the contacts of the sandbox to `hook`: one message per hundred. */
async function backfill(tenon: Tenon, object: JsonObject = readObject('contacts')): Promise<Published> {
  await tenon.deploy(manifest(integration('hubspot', { ...object, schedule: '0 0 1 1 *' })));
  await tenon.connect('hubspot');
  return tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
}

interface Delivering {
  readonly driven: Driven;
  readonly destination: Destination;
  readonly hook: Hook;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A driven Tenon with one contact to deliver and a destination that has yet to be told what to answer. */
async function startDelivering(contacts = 1): Promise<Delivering> {
  const driven = await startDriven({ sandbox: { hubspotContacts: contacts } });
  const destination = await startDestination();
  const hook = await pointTo(driven.tenon, `${destination.origin}/in`);
  return {
    driven,
    destination,
    hook,
    async [Symbol.asyncDispose]() {
      await destination[Symbol.asyncDispose]();
      await driven.tenon.stop();
    },
  };
}

function outbox({ tenon }: Driven): OutboxRow[] {
  return tenon.running.services.store.reads.all('SELECT * FROM outbox ORDER BY seq');
}

function lane({ tenon }: Driven, { id }: Hook): LaneRow | undefined {
  return readLane(tenon.running.services.store.reads, id);
}

describe('a message', () => {
  it('is signed so that the Standard Webhooks library takes it, and no changed one', async () => {
    await using tenon = await startTenon({ sandbox: { hubspotContacts: 1 } });
    await using destination = await startDestination();
    const { secret } = await pointTo(tenon, destination.origin);
    await backfill(tenon);
    await destination.received(1);
    const [request] = destination.requests;
    const headers = Object.fromEntries(
      Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    const body = request?.body ?? '';
    const webhook = new Webhook(secret);
    expect(webhook.verify(body, headers)).toMatchObject({ objectName: 'contacts' });
    expect(() => webhook.verify(`${body} `, headers)).toThrow();
    expect(() => webhook.verify(body, { ...headers, 'webhook-id': 'msg_other' })).toThrow();
    expect([headers['svix-id'], headers['svix-signature']]).toEqual([
      headers['webhook-id'],
      headers['webhook-signature'],
    ]);
    expect(headers['content-type']).toBe('application/json');
  });

  it('carries the headers of its destination, which may not be ours', async () => {
    await using tenon = await startTenon({ sandbox: { hubspotContacts: 1 } });
    await using destination = await startDestination();
    for (const name of ['Webhook-Id', 'svix-signature', 'Content-Type', 'bad name']) {
      await expect(pointTo(tenon, destination.origin, { [name]: 'mine' })).rejects.toThrow('answered 400');
    }
    const { secret } = await pointTo(tenon, destination.origin, { 'X-Env': 'prod' });
    await backfill(tenon);
    await destination.received(1);
    const [{ headers, body } = { headers: {}, body: '' }] = destination.requests;
    expect(headers).toMatchObject({ 'x-env': 'prod', 'content-type': 'application/json' });
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toBeDefined();
  });

  it('has an id of its own that no other has', async () => {
    await using delivering = await startDelivering(250);
    const { driven, destination } = delivering;
    await backfill(driven.tenon);
    await settled(driven);
    const ids = destination.requests.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => String(id).startsWith(`msg_${driven.tenon.running.services.store.epoch}`))).toBe(true);
    expect(lane(driven, delivering.hook)).toMatchObject({ queued: 0, queuedBytes: 0, delivered: 3, dead: 0 });
    expect(outbox(driven)).toEqual([]);
  });

  it('is delivered with any 2xx, whatever body comes with it', async () => {
    await using delivering = await startDelivering();
    const { driven, destination } = delivering;
    destination.answer = () => ({ status: 204 });
    await backfill(driven.tenon);
    await settled(driven);
    expect(lane(driven, delivering.hook)).toMatchObject({ delivered: 1, queued: 0 });
  });

  it.each([
    ['is longer than is read of it', { status: 200, body: 'x'.repeat(100_000) }],
    ['is not the gzip it claims to be', { status: 200, headers: { 'content-encoding': 'gzip' }, body: 'no gzip' }],
  ])('counts as delivered when the body of the 200 %s', async (_what, answer) => {
    await using delivering = await startDelivering();
    const { driven, destination } = delivering;
    destination.answer = () => answer;
    await backfill(driven.tenon);
    await settled(driven);
    expect(lane(driven, delivering.hook)).toMatchObject({ delivered: 1, queued: 0 });
  });
});

describe('a destination that fails', () => {
  it('is tried on the published schedule, with one id and fresh stamps, and then the message is buried', async () => {
    await using delivering = await startDelivering();
    const { driven, destination, hook } = delivering;
    const { clock } = driven;
    const attemptsAtMs: number[] = [];
    destination.answer = () => {
      attemptsAtMs.push(clock.nowMs());
      return { status: 500 };
    };
    await backfill(driven.tenon);
    const isBuried = () => (lane(driven, hook)?.dead ?? 0) === 1;
    await until(driven, 'a dead letter', isBuried, 2 * DAY_MS);

    const pauses = attemptsAtMs.slice(1).map((atMs, index) => atMs - (attemptsAtMs[index] ?? 0));
    expect(pauses.length).toBe(DELIVERY_RETRY_DELAYS_MS.length);
    const expected = [
      5 * SECOND_MS,
      5 * MINUTE_MS,
      30 * MINUTE_MS,
      2 * HOUR_MS,
      5 * HOUR_MS,
      10 * HOUR_MS,
      10 * HOUR_MS,
    ];
    for (const [index, pauseMs] of pauses.entries()) {
      expect(Math.abs(pauseMs / (expected[index] ?? 0) - 1)).toBeLessThanOrEqual(0.11);
    }
    const { requests } = destination;
    expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
    const stamps = requests.map(({ headers }) => Number(headers['webhook-timestamp']));
    expect(stamps).toEqual(attemptsAtMs.map((atMs) => Math.floor(atMs / SECOND_MS)));
    expect(outbox(driven)).toMatchObject([{ isDead: 1, attempts: 8, lastError: 'answered 500' }]);
    expect(lane(driven, hook)).toMatchObject({ queued: 0, queuedBytes: 0, delivered: 0, dead: 1 });
    await pass(driven, 3 * DAY_MS);
    expect(requests.length).toBe(8);
  });

  it.each([
    ['a redirect, which is not followed', { status: 302, headers: { location: '/elsewhere' } }, 'answered 302'],
    ['a client error', { status: 404 }, 'answered 404'],
    ['too many requests', { status: 429, headers: { 'retry-after': '1' } }, 'answered 429'],
  ] as const)('with %s is tried again', async (_what, answer, error) => {
    await using delivering = await startDelivering();
    const { driven, destination } = delivering;
    destination.answer = () => answer;
    await backfill(driven.tenon);
    await settled(driven);
    expect(outbox(driven)).toMatchObject([{ isDead: 0, attempts: 1, lastError: error }]);
    destination.answer = () => ({ status: 200 });
    await pass(driven, 6 * SECOND_MS);
    expect(destination.requests.map(({ path }) => path)).toEqual(['/in', '/in']);
    expect(lane(driven, delivering.hook)).toMatchObject({ delivered: 1, queued: 0 });
  });

  it('and asks for no more attempts gets none', async () => {
    await using delivering = await startDelivering();
    const { driven, destination, hook } = delivering;
    destination.answer = () => ({ status: 410, headers: { 'Webhook-Delivery': 'abort-message' } });
    await backfill(driven.tenon);
    await pass(driven, 2 * DAY_MS);
    expect(destination.requests.length).toBe(1);
    expect(outbox(driven)).toMatchObject([{ isDead: 1, attempts: 1, lastError: 'answered 410' }]);
    expect(lane(driven, hook)).toMatchObject({ dead: 1, queued: 0 });
  });

  it('because it never answers is given up after 15 seconds', async () => {
    await using delivering = await startDelivering();
    const { driven, destination } = delivering;
    destination.answer = () => 'never';
    await backfill(driven.tenon);
    await destination.received(1);
    const { clock } = driven;
    await clock.advance(DELIVERY_TIMEOUT_MS - 1);
    expect(outbox(driven)).toMatchObject([{ attempts: 0 }]);
    await clock.advance(1);
    await settled(driven);
    expect(DELIVERY_TIMEOUT_MS).toBe(15 * SECOND_MS);
    expect(outbox(driven)).toMatchObject([{ attempts: 1, lastError: expect.stringContaining('15000 ms') }]);
    expect((clock.nextAtMs ?? 0) - clock.nowMs()).toBeLessThanOrEqual(6 * SECOND_MS);
  });

  it('because nothing listens there is tried again', async () => {
    await using delivering = await startDelivering();
    const { driven, destination } = delivering;
    await destination[Symbol.asyncDispose]();
    await backfill(driven.tenon);
    await settled(driven);
    expect(outbox(driven)).toMatchObject([{ attempts: 1, lastError: expect.stringContaining('could not be reached') }]);
  });

  it('and is deleted leaves dead letters that say so', async () => {
    await using delivering = await startDelivering();
    const { driven, destination, hook } = delivering;
    destination.answer = () => ({ status: 500 });
    await backfill(driven.tenon);
    await settled(driven);
    await driven.tenon.ok('DELETE', driven.tenon.inProject(`/destinations/${HOOK}`));
    await pass(driven, 10 * SECOND_MS);
    expect(outbox(driven)).toMatchObject([{ isDead: 1, lastError: 'the destination was deleted' }]);
    expect(lane(driven, hook)).toMatchObject({ dead: 1, queued: 0, queuedBytes: 0 });
    expect(destination.requests.length).toBe(1);
  });

  it('does not hold up another, nor the reads of another', async () => {
    await using delivering = await startDelivering(150);
    const { driven, destination } = delivering;
    const { tenon } = driven;
    destination.answer = () => 'never';
    await tenon.addWebhook('well');
    const companies = readObject('companies', { destination: 'well' });
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'), companies)));
    await tenon.connect('hubspot');
    await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {}, companies: {} } } });
    await destination.received(1);
    const state = await tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('companies') === 500);
    expect(state.signatureFailures).toBe(0);
    expect(outbox(driven).length).toBeGreaterThan(0);
    await driven.clock.advance(DELIVERY_TIMEOUT_MS);
  });

  it('and recovers gets what waited, also when the process ended meanwhile', async () => {
    await using delivering = await startDelivering(250);
    const { driven, destination } = delivering;
    destination.answer = () => ({ status: 503 });
    await backfill(driven.tenon);
    await settled(driven);
    const ids = destination.requests.map(({ headers }) => headers['webhook-id']).sort();
    await driven.tenon.halt();
    destination.answer = () => ({ status: 200 });
    await driven.clock.advance(HOUR_MS);
    await driven.tenon.resume();
    await settled(driven);
    const later = destination.requests.slice(ids.length).map(({ headers }) => headers['webhook-id']);
    expect(later.sort()).toEqual(ids);
    expect(lane(driven, delivering.hook)).toMatchObject({ delivered: 3, queued: 0, dead: 0 });
  });
});

describe('a record that is too large for a message', () => {
  it('is delivered as a link, which opens until it expires and cannot be altered', async () => {
    await using delivering = await startDelivering();
    const { driven, destination } = delivering;
    const { tenon, clock } = driven;
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    await tenon.connect('hubspot');
    const title = 'ü'.repeat(160_000);
    const at = { kind: 'modify', provider: 'hubspot', account: 'portal-1', object: 'contacts', count: 1 } as const;
    tenon.sandbox.change({ ...at, values: { jobtitle: title } });
    const requiredFields = [{ fieldName: 'jobtitle' }];
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts', { requiredFields }))));
    await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await settled(driven);
    const message = JSON.parse(destination.requests[0]?.body ?? '{}') as JsonObject;
    const { type, numRecords, downloadUrl } = message['resultInfo'] as Record<string, string | number>;
    expect([type, numRecords, message['result']]).toEqual(['url', 1, undefined]);
    if (publishedIsMissing === null)
      expect(new PublishedSchemas().value('webhook', 'WebhookMessage', message)).toEqual([]);

    const link = new URL(String(downloadUrl));
    const opened = await fetch(link);
    expect(opened.status).toBe(200);
    const [entry] = (await opened.json()) as [{ fields: { jobtitle: string } }];
    expect(entry.fields.jobtitle).toBe(title);

    const later = new URL(link);
    later.searchParams.set('expires', String(clock.nowMs() + DAY_MS));
    const unsigned = new URL(link);
    unsigned.searchParams.delete('signature');
    for (const wrong of [later, unsigned]) expect((await fetch(wrong)).status).toBe(403);
    await clock.advance(15 * MINUTE_MS);
    expect((await fetch(link)).status).toBe(403);
  });

  it('gets a link with every attempt that opens then, however late', async () => {
    await using delivering = await startDelivering();
    const { driven, destination, hook } = delivering;
    const { tenon } = driven;
    destination.answer = () => ({ status: destination.requests.length <= 4 ? 503 : 200 });
    await tenon.connect('hubspot');
    const values = { jobtitle: 'x'.repeat(310_000) };
    const at = { kind: 'modify', provider: 'hubspot', account: 'portal-1', object: 'contacts', count: 1 } as const;
    tenon.sandbox.change({ ...at, values });
    const object = readObject('contacts', { requiredFields: [{ fieldName: 'jobtitle' }], schedule: '0 0 1 1 *' });
    await tenon.deploy(manifest(integration('hubspot', object)));
    await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await until(driven, 'the fifth attempt', () => lane(driven, hook)?.delivered === 1, 4 * HOUR_MS);
    const messages = destination.requests.map(
      ({ body }) => JSON.parse(body) as { resultInfo: { downloadUrl: string } },
    );
    const links = messages.map(({ resultInfo }) => resultInfo.downloadUrl);
    const statuses = await Promise.all(links.map(async (link) => (await fetch(link)).status));
    expect([statuses.length, statuses.at(-1), statuses[0]]).toEqual([5, 200, 403]);
    expect(new Set(destination.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });
});

describe('a destination that is behind', () => {
  it('slows the reads for it down, which go on by themselves when it has caught up', async () => {
    await using delivering = await startDelivering(250);
    const { driven, destination, hook } = delivering;
    const { tenon } = driven;
    const fill = { laneId: hook.id, queuedBytes: OUTBOX_BYTES_PER_LANE_MAX + 1, queued: 1, delivered: 0, dead: 0 };
    const { store } = tenon.running.services;
    await store.commit([addToLane(fill)]);
    await backfill(tenon);
    const { requestsByProvider } = tenon.sandbox.stats();
    await pass(driven, MINUTE_MS);
    expect(tenon.sandbox.stats().requestsByProvider).toEqual(requestsByProvider);
    expect(destination.requests).toEqual([]);
    await store.commit([addToLane({ ...fill, queuedBytes: -fill.queuedBytes, queued: -1 })]);
    await until(driven, 'the whole backfill', () => lane(driven, hook)?.delivered === 3, 2 * MINUTE_MS);
    expect(lane(driven, hook)).toMatchObject({ queued: 0, queuedBytes: 0 });
  });
});

// What a destination refused for good, sent again at an operator's word: by the flow, on a driven clock, and by the
// commands, with a server and without one.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OUTBOX_BYTES_PER_LANE_MAX } from '../../src/core/limits.ts';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../src/core/time.ts';
import { deliveriesTo, type listDeliveries, type Resent, resend } from '../../src/flows/operator/deliveries.ts';
import { addToLane, type OutboxRow, readLane } from '../../src/store/tables/outbox.ts';
import { type Ran, runTenon } from '../support/cli.ts';
import { type Destination, type DestinationAnswer, startDestination } from '../support/destination.ts';
import { type Driven, integration, manifest, pass, readObject, settled, startDriven } from '../support/drive.ts';
import { startTenonProcess } from '../support/process.ts';
import type { Published, Tenon } from '../support/tenon.ts';

const REFUSED: DestinationAnswer = { status: 410, headers: { 'Webhook-Delivery': 'abort-message' } };

/** One message for each hundred contacts of the sandbox, to the destination `hook`. */
async function backfill(tenon: Tenon, destination: Destination): Promise<string> {
  const body = { name: 'hook', type: 'webhook', metadata: { url: destination.origin } };
  const { id } = await tenon.ok<Published>('POST', tenon.inProject('/destinations'), body);
  await tenon.deploy(manifest(integration('hubspot', readObject('contacts', { schedule: '0 0 1 1 *' }))));
  await tenon.connect('hubspot');
  await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
  return id;
}

interface Refusing {
  readonly driven: Driven;
  readonly destination: Destination;
  /** Of the destination. */
  readonly id: string;
  send(messageId?: string): Promise<Resent>;
  rows(): OutboxRow[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Three messages that their destination has refused for good. */
async function startRefusing(): Promise<Refusing> {
  const driven = await startDriven({ sandbox: { hubspotContacts: 250 } });
  const destination = await startDestination();
  destination.answer = () => REFUSED;
  const id = await backfill(driven.tenon, destination);
  await settled(driven);
  await pass(driven, HOUR_MS);
  const { services } = driven.tenon.running;
  return {
    driven,
    destination,
    id,
    send: (messageId) =>
      resend({ runtime: services.runtime, look: { ...services, isServing: true } }, id, messageId ?? null),
    rows: () => services.store.reads.all('SELECT * FROM outbox ORDER BY seq'),
    async [Symbol.asyncDispose]() {
      await destination[Symbol.asyncDispose]();
      await driven.tenon.stop();
    },
  };
}

describe('dead letters stay as they are', () => {
  it('of a destination or message that nobody knows', async () => {
    await using refusing = await startRefusing();
    const { driven, send, rows } = refusing;
    const { services } = driven.tenon.running;
    const look = { ...services, isServing: true };
    const before = rows();
    expect(before).toMatchObject([{ isDead: 1 }, { isDead: 1 }, { isDead: 1 }]);
    await expect(resend({ runtime: services.runtime, look }, 'nobody', null)).rejects.toMatchObject({
      code: 'not_found',
      message: 'there is no destination nobody',
    });
    expect(() => deliveriesTo(look, 'nobody', 1)).toThrow('there is no destination nobody');
    await expect(send('msg_nobody')).rejects.toMatchObject({
      code: 'not_found',
      message: 'no dead letter of "hook" has the id msg_nobody',
    });
    expect(rows()).toEqual(before);
  });

  it('where the destination is disabled', async () => {
    await using refusing = await startRefusing();
    const { driven, destination, send, rows } = refusing;
    const { tenon } = driven;
    const [first] = rows();
    destination.answer = () => ({ status: 500 });
    for (let days = 0; days < 6; days += 1) {
      // It is refused for good after 28 hours; until then there is nothing to send again.
      await send(first?.messageId).catch(() => {});
      await pass(driven, DAY_MS);
    }
    const shown = await tenon.ok<Published>('GET', tenon.inProject('/destinations/hook'));
    expect(shown['disabledTime']).toEqual(expect.any(String));
    const before = rows();
    await expect(send()).rejects.toMatchObject({
      code: 'conflict',
      message: 'the destination "hook" is disabled, so that nothing is sent to it',
    });
    expect(rows()).toEqual(before);
  });

  it('where too much waits already', async () => {
    await using refusing = await startRefusing();
    const { driven, id, send, rows } = refusing;
    const { store } = driven.tenon.running.services;
    const before = rows();
    const waiting = { laneId: id, queuedBytes: OUTBOX_BYTES_PER_LANE_MAX, queued: 1, delivered: 0, dead: 0 };
    await store.commit([addToLane(waiting)]);
    await expect(send()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('so much waits') });
    await expect(send(before[0]?.messageId)).rejects.toMatchObject({ code: 'conflict' });
    expect(rows()).toEqual(before);
  });
});

describe('dead letters are sent again', () => {
  it('all of them, under their ids, and count as delivered', async () => {
    await using refusing = await startRefusing();
    const { driven, destination, id, send, rows } = refusing;
    const ids = rows().map(({ messageId }) => messageId);
    const bodies = rows().map(({ body }) => body);
    destination.answer = () => ({ status: 200 });
    expect(await send()).toEqual({ destinationId: id, name: 'hook', resent: 3, left: 0 });
    await settled(driven);
    const again = destination.requests.slice(3);
    expect(again.map(({ headers }) => headers['webhook-id']).sort()).toEqual([...ids].sort());
    expect(again.map(({ body }) => body).sort()).toEqual([...bodies].sort());
    expect(rows()).toEqual([]);
    const { reads } = driven.tenon.running.services.store;
    expect(readLane(reads, id)).toMatchObject({ queued: 0, queuedBytes: 0, delivered: 3, dead: 0 });
    expect(await send()).toMatchObject({ resent: 0, left: 0 });
  });

  it('one of them, and the others wait for a word of their own', async () => {
    await using refusing = await startRefusing();
    const { driven, destination, id, send, rows } = refusing;
    const [, second] = rows();
    destination.answer = () => ({ status: 200 });
    expect(await send(second?.messageId)).toMatchObject({ resent: 1, left: 2 });
    await settled(driven);
    expect(destination.requests.slice(3).map(({ headers }) => headers['webhook-id'])).toEqual([second?.messageId]);
    const { reads } = driven.tenon.running.services.store;
    expect(readLane(reads, id)).toMatchObject({ queued: 0, delivered: 1, dead: 2 });
  });

  it('with all of their attempts, and only once where they are refused again', async () => {
    await using refusing = await startRefusing();
    const { driven, destination, id, send, rows } = refusing;
    expect(await send()).toMatchObject({ resent: 3 });
    await settled(driven);
    expect(destination.requests.length).toBe(6);
    expect(rows()).toMatchObject([{ isDead: 1 }, { isDead: 1 }, { isDead: 1 }]);
    await pass(driven, HOUR_MS);
    destination.answer = () => ({ status: 500 });
    await send();
    await settled(driven);
    expect(rows()).toMatchObject([
      { isDead: 0, attempts: 1 },
      { isDead: 0, attempts: 1 },
      { isDead: 0, attempts: 1 },
    ]);
    const look = { ...driven.tenon.running.services, isServing: true };
    expect(deliveriesTo(look, id, 1)).toMatchObject({ failing: { attempts: 1, lastError: 'answered 500' } });
    destination.answer = () => ({ status: 200 });
    await pass(driven, 6 * SECOND_MS);
    const { reads } = driven.tenon.running.services.store;
    expect(readLane(reads, id)).toMatchObject({ queued: 0, queuedBytes: 0, delivered: 3, dead: 0 });
  });

  it('as far as the lane has room', async () => {
    await using refusing = await startRefusing();
    const { driven, destination, id, send, rows } = refusing;
    const { store } = driven.tenon.running.services;
    const [first] = rows();
    const room = (first?.bytes ?? 0) + 1;
    const queuedBytes = OUTBOX_BYTES_PER_LANE_MAX - room;
    await store.commit([addToLane({ laneId: id, queuedBytes, queued: 0, delivered: 0, dead: 0 })]);
    destination.answer = () => 'never';
    expect(await send()).toMatchObject({ resent: 1, left: 2 });
    expect(rows()).toMatchObject([{ isDead: 0 }, { isDead: 1 }, { isDead: 1 }]);
    const view = deliveriesTo({ ...driven.tenon.running.services, isServing: true }, id, 1);
    expect(view).toMatchObject({
      waiting: 1,
      dead: 2,
      failing: null,
      deadLetters: [{ attempts: 1, lastError: 'answered 410' }],
    });
  });
});

describe('the commands', () => {
  it('list, show and resend, with a server and without one', async () => {
    await using tenon = await startTenonProcess({ hubspotContacts: 150 });
    await using destination = await startDestination();
    destination.answer = () => REFUSED;
    const run = (...args: readonly string[]): Promise<Ran> =>
      runTenon(['deliveries', ...args], { TENON_DATA_DIR: join(tenon.folder, 'data') });
    expect((await run('list')).out).toBe('nothing waits, and nothing was refused for good\n');
    const id = await backfill(tenon, destination);
    await destination.received(2);
    const list = async () => JSON.parse((await run('list', '--json')).out) as ReturnType<typeof listDeliveries>;
    while ((await list()).destinations[0]?.dead !== 2);

    const { destinations } = await list();
    expect(destinations).toMatchObject([{ destinationId: id, name: 'hook', waiting: 0, delivered: 0, dead: 2 }]);
    const shown = await run('show', id);
    expect(shown.out).toMatch(/^hook {2}\S+ {2}project \S+\n {2}waiting {4}0\n {2}delivered {2}0\n {2}refused {4}2\n/);
    expect(shown.out).toContain('after 1 attempt: answered 410');
    expect(shown.out).toContain(`send them again: tenon deliveries resend ${id}`);
    const [messageId = ''] = /msg_\S+/.exec(shown.out) ?? [];
    const unknown = await run('resend', id, '--message', 'msg_x');
    expect([unknown.code, unknown.error]).toEqual([
      1,
      expect.stringContaining('no dead letter of "hook" has the id msg_x'),
    ]);

    destination.answer = () => ({ status: 200 });
    expect((await run('resend', id, '--message', messageId)).out).toBe('hook: 1 message sent again now\n');
    await destination.received(3);
    await tenon.halt();
    expect((await run('show', id)).out).toContain('refused    1');
    expect((await run('resend', id)).out).toBe('hook: 1 message sent again when the server starts\n');
    await tenon.resume();
    await destination.received(4);
    while ((await list()).destinations.length > 0);
    expect((await run('resend', id)).out).toBe('hook: nothing was refused for good\n');
    expect(new Set(destination.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
  });
});

import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SANDBOX_RECEIVER_MESSAGES_MAX } from '../../../src/core/limits.ts';
import { MINUTE_MS } from '../../../src/core/time.ts';
import { type Receiver, startReceiver } from '../../../src/sandbox/receiver.ts';
import { TestClock } from './client.ts';

const SECRET = `whsec_${btoa('a secret of twenty-four bytes')}`;
let clock: TestClock;
let receiver: Receiver;

beforeEach(async () => {
  clock = new TestClock();
  receiver = await startReceiver({ clock, secretFor: (path) => (path === '/hook' ? SECRET : null) });
});
afterEach(() => receiver.close());

function messageOf(ids: readonly (string | number)[], objectName = 'contacts') {
  return JSON.stringify({ action: 'read', objectName, result: ids.map((id) => ({ fields: {}, raw: { id } })) });
}

interface Post {
  readonly id?: string;
  readonly path?: string;
  readonly secret?: string;
  readonly atMs?: number;
  readonly sentBody?: string;
}

/** One message, signed by the published library. */
async function post(body: string, { id = 'msg_1', path = '/hook', secret = SECRET, atMs, sentBody }: Post = {}) {
  const at = new Date(atMs ?? clock.ms);
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
  return (await fetch(receiver.origin + path, { method: 'POST', headers, body: sentBody ?? body })).status;
}

describe('a message is refused', () => {
  test.each([
    ['signed with another secret', { secret: `whsec_${btoa('another secret of 24 bytes..')}` }],
    ['changed after signing', { sentBody: messageOf(['2']) }],
    ['stamped too long ago', { atMs: Date.UTC(2026, 0, 15, 11, 54) }],
    ['stamped in the future', { atMs: Date.UTC(2026, 0, 15, 12, 6) }],
    ['at a path nobody expects messages at', { path: '/other' }],
  ])('%s', async (_case, options: Post) => {
    expect(await post(messageOf(['1']), options)).toBe(401);
    expect(receiver.state()).toMatchObject({ requests: 1, accepted: 0, signatureFailures: 1 });
    expect(receiver.hasRecord('contacts', '1')).toBe(false);
  });

  test('without a signature', async () => {
    const answer = await fetch(`${receiver.origin}/hook`, { method: 'POST', body: messageOf(['1']) });
    expect(answer.status).toBe(401);
  });

  test.each(['[]', '{', '"x"'])('signed but not an object: %s', async (body) => {
    expect(await post(body)).toBe(400);
    expect(receiver.state().accepted).toBe(0);
  });
});

test('the next requests fail as told, then messages are accepted again', async () => {
  receiver.failNext(500, 2);
  receiver.failNext(410);
  receiver.failNext(429);
  const statuses: number[] = [];
  for (let count = 0; count < 5; count += 1) statuses.push(await post(messageOf(['1'])));
  expect(statuses).toEqual([500, 500, 410, 429, 200]);
  expect(receiver.state()).toMatchObject({ requests: 5, accepted: 1, duplicates: 0, faultsMet: 4 });
});

test('a request may be left without an answer until the receiver closes', async () => {
  receiver.failNext('never');
  const unanswered = post(messageOf(['1'])).catch(() => 'dropped');
  await receiver.waitFor((state) => state.faultsMet === 1);
  await receiver.close();
  expect(await unanswered).toBe('dropped');
  receiver = await startReceiver({ clock, secretFor: () => SECRET });
});

test('waiting ends when the state satisfies it, maybe at once, and fails when the receiver closes', async () => {
  const both = receiver.waitFor((state) => state.recordsByObject.get('contacts') === 3);
  await post(messageOf(['1', '2']));
  await post(messageOf(['3']), { id: 'msg_2' });
  expect((await both).accepted).toBe(2);
  expect((await receiver.waitFor((state) => state.accepted === 2)).accepted).toBe(2);
  const never = receiver.waitFor(() => false);
  const refused = expect(never).rejects.toMatchObject({ code: 'network' });
  await receiver.close();
  await refused;
  receiver = await startReceiver({ clock, secretFor: () => SECRET });
});

test('messages, repetitions and records are counted by their ids', async () => {
  await post(messageOf(['1', 2]));
  clock.ms += MINUTE_MS;
  await post(messageOf(['1', 2]));
  await post(messageOf([2, 3]), { id: 'msg_2' });
  await post(messageOf(['1'], 'companies'), { id: 'msg_3' });
  await post(JSON.stringify({ notificationType: 'read.backfill.done', data: {} }), { id: 'msg_4' });
  const state = receiver.state();
  expect(state).toMatchObject({ requests: 5, accepted: 5, duplicates: 1, recordsRepeated: 1 });
  expect([...state.recordsByObject]).toEqual([
    ['contacts', 3],
    ['companies', 1],
  ]);
  expect(receiver.hasRecord('contacts', '3')).toBe(true);
  expect(state.messages.at(-1)).toMatchObject({ notificationType: 'read.backfill.done' });
});

test('a message is told of once, and those of events count no records', async () => {
  const told: unknown[] = [];
  await receiver.close();
  receiver = await startReceiver({ clock, secretFor: () => SECRET, onMessage: ({ action }) => told.push(action) });
  const event = JSON.stringify({ action: 'subscribe', objectName: 'contacts', result: [{ raw: { id: '1' } }] });
  expect(await post(event, { sentBody: messageOf(['1']) })).toBe(401);
  receiver.failNext(500);
  expect(await post(event)).toBe(500);
  expect(told).toEqual([]);
  for (const id of ['msg_1', 'msg_1', 'msg_2']) expect(await post(event, { id })).toBe(200);
  await post(messageOf(['1']), { id: 'msg_3' });
  expect(told).toEqual(['subscribe', 'subscribe', 'read']);
  expect(receiver.state()).toMatchObject({ accepted: 4, duplicates: 1, recordsRepeated: 0 });
  expect([...receiver.state().recordsByObject]).toEqual([['contacts', 1]]);
});

test("Svix's header names are understood, and one of several signatures is enough", async () => {
  const body = messageOf(['1']);
  const at = new Date(clock.ms);
  const headers = {
    'svix-id': 'msg_1',
    'svix-timestamp': String(clock.ms / 1000),
    'svix-signature': `v1,${btoa('another')} ${new Webhook(SECRET).sign('msg_1', at, body)}`,
  };
  expect((await fetch(`${receiver.origin}/hook`, { method: 'POST', headers, body })).status).toBe(200);
});

test('only the newest messages are kept', async () => {
  for (let count = 0; count <= SANDBOX_RECEIVER_MESSAGES_MAX; count += 1) {
    await post(messageOf([count]), { id: `msg_${count}` });
  }
  const { messages } = receiver.state();
  expect(messages).toHaveLength(SANDBOX_RECEIVER_MESSAGES_MAX);
  expect(messages[0]).toMatchObject({ result: [{ raw: { id: 1 } }] });
});

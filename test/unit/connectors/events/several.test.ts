// What webhooks with several events, or none, amount to; and what of them nobody may see.

import { describe, expect, it } from 'vitest';
import { attioEvents } from '../../../../src/connectors/events/attio.ts';
import { connectWiseEvents } from '../../../../src/connectors/events/connectWise.ts';
import { githubEvents } from '../../../../src/connectors/events/github.ts';
import { gmailEvents, googleCalendarEvents } from '../../../../src/connectors/events/google.ts';
import { housecallProEvents } from '../../../../src/connectors/events/housecallPro.ts';
import { microsoftEvents } from '../../../../src/connectors/events/microsoft.ts';
import { slackEvents } from '../../../../src/connectors/events/slack.ts';
import { stripeEvents } from '../../../../src/connectors/events/stripe.ts';
import { xeroEvents } from '../../../../src/connectors/events/xero.ts';
import { zohoCrmEvents } from '../../../../src/connectors/events/zoho.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import { codeOf, NOW_MS, onlyEvent, received } from '../received.ts';

describe('Attio', () => {
  const event = { event_type: 'note.updated', id: { workspace_id: 'w', note_id: 'n' } };

  it('rejects a delivery without a key, since two changes of one record would look the same', () => {
    expect(codeOf(() => attioEvents.parse(received({ events: [event] })))).toBe('malformed');
  });

  it('tells events of one delivery apart', () => {
    const webhook = received({ events: [event, event] }, { headers: { 'idempotency-key': 'k' } });
    const keys = attioEvents.parse(webhook).map(({ key }) => key);
    expect(new Set(keys).size).toBe(2);
  });
});

describe('Zoho CRM', () => {
  const webhook = received({
    module: 'Leads',
    operation: 'delete',
    ids: ['1', '2'],
    server_time: 1750102639787,
    token: 'secret',
    channel_id: '7',
  });

  it('makes an event of each record, also where no values come along', () => {
    const events = zohoCrmEvents.parse(webhook);
    expect(events.map(({ recordId, type }) => [recordId, type])).toEqual([
      ['1', 'delete'],
      ['2', 'delete'],
    ]);
    expect(events.map(({ raw }) => raw.ids)).toEqual([['1'], ['2']]);
  });

  it('keeps its secret out of what is published', () => {
    expect(JSON.stringify(zohoCrmEvents.parse(webhook))).not.toContain('secret');
    expect(codeOf(() => zohoCrmEvents.verify(webhook, 'secret', NOW_MS))).toBeNull();
  });
});

describe('Microsoft Graph', () => {
  const notification = (resource: string, id: string): JsonObject => ({
    changeType: 'updated',
    clientState: 'secret',
    resource,
    resourceData: { id },
  });
  const notified = (...notifications: JsonObject[]) => received({ value: notifications });

  it('refuses all notifications where one does not prove itself, and an empty list', () => {
    const verify = (...notifications: JsonObject[]) =>
      codeOf(() => microsoftEvents.verify(notified(...notifications), 'secret', NOW_MS));
    const good = notification('Users/1', '1');
    const { clientState: _secret, ...without } = good;
    expect(verify()).toBe('unauthenticated');
    expect(verify(good, { ...good, clientState: 'Secret' })).toBe('unauthenticated');
    expect(verify(good, without)).toBe('unauthenticated');
    expect(verify(good, good)).toBeNull();
  });

  it('keeps its secret out of what is published', () => {
    expect(JSON.stringify(microsoftEvents.parse(notified(notification('Users/1', '1'))))).not.toContain('secret');
  });

  it.each([
    ['Users/ae87/Messages/m1', 'm1', 'me/messages'],
    ['Users/ae87/Events/e1', 'e1', 'me/events'],
    ['Users/ae87', 'ae87', 'users'],
    ['groups/g1', 'g1', 'groups'],
    ["chats('19:c')/messages('m1')", 'm1', 'chats/messages'],
    ['teams/t1/channels/c1/messages/m1', 'm1', 'teams/channels/messages'],
    ['communications/callRecords/r1', 'r1', 'communications/callRecords'],
    ['/', '1', null],
  ])('knows the object at %s', (resource, id, objectName) => {
    expect(onlyEvent(microsoftEvents, notified(notification(resource, id)))).toMatchObject({
      objectName,
      recordId: id,
    });
  });

  const keysOf = (one: JsonObject) =>
    new Set(
      [1, 2].map(() => onlyEvent(microsoftEvents, notified({ ...notification('drives/d/root', '1'), ...one })).key),
    );

  it.each<[string, JsonObject]>([
    ['of a drive, which has nothing', { resourceData: { '@odata.type': '#Microsoft.Graph.DriveItem' } }],
    ['with the id of a record', { resourceData: { id: '1' } }],
    ['about the subscription', { changeType: '', lifecycleEvent: 'missed', resourceData: {} }],
    ['that is encrypted without saying so', { encryptedContent: {} }],
  ])('takes a notification %s and no version for another one whenever it comes', (_what, one) => {
    expect(keysOf(one).size).toBe(2);
  });

  it.each<[string, JsonObject]>([
    ['its own id', { id: 'n1' }],
    ['an entity tag', { resourceData: { '@odata.etag': 'W/"1"', id: '1' } }],
    ['a time', { resourceData: { eventTime: '2026-01-05T09:00:00Z', id: '1' } }],
    ['a number', { resourceData: { sequenceNumber: 637_000_000_000, id: '1' } }],
    ['encrypted content', { encryptedContent: { data: 'AAAA' } }],
  ])('knows a notification again by %s', (_what, one) => {
    expect(keysOf(one).size).toBe(1);
  });

  it('has events of no object about the subscription itself', () => {
    const lifecycle = {
      lifecycleEvent: 'missed',
      subscriptionId: 's',
      resource: 'Users/1/Messages',
      clientState: 'secret',
    };
    expect(onlyEvent(microsoftEvents, notified(lifecycle))).toMatchObject({
      type: 'other',
      providerEventType: 'missed',
      objectName: null,
    });
  });
});

describe('Google', () => {
  const headers = { 'x-goog-channel-id': 'c', 'x-goog-message-number': '1', 'x-goog-channel-token': 'secret' };

  it('has no event for a channel that was made', () => {
    const webhook = received('', { headers: { ...headers, 'x-goog-resource-state': 'sync' } });
    expect(googleCalendarEvents.parse(webhook)).toEqual([]);
  });

  it.each(['x-goog-resource-state', 'x-goog-channel-id', 'x-goog-message-number'])(
    'rejects what has no %s',
    (missing) => {
      const all = { ...headers, 'x-goog-resource-state': 'exists', [missing]: '' };
      expect(codeOf(() => googleCalendarEvents.parse(received('', { headers: all })))).toBe('malformed');
    },
  );

  it('keeps its secret out of what is published', () => {
    const webhook = received('', { headers: { ...headers, 'x-goog-resource-state': 'exists', cookie: 'secret' } });
    expect(JSON.stringify(googleCalendarEvents.parse(webhook))).not.toContain('secret');
    expect(codeOf(() => googleCalendarEvents.verify(webhook, 'secret', NOW_MS))).toBeNull();
  });

  it('rejects a push about something else than a mailbox', () => {
    const push = (data: string) => received({ message: { messageId: '1', data } });
    for (const data of ['', '%', Buffer.from('{}').toString('base64'), Buffer.from('[1]').toString('base64')]) {
      expect(codeOf(() => gmailEvents.parse(push(data)))).toBe('malformed');
    }
  });
});

describe('Slack', () => {
  it('has events of no object for what is not read, and about the app', () => {
    const message = { type: 'event_callback', event_id: 'Ev1', event: { type: 'message', channel: 'C1' } };
    expect(onlyEvent(slackEvents, received(message))).toMatchObject({
      type: 'other',
      objectName: null,
      recordId: null,
    });
    const limited = { type: 'app_rate_limited', team_id: 'T1', minute_rate_limited: 1518467820 };
    expect(onlyEvent(slackEvents, received(limited))).toMatchObject({
      type: 'other',
      providerEventType: 'app_rate_limited',
      workspace: 'T1',
    });
  });

  it('finds the id of a record wherever it is', () => {
    const held = (event: JsonObject) => onlyEvent(slackEvents, received({ type: 'event_callback', event })).recordId;
    expect(held({ type: 'user_change', user: { id: 'U1' } })).toBe('U1');
    expect(held({ type: 'channel_rename', channel: 'C1' })).toBe('C1');
    expect(held({ type: 'file_deleted', file_id: 'F1' })).toBe('F1');
    expect(held({ type: 'call_rejected', call_id: 'R1' })).toBe('R1');
  });
});

describe('Stripe', () => {
  it('reads a thin event', () => {
    const thin = {
      id: 'evt_1',
      object: 'v2.core.event',
      type: 'v1.billing.meter.updated',
      created: '2026-01-15T12:00:00.000Z',
      related_object: { id: 'mtr_1', type: 'billing.meter' },
    };
    expect(onlyEvent(stripeEvents, received(thin))).toMatchObject({
      type: 'update',
      objectName: 'billing/meter',
      recordId: 'mtr_1',
      occurredAtMs: NOW_MS,
      record: null,
      updatedFields: null,
    });
  });

  it('says which connected account it is about', () => {
    const event = { id: 'evt_1', type: 'customer.created', account: 'acct_1', data: { object: { id: 'cus_1' } } };
    expect(onlyEvent(stripeEvents, received(event))).toMatchObject({ workspace: 'acct_1', objectName: 'customer' });
  });
});

it('a time that no date can be written of is none', () => {
  const timeOf = (created: number) =>
    onlyEvent(stripeEvents, received({ id: 'e', type: 'a.created', created })).occurredAtMs;
  expect(timeOf(253_402_300_799)).toBe(253_402_300_799_000);
  expect([timeOf(253_402_300_800), timeOf(-1), timeOf(1e300)]).toEqual([null, null, null]);
});

describe('ConnectWise', () => {
  const ticket = { Action: 'added', Type: 'ticket', ID: 1, MessageId: 'm' };

  it('does without a record that is missing or cannot be read', () => {
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    for (const Entity of [null, '', '{', '[1]', deep]) {
      expect(onlyEvent(connectWiseEvents, received({ ...ticket, Entity }))).toMatchObject({
        record: null,
        recordId: '1',
      });
    }
  });

  it('tells tickets of the service desk from those of projects', () => {
    const objectOf = (recordType: string) =>
      onlyEvent(connectWiseEvents, received({ ...ticket, Entity: JSON.stringify({ recordType }) })).objectName;
    expect(objectOf('ServiceTicket')).toBe('service/tickets');
    expect(objectOf('ProjectTicket')).toBe('project/tickets');
  });
});

describe('Xero', () => {
  it('has no event when it only tries the address', () => {
    for (const events of [[], null]) expect(xeroEvents.parse(received({ events, entropy: 'a' }))).toEqual([]);
  });

  it('numbers its events, whichever of them come together', () => {
    const event = { eventType: 'Update', eventCategory: 'CONTACT', resourceId: '1' };
    const keysOf = (firstEventSequence: number, ...events: JsonObject[]) =>
      xeroEvents.parse(received({ events, firstEventSequence, entropy: 'a' })).map(({ key }) => key);
    const [first, second] = keysOf(7, event, event);
    expect(first).not.toBe(second);
    expect(keysOf(8, event)).toEqual([second]);
  });
});

describe('GitHub', () => {
  const headers = { 'x-github-event': 'ping', 'x-github-delivery': 'd1' };

  it('has no event for a webhook that was made', () => {
    expect(githubEvents.parse(received({ zen: 'Keep it logically awesome.' }, { headers }))).toEqual([]);
  });

  it.each(['x-github-event', 'x-github-delivery'])('rejects what has no %s', (missing) => {
    expect(codeOf(() => githubEvents.parse(received({}, { headers: { ...headers, [missing]: '' } })))).toBe(
      'malformed',
    );
  });
});

describe('Housecall Pro', () => {
  it('takes what happens to a part of a record for an event of its name', () => {
    const event = { event: 'estimate.option.created', estimate: { id: 'csr_1' } };
    expect(onlyEvent(housecallProEvents, received(event))).toMatchObject({
      type: 'other',
      objectName: 'estimate',
      recordId: 'csr_1',
    });
  });

  it('knows appointments of jobs as an object', () => {
    const event = { event: 'job.appointment.created', appointment: { id: 'appt_1' } };
    expect(onlyEvent(housecallProEvents, received(event))).toMatchObject({
      type: 'create',
      objectName: 'job.appointment',
      recordId: 'appt_1',
    });
  });

  it('passes events of employees by their names', () => {
    const event = { event: 'employee.created', employee: { id: 'pro_1' } };
    expect(onlyEvent(housecallProEvents, received(event))).toMatchObject({ type: 'other', objectName: 'employee' });
  });
});

// One webhook of each provider with what is to be read out of it. Bodies are made after the examples that providers
// publish, and after what amp-labs/connectors (MIT) has seen of those who publish none.

import type { EventSource, EventType, ProviderEvent } from '../../../../src/connectors/events.ts';
import type { JsonObject, JsonValue } from '../../../../src/core/json.ts';

/** What is exchanged in the body, by dotted paths, and among the headers. */
interface Change {
  readonly body?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Sample {
  readonly provider: string;
  readonly module?: string;
  readonly addressedTo: EventSource['addressedTo'];
  readonly secretOf: EventSource['secretOf'];
  readonly body: JsonValue;
  readonly isWithoutBody?: boolean;
  /** What happened stands in headers, so that any object is a body. */
  readonly isAnyObject?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** What differs from an event of which nothing is known; `raw` where it is not the body. */
  readonly event: Partial<ProviderEvent>;
  readonly types: readonly (readonly [change: JsonObject, type: EventType, objectName: string | null])[];
  /** Webhooks about the same event, and about others. */
  readonly repeated: readonly Change[];
  readonly others: readonly Change[];
}

const ATTIO = { event_type: 'record.updated', id: { workspace_id: 'w1', object_id: 'o1', record_id: 'r1' } };

const CONNECT_WISE_RECORD = { id: 57961, firstName: 'Ada', _info: { lastUpdated: '2026-06-09T21:59:49Z' } };

const GMAIL_DATA = Buffer.from('{"emailAddress":"ada@example.com","historyId":9876543210}').toString('base64');

const GITHUB_ISSUE = { id: 73464126, title: 'b', updated_at: '2026-05-26T14:23:55Z' };

const GONG_FACTS = { id: '4570250816631531513', title: 'Intro', workspaceId: '3498573645' };

const HOUSECALL_JOB = { id: 'job_1', invoice_number: '7' };

const MICROSOFT = {
  changeType: 'created',
  resource: 'Users/ae87/Messages/m1',
  resourceData: { '@odata.etag': 'W/"1"', id: 'm1' },
  subscriptionId: 's1',
  tenantId: 't1',
};

const OUTREACH = {
  data: { type: 'account', id: 13, attributes: { updatedAt: '2025-11-04T09:40:36.000Z', name: 'Test' } },
  meta: { deliveredAt: '2025-11-04T01:40:36.795-08:00', eventName: 'account.updated', jobId: 'j1' },
};

const SALESLOFT = { id: 693873531, subject: 'Follow-up', updated_at: '2025-11-20T07:21:16.193200-05:00' };

const SLACK = {
  type: 'event_callback',
  team_id: 'T1',
  event_id: 'Ev1',
  event_time: 1781119867,
  event: { type: 'channel_created', channel: { id: 'C1', name: 'fun' } },
};

const STRIPE_OBJECT = { id: 'cs_1', object: 'checkout.session', status: 'open' };

const XERO = {
  resourceUrl: 'https://api.xero.com/api.xro/2.0/Contacts/717f',
  resourceId: '717f',
  eventDateUtc: '2017-06-21T01:15:39.902',
  eventType: 'Update',
  eventCategory: 'CONTACT',
  tenantId: 'c2cc',
};

const ZOHO_LEAD = { Company: 'Rangoni', Phone: '555' };
const ZOHO_CRM = { module: 'Leads', operation: 'update', channel_id: '11', server_time: 1750102639787 };

const ZOHO_MAIL = {
  messageId: 1,
  messageIdString: '1718000000000110001',
  folderId: '42',
  zuid: 7,
  receivedTime: 1750102639787,
};

export const SAMPLES: readonly Sample[] = [
  {
    provider: 'accuLynx',
    addressedTo: 'installation',
    secretOf: 'address',
    body: {
      topicName: 'job.category_changed',
      eventDateTime: '2026-05-26T14:23:55.4999782Z',
      eventId: 'e1',
      event: { job: { id: 'j1' } },
    },
    event: {
      type: 'update',
      providerEventType: 'job.category_changed',
      objectName: 'jobs',
      recordId: 'j1',
      occurredAtMs: Date.UTC(2026, 4, 26, 14, 23, 55, 499),
      updatedFields: ['jobCategory'],
    },
    types: [
      [{ topicName: 'contact_added' }, 'create', 'contacts'],
      [{ topicName: 'job_created' }, 'create', 'jobs'],
      [{ topicName: 'job_updated' }, 'update', 'jobs'],
      [{ topicName: 'job.invoice_voided' }, 'update', 'jobs'],
      [{ topicName: 'job.something_weird' }, 'other', 'jobs'],
      [{ topicName: 'unknown' }, 'other', null],
    ],
    repeated: [{ body: { subscriptionId: 'another' } }],
    others: [{ body: { eventId: 'e2' } }],
  },
  {
    provider: 'attio',
    addressedTo: 'installation',
    secretOf: 'subscription',
    body: { webhook_id: 'h1', events: [ATTIO] },
    headers: { 'idempotency-key': 'k1' },
    event: {
      type: 'update',
      providerEventType: 'record.updated',
      objectName: 'o1',
      recordId: 'r1',
      workspace: 'w1',
      raw: ATTIO,
    },
    types: [
      [{ 'events.0': { event_type: 'note.created', id: { note_id: 'n1' } } }, 'create', 'note'],
      [{ 'events.0': { event_type: 'task.deleted', id: { task_id: 't1' } } }, 'delete', 'task'],
      [{ 'events.0': { event_type: 'record.merged', id: { object_id: 'o1' } } }, 'other', 'o1'],
    ],
    repeated: [{ headers: { 'attio-signature': 'another' } }],
    others: [{ headers: { 'idempotency-key': 'k2' } }],
  },
  {
    provider: 'connectWise',
    addressedTo: 'installation',
    secretOf: 'address',
    body: {
      Action: 'updated',
      Type: 'contact',
      ID: 57961,
      MessageId: 'm1',
      Entity: JSON.stringify(CONNECT_WISE_RECORD),
    },
    event: {
      type: 'update',
      providerEventType: 'updated',
      objectName: 'contact',
      recordId: '57961',
      occurredAtMs: Date.UTC(2026, 5, 9, 21, 59, 49),
      record: CONNECT_WISE_RECORD,
    },
    types: [
      [{ Action: 'added', Type: 'opportunity' }, 'create', 'sales/opportunities'],
      [{ Action: 'deleted', Type: 'company' }, 'delete', 'company'],
      [{ Action: 'closed', Type: 'ticket' }, 'other', 'project/tickets'],
    ],
    repeated: [{ body: { FromUrl: 'another' } }],
    others: [{ body: { MessageId: 'm2' } }, { body: { MessageId: null } }, { body: { MessageId: null, ID: 2 } }],
  },
  {
    provider: 'github',
    isAnyObject: true,
    addressedTo: 'installation',
    secretOf: 'subscription',
    body: {
      action: 'edited',
      changes: { title: { from: 'a' } },
      issue: GITHUB_ISSUE,
      repository: { owner: { login: 'ada' } },
    },
    headers: { 'x-github-event': 'issues', 'x-github-delivery': 'd1' },
    event: {
      type: 'update',
      providerEventType: 'issues.edited',
      objectName: 'issues',
      recordId: '73464126',
      workspace: 'ada',
      occurredAtMs: Date.UTC(2026, 4, 26, 14, 23, 55),
      updatedFields: ['title'],
      record: GITHUB_ISSUE,
    },
    types: [
      [{ action: 'opened' }, 'create', 'issues'],
      [{ action: 'labeled' }, 'update', 'issues'],
      [{ action: 'deleted' }, 'delete', 'issues'],
      [{ headers: { 'x-github-event': 'push' } }, 'other', 'push'],
    ],
    repeated: [{ headers: { 'user-agent': 'another' } }],
    others: [{ headers: { 'x-github-delivery': 'd2' } }],
  },
  {
    provider: 'gong',
    addressedTo: 'installation',
    secretOf: 'address',
    body: { callData: { metaData: GONG_FACTS, parties: [] }, isTest: false },
    event: {
      type: 'create',
      providerEventType: 'callCreated',
      objectName: 'Call',
      recordId: GONG_FACTS.id,
      workspace: '3498573645',
      record: { ...GONG_FACTS, parties: [] },
    },
    types: [],
    repeated: [{ body: { 'callData.parties': [{ id: '1' }] } }],
    others: [{ body: { 'callData.metaData.id': '2' } }, { body: { isTest: true } }],
  },
  {
    provider: 'google',
    module: 'calendar',
    addressedTo: 'installation',
    secretOf: 'subscription',
    body: '',
    isWithoutBody: true,
    headers: {
      'x-goog-channel-id': 'c1',
      'x-goog-message-number': '10',
      'x-goog-resource-state': 'exists',
      'x-goog-channel-token': 'a token',
      'content-length': '0',
    },
    event: {
      type: 'other',
      providerEventType: 'exists',
      objectName: 'events',
      recordId: null,
      raw: { 'x-goog-channel-id': 'c1', 'x-goog-message-number': '10', 'x-goog-resource-state': 'exists' },
    },
    types: [],
    repeated: [{ headers: { 'user-agent': 'another' } }],
    others: [{ headers: { 'x-goog-message-number': '11' } }, { headers: { 'x-goog-channel-id': 'c2' } }],
  },
  {
    provider: 'google',
    module: 'gmail',
    addressedTo: 'integration',
    secretOf: 'webhookSecret',
    body: {
      message: { data: GMAIL_DATA, messageId: '2070443601311540', publishTime: '2026-02-26T19:13:55.749Z' },
      subscription: 'projects/p/subscriptions/s',
    },
    event: {
      type: 'other',
      providerEventType: 'historyChanged',
      objectName: 'messages',
      recordId: null,
      workspace: 'ada@example.com',
      occurredAtMs: Date.UTC(2026, 1, 26, 19, 13, 55, 749),
    },
    types: [],
    repeated: [{ body: { deliveryAttempt: 2 } }],
    others: [{ body: { 'message.messageId': '2' } }],
  },
  {
    provider: 'housecallPro',
    addressedTo: 'installation',
    secretOf: 'subscription',
    body: { event: 'job.created', event_occurred_at: '2026-04-02T15:20:38Z', company_id: 'c1', job: HOUSECALL_JOB },
    event: {
      type: 'create',
      providerEventType: 'job.created',
      objectName: 'job',
      recordId: 'job_1',
      workspace: 'c1',
      occurredAtMs: Date.UTC(2026, 3, 2, 15, 20, 38),
      record: HOUSECALL_JOB,
    },
    types: [
      [{ event: 'job.updated' }, 'update', 'job'],
      [{ event: 'customer.deleted' }, 'delete', 'customer'],
      [{ event: 'invoice.refund.succeeded' }, 'other', 'invoice'],
    ],
    repeated: [{ headers: { 'api-timestamp': 'another' } }],
    others: [
      { body: { event: 'job.updated' } },
      { body: { 'job.id': 'job_2' } },
      { body: { 'job.invoice_number': '8' } },
    ],
  },
  {
    provider: 'jobber',
    addressedTo: 'integration',
    secretOf: 'clientSecret',
    body: {
      data: {
        webHookEvent: {
          topic: 'CLIENT_CREATE',
          accountId: 'MQ==',
          itemId: 'Mg==',
          occurredAt: '2021-08-12T16:31:36-06:00',
        },
      },
    },
    event: {
      type: 'create',
      providerEventType: 'CLIENT_CREATE',
      objectName: 'client',
      recordId: 'Mg==',
      workspace: 'MQ==',
      occurredAtMs: Date.UTC(2021, 7, 12, 22, 31, 36),
    },
    types: [
      [{ 'data.webHookEvent.topic': 'PRODUCT_OR_SERVICE_UPDATE' }, 'update', 'products'],
      [{ 'data.webHookEvent.topic': 'TIMESHEET_DESTROY' }, 'delete', 'timeSheetEntries'],
      [{ 'data.webHookEvent.topic': 'QUOTE_SENT' }, 'other', 'quote'],
    ],
    repeated: [{ headers: { 'x-jobber-hmac-sha256': 'another' } }],
    others: [
      { body: { 'data.webHookEvent.topic': 'CLIENT_UPDATE' } },
      { body: { 'data.webHookEvent.itemId': 'Mw==' } },
      { body: { 'data.webHookEvent.occurredAt': '2021-08-12T16:31:37-06:00' } },
    ],
  },
  {
    provider: 'microsoft',
    addressedTo: 'installation',
    secretOf: 'subscription',
    body: { value: [{ ...MICROSOFT, clientState: 'a token' }] },
    event: {
      type: 'create',
      providerEventType: 'created',
      objectName: 'me/messages',
      recordId: 'm1',
      workspace: 't1',
      raw: MICROSOFT,
    },
    types: [
      [{ 'value.0.changeType': 'updated' }, 'update', 'me/messages'],
      [{ 'value.0.changeType': 'deleted' }, 'delete', 'me/messages'],
      [{ 'value.0.changeType': 'unknownFutureValue' }, 'other', 'me/messages'],
    ],
    repeated: [{ body: { 'value.0.clientState': 'another' } }],
    others: [
      { body: { 'value.0.resourceData.@odata': 'W/"2"' } },
      { body: { 'value.0.changeType': 'updated' } },
      { body: { 'value.0.id': 'n1' } },
    ],
  },
  {
    provider: 'outreach',
    addressedTo: 'installation',
    secretOf: 'subscription',
    body: OUTREACH,
    event: {
      type: 'update',
      providerEventType: 'account.updated',
      objectName: 'account',
      recordId: '13',
      occurredAtMs: Date.UTC(2025, 10, 4, 9, 40, 36),
      updatedFields: ['updatedAt', 'name'],
    },
    types: [
      [{ 'meta.eventName': 'account.created' }, 'create', 'account'],
      [{ 'meta.eventName': 'account.destroyed' }, 'delete', 'account'],
      [{ 'meta.eventName': 'account.merged' }, 'other', 'account'],
    ],
    repeated: [{ body: { 'meta.deliveredAt': '2025-11-04T01:45:36.795-08:00' } }],
    others: [
      { body: { 'meta.jobId': 'j2' } },
      { body: { 'data.id': 14 } },
      { body: { 'meta.eventName': 'account.created' } },
    ],
  },
  {
    provider: 'salesloft',
    addressedTo: 'installation',
    secretOf: 'subscription',
    body: SALESLOFT,
    headers: { 'x-salesloft-event': 'task_updated' },
    event: {
      type: 'update',
      providerEventType: 'task_updated',
      objectName: 'task',
      recordId: '693873531',
      occurredAtMs: Date.UTC(2025, 10, 20, 12, 21, 16, 193),
      record: SALESLOFT,
    },
    types: [
      [{ headers: { 'x-salesloft-event': 'person_created' } }, 'create', 'person'],
      [{ headers: { 'x-salesloft-event': 'meeting_booked' } }, 'create', 'meeting'],
      [{ headers: { 'x-salesloft-event': 'call_updated' } }, 'update', 'activities/calls'],
      [{ headers: { 'x-salesloft-event': 'bulk_job_completed' } }, 'update', 'bulk_job'],
      [{ headers: { 'x-salesloft-event': 'note_deleted' } }, 'delete', 'note'],
      [{ headers: { 'x-salesloft-event': 'link_swap' } }, 'other', 'link'],
    ],
    repeated: [{ body: { score: 2 } }],
    others: [
      { headers: { 'x-salesloft-event': 'task_completed' } },
      { body: { id: 1 } },
      { body: { updated_at: '2025-11-20T07:21:16.193201-05:00' } },
      { body: { updated_at: null } },
    ],
  },
  {
    provider: 'slack',
    addressedTo: 'integration',
    secretOf: 'webhookSecret',
    body: { ...SLACK, token: 'an old token' },
    event: {
      type: 'create',
      providerEventType: 'channel_created',
      objectName: 'conversations',
      recordId: 'C1',
      workspace: 'T1',
      occurredAtMs: 1781119867000,
      raw: SLACK,
    },
    types: [
      [{ 'event.type': 'channel_rename' }, 'update', 'conversations'],
      [{ 'event.type': 'channel_archive' }, 'other', 'conversations'],
      [{ 'event.type': 'file_deleted' }, 'delete', 'files'],
      [{ 'event.type': 'user_change' }, 'update', 'users'],
      [{ 'event.type': 'app_mention' }, 'other', null],
    ],
    repeated: [{ headers: { 'x-slack-retry-num': '1' } }],
    others: [{ body: { event_id: 'Ev2' } }, { body: { event_id: null } }],
  },
  {
    provider: 'stripe',
    addressedTo: 'installation',
    secretOf: 'subscription',
    body: {
      id: 'evt_1',
      type: 'checkout.session.updated',
      created: 1686089970,
      data: { object: STRIPE_OBJECT, previous_attributes: { status: 'new' } },
    },
    event: {
      type: 'update',
      providerEventType: 'checkout.session.updated',
      objectName: 'checkout/session',
      recordId: 'cs_1',
      occurredAtMs: 1686089970000,
      updatedFields: ['status'],
      record: STRIPE_OBJECT,
    },
    types: [
      [{ type: 'checkout.session.created' }, 'create', 'checkout/session'],
      [{ type: 'customer.deleted', 'data.object.object': 'customer' }, 'delete', 'customer'],
      [{ type: 'charge.succeeded', 'data.object': {} }, 'other', 'charge'],
      [{ type: 'ping', 'data.object': {} }, 'other', null],
    ],
    repeated: [{ body: { pending_webhooks: 1 } }],
    others: [{ body: { id: 'evt_2' } }],
  },
  {
    provider: 'xero',
    addressedTo: 'integration',
    secretOf: 'webhookSecret',
    body: { events: [XERO], firstEventSequence: 7, lastEventSequence: 7, entropy: 'S0m3r4Nd0mt3xt' },
    event: {
      type: 'update',
      providerEventType: 'CONTACT.Update',
      objectName: 'contact',
      recordId: '717f',
      workspace: 'c2cc',
      occurredAtMs: Date.UTC(2017, 5, 21, 1, 15, 39, 902),
      raw: XERO,
    },
    types: [
      [{ 'events.0.eventType': 'Create', 'events.0.eventCategory': 'INVOICE' }, 'create', 'invoice'],
      [{ 'events.0.eventType': 'DELETE' }, 'delete', 'contact'],
      [{ 'events.0.eventType': 'Archive' }, 'other', 'contact'],
    ],
    repeated: [{ body: { lastEventSequence: 9, entropy: 'another' } }],
    others: [{ body: { firstEventSequence: 8 } }, { body: { 'events.0.resourceId': '1' } }],
  },
  {
    provider: 'zendeskSupport',
    addressedTo: 'installation',
    secretOf: 'subscription',
    body: {
      type: 'zen:event-type:ticket.created',
      account_id: 12514403,
      id: '01HN',
      time: '2024-04-17T17:18:10.254571515Z',
      subject: 'zen:ticket:35436',
      detail: { id: '35436' },
    },
    event: {
      type: 'create',
      providerEventType: 'zen:event-type:ticket.created',
      objectName: 'ticket',
      recordId: '35436',
      workspace: '12514403',
      occurredAtMs: Date.UTC(2024, 3, 17, 17, 18, 10, 254),
    },
    types: [
      [{ type: 'zen:event-type:user.active_changed', subject: 'zen:user:1' }, 'update', 'user'],
      [{ type: 'zen:event-type:ticket.soft_deleted' }, 'delete', 'ticket'],
      [{ type: 'zen:event-type:ticket.comment_added' }, 'other', 'ticket'],
      [{ subject: 'ticket' }, 'create', null],
    ],
    repeated: [{ body: { zendesk_event_version: 'another' } }],
    others: [{ body: { id: '01HM' } }],
  },
  {
    provider: 'zoho',
    module: 'crm',
    addressedTo: 'installation',
    secretOf: 'subscription',
    body: { ...ZOHO_CRM, ids: ['67'], affected_values: [{ record_id: '67', values: ZOHO_LEAD }], token: 'a token' },
    event: {
      type: 'update',
      providerEventType: 'update',
      objectName: 'Leads',
      recordId: '67',
      occurredAtMs: 1750102639787,
      updatedFields: ['Company', 'Phone'],
      raw: {
        ...ZOHO_CRM,
        ids: ['67'],
        affected_values: [{ record_id: '67', values: ZOHO_LEAD }],
        affected_fields: [{ 67: ['Company', 'Phone'] }],
      },
    },
    types: [
      [{ operation: 'insert' }, 'create', 'Leads'],
      [{ operation: 'edit', server_time: '1750102639787' }, 'update', 'Leads'],
      [{ operation: 'delete', affected_values: null }, 'delete', 'Leads'],
      [{ operation: 'convert' }, 'other', 'Leads'],
    ],
    repeated: [{ body: { channel_id: '12', token: 'another' } }],
    others: [
      { body: { ids: ['68'] } },
      { body: { operation: 'insert' } },
      { body: { server_time: 1 } },
      { body: { module: 'Deals' } },
    ],
  },
  {
    provider: 'zoho',
    module: 'mail',
    addressedTo: 'installation',
    secretOf: 'address',
    body: ZOHO_MAIL,
    event: {
      type: 'create',
      providerEventType: 'newMail',
      objectName: 'messages',
      recordId: '42/1718000000000110001',
      workspace: '7',
      occurredAtMs: 1750102639787,
    },
    types: [
      [{ entityId: '5', action: 'task_added' }, 'create', 'tasks'],
      [{ entityId: '5', action: 'statusChanged' }, 'update', 'tasks'],
      [{ entityId: '5', action: 'trashed' }, 'delete', 'tasks'],
      [{ entityId: '5' }, 'other', 'tasks'],
    ],
    repeated: [{ body: { summary: 'another' } }],
    others: [{ body: { messageIdString: '2' } }, { body: { entityId: '5' } }, { body: { entityId: '6' } }],
  },
];

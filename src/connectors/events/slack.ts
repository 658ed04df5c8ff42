// Slack's Events API. It is configured for the app, so that one address hears of all workspaces; the app's signing
// secret proves it. Events that are not of an object which is read are of no object, and pass by their names.
// Source: https://docs.slack.dev/apis/events-api

import { isJsonObject, type JsonObject, jsonOrNull } from '../../core/json.ts';
import { signedBy } from '../../webhook/verify/hmac.ts';
import { HMAC_SCHEMES } from '../../webhook/verify/schemes.ts';
import type { EventSource, EventType, ProviderEvent } from '../events.ts';
import { echo, idOrNull, keyOf, malformed, msOrNull, objectOf, providerEvent, textOrNull, without } from './event.ts';

/** Objects by the start of an event's name, with the member of the event that has or is the record's id. */
const OBJECTS: readonly (readonly [prefix: string, objectName: string, holder: string])[] = [
  ['bot_', 'bots', 'bot'],
  ['call_', 'calls', 'call'],
  ['channel_', 'conversations', 'channel'],
  ['group_', 'conversations', 'channel'],
  ['im_', 'conversations', 'channel'],
  ['member_', 'conversations', 'channel'],
  ['file_', 'files', 'file'],
  ['user_', 'users', 'user'],
];

/** Of those objects; archiving and whatever else is not here has no counterpart. */
const TYPES: ReadonlyMap<string, EventType> = new Map([
  ['bot_added', 'create'],
  ['bot_changed', 'update'],
  ['channel_created', 'create'],
  ['channel_deleted', 'delete'],
  ['channel_history_changed', 'update'],
  ['channel_id_changed', 'update'],
  ['channel_joined', 'update'],
  ['channel_left', 'update'],
  ['channel_rename', 'update'],
  ['file_change', 'update'],
  ['file_created', 'create'],
  ['file_deleted', 'delete'],
  ['group_deleted', 'delete'],
  ['group_joined', 'update'],
  ['group_left', 'update'],
  ['group_rename', 'update'],
  ['im_created', 'create'],
  ['im_history_changed', 'update'],
  ['member_joined_channel', 'update'],
  ['member_left_channel', 'update'],
  ['user_change', 'update'],
  ['user_profile_changed', 'update'],
  ['user_status_changed', 'update'],
]);

/** Asks whether the address answers, before and after it is configured. */
const HANDSHAKE = 'url_verification';

/** See EventSource. */
export const slackEvents: EventSource = {
  addressedTo: 'integration',
  enteredIn: 'the app at Slack, under Event Subscriptions, as its Request URL',
  secretOf: 'webhookSecret',
  handshake(webhook) {
    const body = jsonOrNull(webhook.body.toString());
    if (!isJsonObject(body) || body.type !== HANDSHAKE) return null;
    return typeof body.challenge === 'string' ? echo(body.challenge) : null;
  },
  verify: signedBy(HMAC_SCHEMES.slack),
  parse(webhook) {
    const body = objectOf(webhook, 'Slack');
    return body.type === HANDSHAKE ? [] : [eventOf(body)];
  },
};

function eventOf(body: JsonObject): ProviderEvent {
  // Whatever is not wrapped as an event is about the app, such as `app_rate_limited`.
  const event = body.type === 'event_callback' ? body.event : body;
  const providerEventType = isJsonObject(event) ? textOrNull(event.type) : null;
  if (!isJsonObject(event) || providerEventType === null) throw malformed('Slack', 'without a type');
  const [, objectName = null, holder] = OBJECTS.find(([prefix]) => providerEventType.startsWith(prefix)) ?? [];
  return providerEvent({
    type: TYPES.get(providerEventType) ?? 'other',
    providerEventType,
    objectName,
    recordId: holder === undefined ? null : heldId(event, holder),
    workspace: textOrNull(body.team_id),
    occurredAtMs: msOrNull(body.event_time, 1000),
    key: textOrNull(body.event_id) ?? keyOf(body),
    // The token is the one by which webhooks were proved before they were signed.
    raw: without('token', body),
  });
}

function heldId(event: JsonObject, holder: string): string | null {
  const held = event[holder];
  return (isJsonObject(held) ? idOrNull(held.id) : idOrNull(held)) ?? idOrNull(event[`${holder}_id`]);
}

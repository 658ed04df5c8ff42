// Change notifications of Microsoft Graph: several in one body, each with the secret that the subscription chose. They
// name what changed by an address of the record, with the ids of those it belongs to, and not by what reads call it.
// Source: https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks

import { newId } from '../../core/ids.ts';
import { isJsonObject, type JsonObject, jsonAt, jsonOrNull } from '../../core/json.ts';
import { refusal } from '../../webhook/verify/refusal.ts';
import { checkToken } from '../../webhook/verify/token.ts';
import type { EventSource, ProviderEvent } from '../events.ts';
import {
  echo,
  idOrNull,
  keyOf,
  malformed,
  objectOf,
  objectsIn,
  providerEvent,
  textOrNull,
  timeOrNull,
  typeOfVerb,
  without,
} from './event.ts';

const SECRET = 'clientState';

/** Collections that others are part of; what follows one in an address is an id. */
const OWNERS: ReadonlySet<string> = new Set([
  'users',
  'groups',
  'teams',
  'channels',
  'chats',
  'sites',
  'drives',
  'lists',
]);

/** Members of `resourceData`, each of some resources. */
const VERSIONS = ['@odata.etag', 'eventTime', 'sequenceNumber'];

/** See EventSource. */
export const microsoftEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the subscriptions of Microsoft Graph, as their `notificationUrl`',
  secretOf: 'subscription',
  handshake({ url }) {
    const token = URL.parse(url)?.searchParams.get('validationToken') ?? null;
    return token === null ? null : echo(token);
  },
  verify({ body }, secret) {
    const notifications = jsonAt(jsonOrNull(body.toString()), 'value');
    if (!Array.isArray(notifications) || notifications.length === 0) throw refusal('there is no notification in it');
    for (const notification of notifications) checkToken(jsonAt(notification, SECRET), secret, SECRET);
  },
  parse(webhook) {
    const notifications = objectsIn(objectOf(webhook, 'Microsoft Graph').value, 'Microsoft Graph');
    return notifications.map((notification) => eventOf(without(SECRET, notification)));
  },
};

function eventOf(raw: JsonObject): ProviderEvent {
  // Notifications about the subscription itself have a lifecycleEvent in its place.
  const providerEventType = textOrNull(raw.changeType) ?? textOrNull(raw.lifecycleEvent);
  if (providerEventType === null) throw malformed('Microsoft Graph', 'without a changeType');
  const data = isJsonObject(raw.resourceData) ? raw.resourceData : {};
  const recordId = idOrNull(data.id);
  const resource = textOrNull(raw.resource);
  return providerEvent({
    type: typeOfVerb(providerEventType),
    providerEventType,
    objectName: resource === null || recordId === null ? null : objectAt(resource, recordId),
    recordId,
    workspace: textOrNull(raw.tenantId),
    occurredAtMs: timeOrNull(data.eventTime),
    key: textOrNull(raw.id) ?? (isVersioned(data) || isEncrypted(raw) ? keyOf(raw) : newId<string>()),
    raw,
  });
}

/**
 * Whether it says which change of the record this is. Notifications of drives, lists and channels do not, and two
 * changes look the same: each is an event of its own then, and one that is delivered again is told again.
 */
function isVersioned(data: JsonObject): boolean {
  return VERSIONS.some((name) => idOrNull(data[name]) !== null);
}

/** Encrypted for this notification alone. */
function isEncrypted({ encryptedContent }: JsonObject): boolean {
  return textOrNull(jsonAt(encryptedContent, 'data')) !== null;
}

/** `Users/{id}/Messages/{id}` is `me/messages`, `groups('{id}')` is `groups`. */
function objectAt(resource: string, recordId: string): string | null {
  const names: string[] = [];
  let isIdNext = false;
  for (const segment of resource.split('/')) {
    const [name = '', id] = segment.split('(');
    if (isIdNext || name === '' || name === recordId) {
      isIdNext = false;
      continue;
    }
    names.push(`${name.charAt(0).toLowerCase()}${name.slice(1)}`);
    isIdNext = id === undefined && OWNERS.has(name.toLowerCase());
  }
  const [owner, ...rest] = names;
  return textOrNull(owner === 'users' && rest.length > 0 ? ['me', ...rest].join('/') : names.join('/'));
}

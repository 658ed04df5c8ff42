// HubSpot's webhooks. They are configured for the app, so that one address hears of all accounts, and carry up to a
// hundred events each. An event names its object in one of two ways: in its own name (`contact.creation`), or by a type
// id (`object.creation`, of generic subscriptions), which is the only way custom objects have.
// Source: https://developers.hubspot.com/docs/apps/legacy-apps/public-apps/create-generic-webhook-subscriptions

import type { JsonObject, JsonValue } from '../../core/json.ts';
import { verifyHubspot } from '../../webhook/verify/hubspot.ts';
import { idOrNull, jsonOf, keyOf, malformed, msOrNull, objectsIn, providerEvent, textOrNull } from '../events/event.ts';
import type { EventSource, EventType, ProviderEvent } from '../events.ts';

const TYPES: ReadonlyMap<string, EventType> = new Map([
  ['creation', 'create'],
  ['propertyChange', 'update'],
  ['deletion', 'delete'],
  ['privacyDeletion', 'delete'],
  ['associationChange', 'associationUpdate'],
]);

/** As events name them: singular. Ids of other types (`2-…` are custom objects) name their objects in the API too. */
const OBJECT_BY_TYPE_ID: ReadonlyMap<string, string> = new Map([
  ['0-1', 'contact'],
  ['0-2', 'company'],
  ['0-3', 'deal'],
  ['0-5', 'ticket'],
  ['0-7', 'product'],
  ['0-8', 'line_item'],
  ['0-14', 'quote'],
  ['0-18', 'communication'],
  ['0-27', 'task'],
  ['0-46', 'note'],
  ['0-47', 'meeting'],
  ['0-48', 'call'],
  ['0-49', 'email'],
  ['0-53', 'invoice'],
  ['0-54', 'marketing_event'],
  ['0-69', 'subscription'],
  ['0-115', 'user'],
  ['0-116', 'postal_mail'],
  ['0-123', 'order'],
  ['0-136', 'lead'],
  ['0-142', 'cart'],
  ['0-162', 'service'],
  ['0-410', 'course'],
  ['0-420', 'listing'],
  ['0-421', 'appointment'],
]);

/** What generic subscriptions have for the name of an object. */
const GENERIC = 'object';

/** See EventSource. */
export const hubspotEvents: EventSource = {
  addressedTo: 'integration',
  enteredIn: 'the settings of the app at HubSpot, under Webhooks, as its target URL',
  secretOf: 'clientSecret',
  verify: verifyHubspot,
  parse: (webhook) => objectsIn(jsonOf(webhook, 'HubSpot'), 'HubSpot').map(eventOf),
};

function eventOf(raw: JsonObject): ProviderEvent {
  const providerEventType = textOrNull(raw.subscriptionType);
  if (providerEventType === null) throw malformed('HubSpot', 'without a subscriptionType');
  const dot = providerEventType.lastIndexOf('.');
  const type = TYPES.get(providerEventType.slice(dot + 1)) ?? 'other';
  const prefix = dot === -1 ? '' : providerEventType.slice(0, dot);
  const association = type === 'associationUpdate' ? associationOf(raw) : null;
  const propertyName = textOrNull(raw.propertyName);
  return providerEvent({
    type,
    providerEventType,
    objectName:
      objectOfType(raw.objectTypeId) ??
      (prefix === GENERIC || prefix === '' ? (association?.from.objectName ?? null) : prefix),
    recordId:
      idOrNull(raw.objectId) ?? association?.from.id ?? idOrNull(raw.newObjectId) ?? idOrNull(raw.primaryObjectId),
    workspace: idOrNull(raw.portalId),
    occurredAtMs: msOrNull(raw.occurredAt),
    updatedFields: type === 'update' && propertyName !== null ? [propertyName] : null,
    association,
    // The id of an event is "not guaranteed to be unique"; what one attempt has different from the next is its number.
    key: keyOf({ ...raw, attemptNumber: undefined }),
    raw,
  });
}

function objectOfType(typeId: JsonValue | undefined): string | null {
  const id = textOrNull(typeId);
  return id === null ? null : (OBJECT_BY_TYPE_ID.get(id) ?? id);
}

/** The ends are named by type ids, or together: `CONTACT_TO_COMPANY`. */
function associationOf(raw: JsonObject): ProviderEvent['association'] {
  const [from, to] = [idOrNull(raw.fromObjectId), idOrNull(raw.toObjectId)];
  if (from === null || to === null) return null;
  const names = (textOrNull(raw.associationType) ?? '').toLowerCase().split('_to_');
  const [fromName, toName] = names.length === 2 ? names : [];
  return {
    from: { id: from, objectName: objectOfType(raw.fromObjectTypeId) ?? textOrNull(fromName) },
    to: { id: to, objectName: objectOfType(raw.toObjectTypeId) ?? textOrNull(toName) },
  };
}

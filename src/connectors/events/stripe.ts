// Stripe's webhooks: one event each, with the object as it was then. The endpoint is made with the subscription, and
// so is the secret that signs.
// Source: https://docs.stripe.com/api/events/object

import { isJsonObject, type JsonObject, jsonAt } from '../../core/json.ts';
import { verifyStripe } from '../../webhook/verify/stripe.ts';
import type { EventSource, ProviderEvent } from '../events.ts';
import {
  idOrNull,
  malformed,
  msOrNull,
  objectOf,
  providerEvent,
  splitAtLast,
  textOrNull,
  timeOrNull,
  typeOfVerb,
} from './event.ts';

/** See EventSource. */
export const stripeEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the webhook endpoint at Stripe',
  secretOf: 'subscription',
  verify: verifyStripe,
  parse: (webhook) => [eventOf(objectOf(webhook, 'Stripe'))],
};

function eventOf(raw: JsonObject): ProviderEvent {
  const [id, providerEventType] = [textOrNull(raw.id), textOrNull(raw.type)];
  if (id === null || providerEventType === null) throw malformed('Stripe', 'without an id and a type');
  const [subject, verb] = splitAtLast(providerEventType, '.');
  const type = typeOfVerb(verb);
  const object = jsonAt(raw, 'data.object');
  const changed = jsonAt(raw, 'data.previous_attributes');
  const name =
    textOrNull(jsonAt(object, 'object')) ?? textOrNull(jsonAt(raw, 'related_object.type')) ?? textOrNull(subject);
  return providerEvent({
    type,
    providerEventType,
    objectName: name?.replaceAll('.', '/') ?? null,
    // A thin event has but a reference.
    recordId: idOrNull(jsonAt(object, 'id')) ?? idOrNull(jsonAt(raw, 'related_object.id')),
    // Of webhooks for connected accounts.
    workspace: textOrNull(raw.account),
    occurredAtMs: msOrNull(raw.created, 1000) ?? timeOrNull(raw.created),
    updatedFields: type === 'update' && isJsonObject(changed) ? Object.keys(changed) : null,
    record: isJsonObject(object) ? object : null,
    key: id,
    raw,
  });
}

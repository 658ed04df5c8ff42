// Outreach's webhooks: one record each, of which an update has the attributes that changed. They are signed with the
// secret that the subscription chose.

import { isJsonObject, type JsonObject, jsonAt } from '../../core/json.ts';
import { signedBy } from '../../webhook/verify/hmac.ts';
import { HMAC_SCHEMES } from '../../webhook/verify/schemes.ts';
import type { EventSource, ProviderEvent } from '../events.ts';
import {
  idOrNull,
  keyOf,
  malformed,
  objectOf,
  providerEvent,
  splitAtLast,
  textOrNull,
  timeOrNull,
  typeOfVerb,
  without,
} from './event.ts';

/** See EventSource. */
export const outreachEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the webhooks at Outreach, as their `url`',
  secretOf: 'subscription',
  verify: signedBy(HMAC_SCHEMES.outreach),
  parse: (webhook) => [eventOf(objectOf(webhook, 'Outreach'))],
};

function eventOf(raw: JsonObject): ProviderEvent {
  const { data, meta } = raw;
  const providerEventType = isJsonObject(meta) ? textOrNull(meta.eventName) : null;
  if (!isJsonObject(data) || !isJsonObject(meta) || providerEventType === null) {
    throw malformed('Outreach', 'without data and an eventName');
  }
  const type = typeOfVerb(splitAtLast(providerEventType, '.')[1]);
  return providerEvent({
    type,
    providerEventType,
    objectName: textOrNull(data.type),
    recordId: idOrNull(data.id),
    occurredAtMs: timeOrNull(jsonAt(data, 'attributes.updatedAt')) ?? timeOrNull(meta.deliveredAt),
    updatedFields: type === 'update' && isJsonObject(data.attributes) ? Object.keys(data.attributes) : null,
    // The time of the delivery is another in each attempt.
    key: keyOf({ data, meta: without('deliveredAt', meta) }),
    raw,
  });
}

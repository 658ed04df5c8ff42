// Zendesk's event webhooks: what happened to a record, with the record as it was then in part. An administrator makes
// them by hand or they are made over the API; each has a secret of its own. Webhooks of triggers have whatever body the
// administrator wrote, and are none of these.
// Source: https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/

import type { JsonObject } from '../../core/json.ts';
import { signedBy } from '../../webhook/verify/hmac.ts';
import { HMAC_SCHEMES } from '../../webhook/verify/schemes.ts';
import type { EventSource, EventType, ProviderEvent } from '../events.ts';
import {
  idOrNull,
  malformed,
  objectOf,
  providerEvent,
  splitAtLast,
  textOrNull,
  timeOrNull,
  typeOfVerb,
} from './event.ts';

/** `zen:ticket:35436`. */
const SUBJECT = /^zen:([^:]+):([^:]+)$/;

/** See EventSource. */
export const zendeskEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the webhook at Zendesk, as its endpoint URL',
  secretOf: 'subscription',
  verify: signedBy(HMAC_SCHEMES.zendeskSupport),
  parse: (webhook) => [eventOf(objectOf(webhook, 'Zendesk'))],
};

function eventOf(raw: JsonObject): ProviderEvent {
  const [id, providerEventType] = [textOrNull(raw.id), textOrNull(raw.type)];
  if (id === null || providerEventType === null) throw malformed('Zendesk', 'without an id and a type');
  const [, objectName = null, recordId = null] = SUBJECT.exec(textOrNull(raw.subject) ?? '') ?? [];
  return providerEvent({
    type: typeOf(splitAtLast(providerEventType, '.')[1]),
    providerEventType,
    objectName,
    recordId,
    workspace: idOrNull(raw.account_id),
    occurredAtMs: timeOrNull(raw.time),
    key: id,
    raw,
  });
}

/** A verb may have its object in front: `status_changed`, `soft_deleted`; but `comment_added` is about a part. */
function typeOf(verb: string): EventType {
  const [part, last] = splitAtLast(verb, '_');
  return part === '' || last === 'changed' || last === 'deleted' ? typeOfVerb(last) : 'other';
}

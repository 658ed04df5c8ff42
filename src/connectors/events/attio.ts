// Attio's webhooks. Events of records name their object by an id, which only the workspace can turn into the slug that
// reads use; it is passed on as it is. They have neither a time nor an id of their own, and a record that changes twice
// sends the same words twice: what tells two events apart is the key of their delivery, which retries repeat.
// Source: https://docs.attio.com/rest-api/guides/webhooks

import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { signedBy } from '../../webhook/verify/hmac.ts';
import { HMAC_SCHEMES } from '../../webhook/verify/schemes.ts';
import type { EventSource, ProviderEvent } from '../events.ts';
import { keyOf, malformed, objectOf, objectsIn, providerEvent, splitAtLast, textOrNull, typeOfVerb } from './event.ts';

/** The member of an event's id that is the record's, where it is not called after what stands before the verb. */
const RECORD_ID: ReadonlyMap<string, string> = new Map([
  ['note-content', 'note_id'],
  ['workspace-member', 'workspace_member_id'],
  ['list-entry', 'entry_id'],
]);

/** See EventSource. */
export const attioEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the webhook at Attio, as its `target_url`',
  secretOf: 'subscription',
  verify: signedBy(HMAC_SCHEMES.attio),
  parse(webhook) {
    const delivery = textOrNull(webhook.headers['idempotency-key']);
    if (delivery === null) throw malformed('Attio', 'without an idempotency-key');
    const events = objectsIn(objectOf(webhook, 'Attio').events, 'Attio');
    return events.map((event, index) => eventOf(event, keyOf([delivery, index])));
  },
};

function eventOf(raw: JsonObject, key: string): ProviderEvent {
  const providerEventType = textOrNull(raw.event_type);
  if (providerEventType === null) throw malformed('Attio', 'without an event_type');
  const [subject, verb] = splitAtLast(providerEventType, '.');
  const id = isJsonObject(raw.id) ? raw.id : {};
  return providerEvent({
    type: typeOfVerb(verb),
    providerEventType,
    objectName: subject === 'record' ? textOrNull(id.object_id) : textOrNull(subject),
    recordId: textOrNull(id[RECORD_ID.get(subject) ?? `${subject}_id`]),
    workspace: textOrNull(id.workspace_id),
    key,
    raw,
  });
}

// AccuLynx's webhooks: a topic and the id of the contact or job that it is about. Nothing signs them.

import { isJsonObject, type JsonObject, jsonAt } from '../../core/json.ts';
import type { EventSource, EventType, ProviderEvent } from '../events.ts';
import {
  idOrNull,
  keyOf,
  malformed,
  objectOf,
  PROVED_BY_ADDRESS,
  providerEvent,
  splitAtLast,
  textOrNull,
  timeOrNull,
  typeOfVerb,
} from './event.ts';

/** Topics begin with what they are about: `job.milestone.current_changed`. */
const OBJECTS = ['contact', 'job'] as const;

const TYPES: ReadonlyMap<string, EventType> = new Map([['voided', 'update']]);

/** What topics about a part of a record change; of others the fields are not known. */
const UPDATED_FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['job.milestone.current_changed', ['milestone']],
  ['job.milestone.status.current_changed', ['milestone']],
  ['job.financials.approved-value_changed', ['financials']],
  ['job.category_changed', ['jobCategory']],
  ['job.work-type_changed', ['workType']],
  ['job.trade-type_changed', ['tradeTypes']],
  ['job.contacts.primary_changed', ['contacts']],
  ['job.representatives.company_changed', ['companyRepresentative']],
  ['job.appointments.initial_updated', ['initialAppointment']],
  ['job.invoice_updated', ['invoice']],
  ['job.invoice_voided', ['invoice']],
  ['job.custom-field.value_changed', ['customField']],
  ['job.custom-field.status_changed', ['customField']],
  ['contact.custom-field.value_changed', ['customField']],
  ['contact.custom-field.status_changed', ['customField']],
  ['job.accounting.integration-status.current_changed', ['accounting']],
]);

/** See EventSource. */
export const accuLynxEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the webhook subscription that was made over the API of AccuLynx, which cannot be changed: make another',
  ...PROVED_BY_ADDRESS,
  parse: (webhook) => [eventOf(objectOf(webhook, 'AccuLynx'))],
};

function eventOf(raw: JsonObject): ProviderEvent {
  const topic = textOrNull(raw.topicName);
  if (topic === null) throw malformed('AccuLynx', 'without a topicName');
  const object = OBJECTS.find((name) => topic.startsWith(name));
  const verb = splitAtLast(topic, '_')[1];
  const changed = object === undefined || !isJsonObject(raw.event) ? undefined : raw.event[object];
  return providerEvent({
    type: TYPES.get(verb) ?? typeOfVerb(verb),
    providerEventType: topic,
    objectName: object === undefined ? null : `${object}s`,
    recordId: idOrNull(jsonAt(changed, 'id')),
    occurredAtMs: timeOrNull(raw.eventDateTime),
    updatedFields: UPDATED_FIELDS.get(topic) ?? null,
    key: textOrNull(raw.eventId) ?? keyOf(raw),
    raw,
  });
}

// Jobber's webhooks: the topic, the account and the record's id. They are configured for the app, so that one address
// hears of all accounts, and signed with its client secret.
// Source: https://developer.getjobber.com/docs/using_jobbers_api/setting_up_webhooks

import { isJsonObject, type JsonObject, jsonAt } from '../../core/json.ts';
import { signedBy } from '../../webhook/verify/hmac.ts';
import { HMAC_SCHEMES } from '../../webhook/verify/schemes.ts';
import type { EventSource, EventType, ProviderEvent } from '../events.ts';
import { idOrNull, keyOf, malformed, objectOf, providerEvent, splitAtLast, textOrNull, timeOrNull } from './event.ts';

const TYPES: ReadonlyMap<string, EventType> = new Map([
  ['CREATE', 'create'],
  ['UPDATE', 'update'],
  ['DESTROY', 'delete'],
]);

/** As reads have them, where topics have another name. */
const OBJECTS: ReadonlyMap<string, string> = new Map([
  ['PRODUCT_OR_SERVICE', 'products'],
  ['TIMESHEET', 'timeSheetEntries'],
  ['PAYOUT', 'payoutRecords'],
]);

/** See EventSource. */
export const jobberEvents: EventSource = {
  addressedTo: 'integration',
  enteredIn: 'the app at Jobber, under Webhooks',
  secretOf: 'clientSecret',
  verify: signedBy(HMAC_SCHEMES.jobber),
  parse: (webhook) => [eventOf(objectOf(webhook, 'Jobber'))],
};

function eventOf(raw: JsonObject): ProviderEvent {
  const event = jsonAt(raw, 'data.webHookEvent');
  const topic = isJsonObject(event) ? textOrNull(event.topic) : null;
  if (!isJsonObject(event) || topic === null) throw malformed('Jobber', 'without a topic');
  const [subject, verb] = splitAtLast(topic, '_');
  return providerEvent({
    type: TYPES.get(verb) ?? 'other',
    providerEventType: topic,
    objectName: OBJECTS.get(subject) ?? textOrNull(subject.toLowerCase()),
    recordId: idOrNull(event.itemId),
    workspace: textOrNull(event.accountId),
    // Apps from before December 2023 get it misspelled.
    occurredAtMs: timeOrNull(event.occurredAt) ?? timeOrNull(event.occuredAt),
    key: keyOf(event),
    raw,
  });
}

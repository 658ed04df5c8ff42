// Salesloft's webhooks: the body is the record, what happened stands in a header only. They are signed with the token
// that the subscription chose.
// Source: https://developers.salesloft.com/docs/platform/webhooks/introduction

import { signedBy } from '../../webhook/verify/hmac.ts';
import { HMAC_SCHEMES } from '../../webhook/verify/schemes.ts';
import type { EventSource, EventType } from '../events.ts';
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
} from './event.ts';

/** As reads have them, where they are not called like the record. */
const OBJECTS: ReadonlyMap<string, string> = new Map([
  ['call', 'activities/calls'],
  ['email', 'activities/emails'],
]);

const TYPES: ReadonlyMap<string, EventType> = new Map([
  ['booked', 'create'],
  ['completed', 'update'],
]);

/** See EventSource. */
export const salesloftEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the webhook subscriptions at Salesloft, as their `callback_url`',
  secretOf: 'subscription',
  verify: signedBy(HMAC_SCHEMES.salesloft),
  parse(webhook) {
    const raw = objectOf(webhook, 'Salesloft');
    const providerEventType = textOrNull(webhook.headers['x-salesloft-event']);
    if (providerEventType === null) throw malformed('Salesloft', 'without an x-salesloft-event');
    const [subject, verb] = splitAtLast(providerEventType, '_');
    const [recordId, updatedAt] = [idOrNull(raw.id), textOrNull(raw.updated_at)];
    if (recordId === null) throw malformed('Salesloft', 'no record');
    return [
      providerEvent({
        type: TYPES.get(verb) ?? typeOfVerb(verb),
        providerEventType,
        objectName: OBJECTS.get(subject) ?? textOrNull(subject),
        recordId,
        occurredAtMs: timeOrNull(updatedAt),
        record: raw,
        key: keyOf([providerEventType, recordId, updatedAt ?? raw]),
        raw,
      }),
    ];
  },
};

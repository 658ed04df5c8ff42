// Xero's webhooks. They are configured for the app, so that one address hears of all organisations, and signed with a
// key of the app. Xero tries an address with good and bad signatures and without events before it uses it.
// Source: https://developer.xero.com/documentation/guides/webhooks/overview

import type { JsonObject } from '../../core/json.ts';
import { signedBy } from '../../webhook/verify/hmac.ts';
import { HMAC_SCHEMES } from '../../webhook/verify/schemes.ts';
import type { EventSource, EventType, ProviderEvent } from '../events.ts';
import { keyOf, malformed, objectOf, objectsIn, providerEvent, textOrNull, timeOrNull } from './event.ts';

const TYPES: ReadonlyMap<string, EventType> = new Map([
  ['CREATE', 'create'],
  ['UPDATE', 'update'],
  ['DELETE', 'delete'],
]);

/** See EventSource. */
export const xeroEvents: EventSource = {
  addressedTo: 'integration',
  enteredIn: 'the app at Xero, under Webhooks',
  secretOf: 'webhookSecret',
  verify: signedBy(HMAC_SCHEMES.xero),
  parse(webhook) {
    const body = objectOf(webhook, 'Xero');
    const { events = [], firstEventSequence: first } = body;
    if (body.entropy === undefined) throw malformed('Xero', 'without its entropy');
    if (events === null) return [];
    // Events are numbered, whichever of them come together.
    return objectsIn(events, 'Xero').map((event, index) =>
      eventOf(event, keyOf([typeof first === 'number' ? first + index : null, event])),
    );
  },
};

function eventOf(raw: JsonObject, key: string): ProviderEvent {
  const [category, eventType] = [textOrNull(raw.eventCategory), textOrNull(raw.eventType)];
  if (category === null || eventType === null) throw malformed('Xero', 'without a category and a type');
  return providerEvent({
    type: TYPES.get(eventType.toUpperCase()) ?? 'other',
    providerEventType: `${category}.${eventType}`,
    objectName: category.toLowerCase(),
    recordId: textOrNull(raw.resourceId),
    workspace: textOrNull(raw.tenantId),
    occurredAtMs: utcOrNull(textOrNull(raw.eventDateUtc)),
    key,
    raw,
  });
}

/** Xero writes no zone. */
function utcOrNull(text: string | null): number | null {
  return timeOrNull(text === null || text.endsWith('Z') ? text : `${text}Z`);
}

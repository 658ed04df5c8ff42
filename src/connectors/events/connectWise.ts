// ConnectWise's callbacks: one record each, which comes along as JSON in a string. They are signed with a key behind an
// address that the body itself names, so that it proves nothing without a call; the address is what proves them.

import { type JsonObject, jsonAt } from '../../core/json.ts';
import type { EventSource, ProviderEvent } from '../events.ts';
import {
  idOrNull,
  keyOf,
  malformed,
  nestedOrNull,
  objectOf,
  PROVED_BY_ADDRESS,
  providerEvent,
  textOrNull,
  timeOrNull,
  typeOfVerb,
} from './event.ts';

/** As reads have them, where callbacks have another name. */
const OBJECTS: ReadonlyMap<string, string> = new Map([
  ['productcatalog', 'catalog'],
  ['expense', 'expense/entries'],
  ['purchaseorder', 'purchaseorders'],
  ['opportunity', 'sales/opportunities'],
  ['schedule', 'schedule/entries'],
  ['member', 'system/members'],
  ['time', 'time/entries'],
]);

/** See EventSource. */
export const connectWiseEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the callbacks of ConnectWise, as their `url`',
  ...PROVED_BY_ADDRESS,
  parse: (webhook) => [eventOf(objectOf(webhook, 'ConnectWise'))],
};

function eventOf(raw: JsonObject): ProviderEvent {
  const [action, type] = [textOrNull(raw.Action), textOrNull(raw.Type)];
  if (action === null || type === null) throw malformed('ConnectWise', 'without Action and Type');
  const record = nestedOrNull(raw.Entity);
  return providerEvent({
    type: typeOfVerb(action),
    providerEventType: action,
    objectName: type === 'ticket' ? ticketsOf(record) : (OBJECTS.get(type) ?? type),
    recordId: idOrNull(raw.ID),
    occurredAtMs: timeOrNull(jsonAt(record ?? {}, '_info.lastUpdated')),
    record,
    key: textOrNull(raw.MessageId) ?? keyOf(raw),
    raw,
  });
}

/** Tickets of projects and of the service desk are two objects with one name. */
function ticketsOf(record: JsonObject | null): string {
  return textOrNull(record?.recordType)?.startsWith('Service') === true ? 'service/tickets' : 'project/tickets';
}

// Salesforce's change events (Change Data Capture), relayed to the address of an installation by way of Amazon
// EventBridge or of any other relay that passes the payload on. Nothing in them is signed: the address proves the
// relay. One event may be about many records; each becomes an event of its own.
// Source: https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture

import { isJsonObject, type JsonObject, type JsonValue, jsonAt } from '../../core/json.ts';
import {
  idOrNull,
  keyOf,
  malformed,
  msOrNull,
  objectOf,
  PROVED_BY_ADDRESS,
  providerEvent,
  textOrNull,
} from '../events/event.ts';
import type { EventSource, EventType, ProviderEvent } from '../events.ts';

/** Where the payload is: of EventBridge, of the Streaming API, of a relay that wraps it, or of one that does not. */
const PAYLOAD_PATHS = ['detail.payload', 'data.payload', 'payload', ''];

/**
 * UNDELETE has no counterpart, and an overflow is about no record. The other gaps say what happened and leave out to
 * what fields: the record is read anew for its message as for any other, so nothing is missing from that.
 */
const TYPES: ReadonlyMap<string, EventType> = new Map([
  ['CREATE', 'create'],
  ['UPDATE', 'update'],
  ['DELETE', 'delete'],
  ['GAP_CREATE', 'create'],
  ['GAP_UPDATE', 'update'],
  ['GAP_DELETE', 'delete'],
]);

/** Neither a wildcard (`001*`, when the type of a field was converted) nor the id of nothing that an overflow has. */
const RECORD_ID = /^(?!0{15})[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/;

/** See EventSource. */
export const salesforceEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the API destination in Amazon EventBridge, as its endpoint',
  ...PROVED_BY_ADDRESS,
  parse(webhook) {
    const body = objectOf(webhook, 'Salesforce');
    const payload = PAYLOAD_PATHS.map((path) => jsonAt(body, path)).find(
      (value) => isJsonObject(value) && isJsonObject(value.ChangeEventHeader),
    );
    if (!isJsonObject(payload)) throw malformed('Salesforce', 'without a ChangeEventHeader');
    return eventsOf(payload);
  },
};

function eventsOf(payload: JsonObject): readonly ProviderEvent[] {
  const header = payload.ChangeEventHeader;
  const changeType = textOrNull(jsonAt(header, 'changeType'));
  if (!isJsonObject(header) || changeType === null) throw malformed('Salesforce', 'without a changeType');
  const { recordIds, ...shared } = header;
  if (!Array.isArray(recordIds) || recordIds.length === 0) throw malformed('Salesforce', 'without recordIds');
  const keyOfRecord = eventKeys(payload, header);
  return recordIds.map((value: JsonValue) => {
    const recordId = textOrNull(value);
    if (recordId === null) throw malformed('Salesforce', 'without recordIds');
    const isOfRecord = RECORD_ID.test(recordId);
    const type = (isOfRecord ? TYPES.get(changeType) : undefined) ?? 'other';
    return providerEvent({
      type,
      providerEventType: changeType,
      objectName: textOrNull(header.entityName),
      recordId: isOfRecord ? recordId : null,
      occurredAtMs: msOrNull(header.commitTimestamp),
      updatedFields: type === 'update' ? updatedFieldsOf(header) : null,
      key: keyOfRecord(recordId),
      raw: { ...payload, ChangeEventHeader: { ...shared, recordId } },
    });
  });
}

/**
 * Events of a transaction are numbered; an overflow repeats number and record for each entity. The payload is looked at
 * once and not for each of its records, of which there may be 50,000.
 */
function eventKeys(payload: JsonObject, header: JsonObject): (recordId: string) => string {
  const [transaction, number] = [textOrNull(header.transactionKey), idOrNull(header.sequenceNumber)];
  const { entityName = null, changeType = null } = header;
  const isNumbered = transaction !== null && number !== null;
  const event = isNumbered ? [transaction, number, entityName, changeType] : [keyOf(payload)];
  return (recordId) => keyOf([...event, recordId]);
}

/** Null where they are bitmaps against a schema (Pub/Sub API), or none are named. */
function updatedFieldsOf({ changedFields, nulledFields }: JsonObject): readonly string[] | null {
  const names = [changedFields, nulledFields].flatMap((list) => (Array.isArray(list) ? list : []));
  const fields = names.filter((name): name is string => typeof name === 'string');
  if (fields.length === 0 || fields.some((name) => /^(?:\d+-)?0x/i.test(name))) return null;
  return [...new Set(fields.map(fieldName))];
}

/**
 * Parts of compound fields are fields of their own in reads: `MailingAddress.Street` is `MailingStreet` there,
 * `Name.LastName` is `LastName`, and `Site__c.Latitude` is `Site__Latitude__s`.
 */
function fieldName(name: string): string {
  const [compound, part] = name.split('.');
  if (compound === undefined || part === undefined) return name;
  if (compound.endsWith('__c')) return `${compound.slice(0, -'__c'.length)}__${part}__s`;
  return compound.endsWith('Address') ? `${compound.slice(0, -'Address'.length)}${part}` : part;
}

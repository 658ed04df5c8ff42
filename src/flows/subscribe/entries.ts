// From an event and the records that it is about to the entry that is delivered, in the published form. Pure. An event
// whose record is gone, could not be read or was never to be read says what the provider said, and no more.

import type { ReadRow } from '../../connectors/contract.ts';
import type { AssociatedRecord, EventType } from '../../connectors/events.ts';
import type { JsonObject } from '../../core/json.ts';
import type { EffectiveRead } from '../../manifest/effective.ts';
import { type ConnectorRow, compileMapping } from '../../manifest/mapping.ts';
import type { ResultEntry } from '../../manifest/messages.ts';
import { type Records, readOf } from './records.ts';
import type { ToldEvent } from './sort.ts';

/** An element of `result` as published. */
export interface SubscribeEntry extends ResultEntry {
  readonly subscribeEventType: EventType;
  readonly providerEventType: string;
  readonly rawEvent: JsonObject;
  readonly id?: string;
  readonly fieldsUpdated?: readonly string[];
  readonly fromRecord?: AssociatedEntry;
  readonly toRecord?: AssociatedEntry;
}

interface AssociatedEntry extends ResultEntry {
  readonly id: string;
  readonly objectName?: string;
  readonly rawObjectName?: string;
}

/** Maps records; compiles the plan of each read once. */
export class Entries {
  readonly #reads: readonly EffectiveRead[];
  readonly #records: Records;
  readonly #maps = new Map<EffectiveRead, ReturnType<typeof compileMapping>>();

  constructor(reads: readonly EffectiveRead[], records: Records) {
    this.#reads = reads;
    this.#records = records;
  }

  /** With its records, as far as they were read. */
  full(told: ToldEvent): SubscribeEntry {
    const { event, subscription, type } = told;
    const { read } = subscription;
    const hasRecord = (type === 'create' || type === 'update') && read !== null;
    const row = hasRecord ? (ownRow(event.record) ?? this.#row(read, event.recordId)) : undefined;
    const mapped = row === undefined || read === null ? undefined : this.#map(read)(row);
    const ends = type === 'associationUpdate' ? event.association : null;
    return {
      ...mapped,
      ...bareEntry(told, mapped === undefined),
      ...(ends === null ? {} : { fromRecord: this.#end(told, ends.from), toRecord: this.#end(told, ends.to) }),
    };
  }

  #row(read: EffectiveRead, recordId: string | null): ReadRow | undefined {
    const found = this.#records.get(read.objectName);
    return recordId === null || found?.kind !== 'read' ? undefined : found.rows.get(recordId);
  }

  #map(read: EffectiveRead) {
    const map = this.#maps.get(read) ?? compileMapping(read);
    this.#maps.set(read, map);
    return map;
  }

  #end({ subscription }: ToldEvent, { id, objectName }: AssociatedRecord): AssociatedEntry {
    const read = readOf(objectName, this.#reads);
    const name = read?.objectName ?? objectName;
    const row = read === undefined || !subscription.includesFullRecords ? undefined : this.#row(read, id);
    return {
      id,
      ...(name === null ? {} : { objectName: read?.deliveredName ?? name, rawObjectName: name }),
      ...(row === undefined || read === undefined ? {} : this.#map(read)(row)),
    };
  }
}

/** What the provider said; with the id of a record that does not come along. */
export function bareEntry({ event, type, fieldsUpdated }: ToldEvent, isWithoutRecord = true): SubscribeEntry {
  const { providerEventType, raw, recordId } = event;
  return {
    subscribeEventType: type,
    providerEventType,
    ...(isWithoutRecord && recordId !== null ? { id: recordId } : {}),
    ...(fieldsUpdated === null ? {} : { fieldsUpdated }),
    rawEvent: raw,
  };
}

/** A record that came with its event, in the shape of one that was read. */
function ownRow(record: JsonObject | null): ConnectorRow | undefined {
  if (record === null) return undefined;
  const fields: Record<string, JsonObject[string]> = Object.create(null);
  for (const [name, value] of Object.entries(record)) fields[name.toLowerCase()] = value;
  return { fields, raw: record };
}

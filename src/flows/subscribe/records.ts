// The records that events are about, as they are now: which of them are needed, and read by their ids within the
// budgets of the connection. Called by the batch. Invariant: a failure of one object's records keeps no other object's
// from being read, unless it is about the grant or a limit, which they share.

import type { ProviderCall, ReadConnector, ReadRow } from '../../connectors/contract.ts';
import { isSameObject } from '../../connectors/events.ts';
import { type ErrorFacts, errorFacts } from '../../core/errors.ts';
import type { EffectiveRead } from '../../manifest/effective.ts';
import { fieldsOf } from '../read/fields.ts';
import { isOfConnection } from '../setback.ts';
import type { ToldEvent } from './sort.ts';

/** Records of one object; one that is not there is gone. */
export type ObjectRecords =
  | { readonly kind: 'read'; readonly rows: ReadonlyMap<string, ReadRow> }
  | { readonly kind: 'failed'; readonly error: ErrorFacts };

/** By the object's name as in reads; of others nothing can be read. */
export type Records = ReadonlyMap<string, ObjectRecords>;

/** The ids of an object that are to be read. */
interface Needed {
  readonly read: EffectiveRead;
  readonly ids: Set<string>;
}

/** Whose records have what an event asks for: its object's, and those of the ends of an association. */
export function readsNeeded(told: ToldEvent, reads: readonly EffectiveRead[]): (readonly [EffectiveRead, string])[] {
  const { event, subscription, type } = told;
  if (type === 'other' || type === 'delete') return [];
  if (type === 'associationUpdate') {
    const ends = subscription.includesFullRecords && event.association !== null ? Object.values(event.association) : [];
    return ends.flatMap(({ id, objectName }) => {
      const read = readOf(objectName, reads);
      return read === undefined ? [] : [[read, id] as const];
    });
  }
  const isThere = subscription.read === null || event.recordId === null || event.record !== null;
  return isThere ? [] : [[subscription.read, event.recordId] as const];
}

/** What an installation reads of an object that an event names. */
export function readOf(objectName: string | null, reads: readonly EffectiveRead[]): EffectiveRead | undefined {
  return objectName === null ? undefined : reads.find((read) => isSameObject(read.objectName, objectName));
}

/** Reads what the events need, object by object; nothing is read twice. */
export async function readRecords(
  connector: ReadConnector | undefined,
  call: ProviderCall,
  events: readonly ToldEvent[],
  reads: readonly EffectiveRead[],
): Promise<Records> {
  const needed = new Map<string, Needed>();
  for (const [read, id] of events.flatMap((told) => readsNeeded(told, reads))) {
    const object = needed.get(read.objectName) ?? { read, ids: new Set() };
    object.ids.add(id);
    needed.set(read.objectName, object);
  }
  const records = new Map<string, ObjectRecords>();
  if (connector?.readByIds === undefined) return records;
  let shared: ObjectRecords | null = null;
  for (const [objectName, object] of needed) {
    const found: ObjectRecords = shared ?? (await readObject(connector, call, object));
    records.set(objectName, found);
    if (found.kind === 'failed' && isOfConnection(found.error)) shared = found;
  }
  return records;
}

async function readObject(connector: ReadConnector, call: ProviderCall, { read, ids }: Needed): Promise<ObjectRecords> {
  const rows = new Map<string, ReadRow>();
  const recordsMax = connector.recordsByIdMax ?? 1;
  const all = [...ids];
  try {
    const fields = await fieldsOf(connector, read, call);
    for (let from = 0; from < all.length; from += recordsMax) {
      const part = await connector.readByIds?.(read.objectName, all.slice(from, from + recordsMax), fields, call);
      for (const [id, row] of part ?? []) rows.set(id, row);
    }
    return { kind: 'read', rows };
  } catch (error) {
    return { kind: 'failed', error: errorFacts(error) };
  }
}

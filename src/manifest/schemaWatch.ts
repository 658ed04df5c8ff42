// What an integration watches of the fields of its objects, what changed of them between two looks, and the messages
// that tell of it in the published form. Called when a look is planned and when an object was looked at. Invariant:
// whoever applies all that is told to the fields before has the fields after, as far as names, types, labels and
// descriptions go.

import type { JsonObject } from '../core/json.ts';
import { MESSAGE_BYTES_MAX } from '../core/limits.ts';
import type { FieldMetadata } from './hydrate.ts';
import type { IntegrationSpec } from './manifest.ts';

/** A field as it is remembered and told: in the published form, and what it is for where the provider says that. */
export interface WatchedField extends FieldMetadata {
  readonly description?: string;
}

/** As published in messages, each list where it is not empty. */
export interface FieldChanges {
  readonly createdFields: readonly WatchedField[];
  readonly deletedFields: readonly WatchedField[];
  readonly changedFields: readonly { readonly oldSchema: WatchedField; readonly newSchema: WatchedField }[];
}

type ChangeKind = keyof FieldChanges;

/** What an integration watches. */
export interface SchemaWatch {
  readonly destination: string;
  readonly schedule: string;
  /** Which changes are told; not empty. */
  readonly kinds: ReadonlySet<ChangeKind>;
}

/** As published: once a day. */
const DAILY = '0 */24 * * *';

/** Null if it watches nothing, or nothing of what it watches would be told. */
export function schemaWatchOf({ watchSchema }: IntegrationSpec): SchemaWatch | null {
  if (watchSchema === undefined) return null;
  const { destination, schedule, allObjects } = watchSchema;
  const kinds = new Set<ChangeKind>();
  if (allObjects.fieldCreated !== undefined) kinds.add('createdFields');
  if (allObjects.fieldDeleted !== undefined) kinds.add('deletedFields');
  if (allObjects.fieldChanged !== undefined) kinds.add('changedFields');
  return kinds.size === 0 ? null : { destination, schedule: schedule || DAILY, kinds };
}

/**
 * Names decide what is the same field. The values that a field offers are told with it and are no change of it, as
 * published; where a name comes twice the first one counts.
 */
export function fieldChanges(before: readonly WatchedField[], after: readonly WatchedField[]): FieldChanges {
  const [old, now] = [byName(before), byName(after)];
  return {
    createdFields: [...now.values()].filter(({ fieldName }) => !old.has(fieldName)),
    deletedFields: [...old.values()].filter(({ fieldName }) => !now.has(fieldName)),
    changedFields: [...now.values()].flatMap((newSchema) => {
      const oldSchema = old.get(newSchema.fieldName);
      return oldSchema === undefined || isSame(oldSchema, newSchema) ? [] : [{ oldSchema, newSchema }];
    }),
  };
}

function byName(fields: readonly WatchedField[]): ReadonlyMap<string, WatchedField> {
  const named = new Map<string, WatchedField>();
  for (const field of fields) if (!named.has(field.fieldName)) named.set(field.fieldName, field);
  return named;
}

function isSame(one: WatchedField, other: WatchedField): boolean {
  return (
    one.displayName === other.displayName &&
    one.valueType === other.valueType &&
    one.providerType === other.providerType &&
    one.description === other.description
  );
}

type Entry = { readonly [Kind in ChangeKind]: readonly [Kind, FieldChanges[Kind][number]] }[ChangeKind];

/**
 * Message bodies of at most `maxBytes`: the keys of `envelope`, then `result` with a part of the changes of these
 * kinds. Usually one, and none without a change. A field whose values fit no message is told without them.
 */
export function changeMessages(
  changes: FieldChanges,
  kinds: SchemaWatch['kinds'],
  envelope: JsonObject,
  maxBytes: number = MESSAGE_BYTES_MAX,
): readonly string[] {
  const frame = { createdFields: [], deletedFields: [], changedFields: [] };
  const roomBytes = maxBytes - Buffer.byteLength(bodyOf(envelope, frame));
  const parts: Entry[][] = [];
  let partBytes = Number.POSITIVE_INFINITY;
  for (const whole of entriesOf(changes, kinds)) {
    const entry = bytesOf(whole) <= roomBytes ? whole : withoutValues(whole);
    const bytes = bytesOf(entry);
    if (partBytes + bytes > roomBytes) {
      parts.push([]);
      partBytes = 0;
    }
    parts.at(-1)?.push(entry);
    partBytes += bytes;
  }
  return parts.map((part) => bodyOf(envelope, resultOf(part)));
}

function entriesOf(changes: FieldChanges, kinds: SchemaWatch['kinds']): readonly Entry[] {
  const { createdFields, deletedFields, changedFields } = changes;
  const entries: readonly Entry[] = [
    ...createdFields.map((field) => ['createdFields', field] as const),
    ...deletedFields.map((field) => ['deletedFields', field] as const),
    ...changedFields.map((change) => ['changedFields', change] as const),
  ];
  return entries.filter(([kind]) => kinds.has(kind));
}

/** With the comma behind it. */
function bytesOf([, told]: Entry): number {
  return Buffer.byteLength(JSON.stringify(told)) + 1;
}

function withoutValues(entry: Entry): Entry {
  if (entry[0] !== 'changedFields') return [entry[0], valueless(entry[1])];
  const { oldSchema, newSchema } = entry[1];
  return ['changedFields', { oldSchema: valueless(oldSchema), newSchema: valueless(newSchema) }];
}

function valueless({ values: _, ...field }: WatchedField): WatchedField {
  return field;
}

function resultOf(part: readonly Entry[]): Partial<FieldChanges> {
  const of = Object.groupBy(part, ([kind]) => kind);
  return Object.fromEntries(Object.entries(of).map(([kind, entries]) => [kind, entries.map(([, told]) => told)]));
}

function bodyOf(envelope: JsonObject, result: Partial<FieldChanges>): string {
  return JSON.stringify({ ...envelope, result });
}

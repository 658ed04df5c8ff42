// What a deploy would change: the difference of two revisions of an integration, object by object and field by field.
// Pure, so that the same answer comes from a server and from two files. Invariant: nothing is different between the
// revisions that no change names, and nothing is named that is not different; the order of objects means nothing.

import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { IntegrationSpec } from './manifest.ts';

/** One difference; `before` is absent where something comes, `after` where something goes. */
export interface Change {
  /** The action it belongs to, or `integration` for what belongs to none. */
  readonly action: 'integration' | 'read' | 'write' | 'subscribe' | 'proxy' | 'watchSchema';
  readonly objectName?: string;
  /** What differs, e.g. `schedule` or `requiredFields.email`; absent where all of the object or action does. */
  readonly what?: string;
  readonly before?: JsonValue;
  readonly after?: JsonValue;
}

const LISTS = ['read', 'write', 'subscribe'] as const;
const BLOCKS = ['proxy', 'watchSchema'] as const;
/** Lists whose entries have a name of their own. */
const FIELD_LISTS: ReadonlySet<string> = new Set(['requiredFields', 'optionalFields']);

/** In the order of the later manifest; what is gone comes last. */
export function changesBetween(before: IntegrationSpec, after: IntegrationSpec): readonly Change[] {
  const [from, to] = [before as unknown as JsonObject, after as unknown as JsonObject];
  return [
    ...memberChanges(without(from, [...LISTS, ...BLOCKS]), without(to, [...LISTS, ...BLOCKS])).map(
      (change): Change => ({ action: 'integration', ...change }),
    ),
    ...LISTS.flatMap((action) => actionChanges(action, from[action], to[action])),
    ...BLOCKS.flatMap((action) => blockChanges(action, from[action], to[action])),
  ];
}

type Difference = Pick<Change, 'what' | 'before' | 'after'>;

function actionChanges(action: (typeof LISTS)[number], before: JsonValue | undefined, after: JsonValue | undefined) {
  const [from, to] = [objectsOf(before), objectsOf(after)];
  const others = memberChanges(without(objectOf(before), ['objects']), without(objectOf(after), ['objects']));
  return [
    ...others.map((change): Change => ({ action, ...change })),
    ...pairsOf(from, to).flatMap(([one, other]): Change[] => {
      const objectName = nameOf(other ?? one);
      if (one === undefined || other === undefined) return [{ action, objectName, ...sides(one, other) }];
      return memberChanges(one, other).map((change) => ({ action, objectName, ...change }));
    }),
  ];
}

function blockChanges(action: (typeof BLOCKS)[number], before: JsonValue | undefined, after: JsonValue | undefined) {
  if (before === undefined || after === undefined) {
    return before === after ? [] : [{ action, ...sides(before, after) }];
  }
  return memberChanges(objectOf(before), objectOf(after)).map((change): Change => ({ action, ...change }));
}

function memberChanges(before: JsonObject, after: JsonObject): readonly Difference[] {
  const keys = new Set([...Object.keys(after), ...Object.keys(before)]);
  return [...keys].flatMap((key): readonly Difference[] => {
    const [from, to] = [before[key], after[key]];
    if (isDeepStrictEqual(from, to)) return [];
    return FIELD_LISTS.has(key) ? fieldChanges(key, from, to) : [{ what: key, ...sides(from, to) }];
  });
}

/** Fields have names; a list that holds the same fields in another order is told as a whole. */
function fieldChanges(key: string, before: JsonValue | undefined, after: JsonValue | undefined): readonly Difference[] {
  const changes = pairsOf(listOf(before), listOf(after)).flatMap(([one, other]): Difference[] => {
    if (isDeepStrictEqual(one, other)) return [];
    return [{ what: `${key}.${nameOf(other ?? one)}`, ...sides(one, other) }];
  });
  return changes.length > 0 ? changes : [{ what: key, ...sides(before, after) }];
}

/** Entries of the same name together, in the order of the second list; those that only the first has come last. */
function pairsOf(before: readonly JsonObject[], after: readonly JsonObject[]) {
  const left = Map.groupBy(before, keyOf);
  const pairs = after.map((entry): [JsonObject | undefined, JsonObject | undefined] => [
    left.get(keyOf(entry))?.shift(),
    entry,
  ]);
  const gone = [...left.values()].flat();
  return [...pairs, ...gone.map((entry): [JsonObject, undefined] => [entry, undefined])];
}

/** One field may be there as it is and mapped, and they are two. */
function keyOf(entry: JsonObject): string {
  const { mapToName = '' } = entry;
  return entry['fieldName'] === undefined ? nameOf(entry).toLowerCase() : JSON.stringify([nameOf(entry), mapToName]);
}

/** Of an object or a field; a mapping has the name it maps to. */
function nameOf(entry: JsonObject | undefined): string {
  const name = entry?.['objectName'] ?? entry?.['fieldName'] ?? entry?.['mapToName'];
  return typeof name === 'string' ? name : '';
}

function sides(before: JsonValue | undefined, after: JsonValue | undefined): Pick<Change, 'before' | 'after'> {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

function objectsOf(block: JsonValue | undefined): readonly JsonObject[] {
  return listOf(objectOf(block)['objects']);
}

function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]).filter(isJsonObject) : [];
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

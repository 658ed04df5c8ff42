// From a record in the builder's words to one in the provider's: the way back of mapping.ts. Called by writes once per
// record. Invariants: a record is never changed; nothing is written that the record or a default does not have; what
// was mapped comes back as it was.

import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { EffectiveMapping } from './effective.ts';
import type { EffectiveWrite, FieldRule } from './effectiveWrite.ts';
import { fieldSteps, isFieldPath } from './fieldPath.ts';
import { exchanger, withoutOverlap } from './mapping.ts';

/** A record for the provider. */
export interface UnmappedRecord {
  readonly record: JsonObject;
  /** Fields of it that may be written only where the provider's record has them empty. */
  readonly onlyIfEmpty: readonly string[];
}

type Steps = readonly string[];

/**
 * Compiles the plan of a write; the function it returns is pure. Names that are not mapped pass as they are. Of two
 * that mean one field, the mapped one wins. Defaults fill what the record does not have, then rules that say "never"
 * take away. `earlier` are changes of the same record, oldest first: its fields replace theirs.
 */
export function compileUnmapping(write: Pick<EffectiveWrite, 'mappings' | 'blankNames' | 'fieldRules'>) {
  const back = withoutOverlap(write.mappings).map((mapping) => ({
    from: fieldSteps(mapping.mapToName),
    to: fieldSteps(mapping.fieldName),
    value: providedValue(mapping.values),
  }));
  const blank = write.blankNames.map(fieldSteps);
  const onto = (target: JsonObject, record: JsonObject): JsonObject => {
    let rest: JsonObject = record;
    const found: [Steps, JsonValue][] = [];
    for (const { from, to, value } of back) {
      const given = valueAt(rest, from);
      if (given === undefined) continue;
      found.push([to, value(given)]);
      rest = without(rest, from);
    }
    for (const steps of blank) rest = without(rest, steps);
    // The first mapping of a field wins, as it does when it is read.
    return found.toReversed().reduce((all, [steps, value]) => withValue(all, steps, value), withFields(target, rest));
  };
  return (record: JsonObject, type: 'create' | 'update', earlier: readonly JsonObject[] = []): UnmappedRecord =>
    ruled([...earlier, record].reduce(onto, {}), write.fieldRules, type);
}

/** With the fields of a later change, in its spelling. */
function withFields(record: JsonObject, later: JsonObject): JsonObject {
  if (Object.keys(record).length === 0) return later;
  const fields = [record, later].flatMap((one) => Object.entries(one));
  return Object.fromEntries(new Map(fields.map((field) => [field[0].toLowerCase(), field])).values());
}

function ruled(record: JsonObject, rules: readonly FieldRule[], type: 'create' | 'update'): UnmappedRecord {
  let result = record;
  const onlyIfEmpty: string[] = [];
  for (const rule of rules) {
    const steps = stepsIn(result, rule.fieldName);
    const fallback = type === 'create' ? rule.onCreate : rule.onUpdate;
    const when = type === 'create' ? rule.writeOnCreate : rule.writeOnUpdate;
    if (valueAt(result, steps) === undefined && fallback !== null) result = withValue(result, steps, fallback);
    if (when === 'never') result = without(result, steps);
    else if (when === 'ifEmpty' && valueAt(result, steps) !== undefined) onlyIfEmpty.push(rule.fieldName);
  }
  return { record: result, onlyIfEmpty };
}

/** The provider's value of a delivered one; of several the first. */
export function providedValue(values: EffectiveMapping['values']): (value: JsonValue) => JsonValue {
  if (values.length === 0) return (value) => value;
  return exchanger(values.toReversed().map(([theirs, delivered]) => [delivered, theirs]));
}

/** The spelling that the record has of a field, or the rule's. */
function stepsIn(record: JsonObject, fieldName: string): Steps {
  if (isFieldPath(fieldName)) return fieldSteps(fieldName);
  const key = Object.keys(record).find((name) => name.toLowerCase() === fieldName.toLowerCase());
  return [key ?? fieldName];
}

function valueAt(record: JsonValue | undefined, steps: Steps): JsonValue | undefined {
  let value: JsonValue | undefined = record;
  for (const step of steps) value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  return value;
}

/** Without the value, and without objects that held nothing else. */
function without(record: JsonObject, [step = '', ...rest]: Steps): JsonObject {
  if (!Object.hasOwn(record, step)) return record;
  const inner = record[step];
  if (rest.length > 0 && !isJsonObject(inner)) return record;
  const left = rest.length > 0 && isJsonObject(inner) ? without(inner, rest) : {};
  const isKept = left === inner || Object.keys(left).length > 0;
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => {
      if (key !== step) return [[key, value]];
      return isKept ? [[key, left]] : [];
    }),
  );
}

/** With the value; whatever is on the way and no object becomes one. A plain name replaces its other spellings. */
function withValue(record: JsonObject, [step = '', ...rest]: Steps, value: JsonValue): JsonObject {
  const key = Object.keys(record).find((name) => name.toLowerCase() === step.toLowerCase()) ?? step;
  const inner = Object.hasOwn(record, key) ? record[key] : undefined;
  const next = rest.length === 0 ? value : withValue(isJsonObject(inner) ? inner : {}, rest, value);
  return Object.fromEntries([...Object.entries(record).filter(([name]) => name !== key), [step, next]]);
}

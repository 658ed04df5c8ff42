// From a record as the connector read it to the entry that is delivered: `fields` (selected, not mapped),
// `mappedFields` (the builder's names) and `raw`. Called by the reads and subscriptions once per record, so the plan
// is compiled once per read. Invariant: a record is never changed, and no name reaches a prototype.

import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { EffectiveMapping, EffectiveRead } from './effective.ts';
import { fieldSteps, isFieldPath } from './fieldPath.ts';

/** A record of a connector: `fields` has lower-case keys, `raw` is the provider's own. */
export interface ConnectorRow {
  readonly fields: Readonly<Record<string, JsonValue | undefined>>;
  readonly raw: JsonObject;
}

export interface MappedRecord {
  readonly fields: JsonObject;
  readonly mappedFields: JsonObject;
  readonly raw: JsonObject;
}

type Target = Record<string, JsonValue>;
type Reader = (row: ConnectorRow) => JsonValue | undefined;
type Writer = (target: Target, value: JsonValue) => void;

/**
 * Compiles the plan of a read. The function it returns is pure. A field the record lacks is absent, null stays null.
 * Keys of `fields` are lower-case, as connectors give them; a mapped name that is a path nests, and of two mapped
 * names where one lies inside the other the first wins.
 */
export function compileMapping(read: Pick<EffectiveRead, 'selectedFields' | 'mappings' | 'wantsAllFields'>) {
  const selected = read.selectedFields.map((name) => ({ key: name.toLowerCase(), read: readerOf(name) }));
  const mapped = withoutOverlap(read.mappings).map((mapping) => ({
    read: withValues(readerOf(mapping.fieldName), mapping.values),
    write: writerOf(fieldSteps(mapping.mapToName)),
  }));
  const selectedKeys = new Set(selected.map(({ key }) => key));
  const mappedOnlyKeys = new Set(
    read.mappings.map(({ fieldName }) => fieldName.toLowerCase()).filter((key) => !selectedKeys.has(key)),
  );
  return (row: ConnectorRow): MappedRecord => {
    const fields: Target = read.wantsAllFields ? everyField(row, mappedOnlyKeys) : {};
    for (const field of selected) {
      const value = field.read(row);
      if (value !== undefined) setOwn(fields, field.key, value);
    }
    const mappedFields: Target = {};
    for (const field of mapped) {
      const value = field.read(row);
      if (value !== undefined) field.write(mappedFields, value);
    }
    return { fields, mappedFields, raw: row.raw };
  };
}

function everyField(row: ConnectorRow, exceptKeys: ReadonlySet<string>): Target {
  const fields: Target = {};
  for (const key of Object.keys(row.fields)) {
    const value = row.fields[key];
    if (value !== undefined && !exceptKeys.has(key)) setOwn(fields, key, value);
  }
  return fields;
}

function readerOf(fieldName: string): Reader {
  if (!isFieldPath(fieldName)) {
    const key = fieldName.toLowerCase();
    return ({ fields }) => (Object.hasOwn(fields, key) ? fields[key] : undefined);
  }
  const steps = fieldSteps(fieldName).map((step) => ({ exact: step, folded: step.toLowerCase() }));
  return ({ raw }) => {
    let value: JsonValue | undefined = raw;
    for (const { exact, folded } of steps) {
      if (!isJsonObject(value)) return undefined;
      value = ownIgnoringCase(value, exact, folded);
    }
    return value;
  };
}

function ownIgnoringCase(object: JsonObject, exact: string, folded: string): JsonValue | undefined {
  if (Object.hasOwn(object, exact)) return object[exact];
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === folded);
  return key === undefined ? undefined : object[key];
}

/** Exchanges provider values for the builder's. */
function withValues(read: Reader, values: EffectiveMapping['values']): Reader {
  if (values.length === 0) return read;
  const exchange = exchanger(values);
  return (row) => {
    const value = read(row);
    return value === undefined ? undefined : exchange(value);
  };
}

/**
 * Exchanges the first of each pair for the second; other values pass. A multi-select is exchanged choice by choice: a
 * list is one, and so is a text that HubSpot and Salesforce join with semicolons, unless it is itself in the pairs. In
 * such a text a choice that would become two or none stays as it is, so that there is a way back.
 */
export function exchanger(pairs: EffectiveMapping['values']): (value: JsonValue) => JsonValue {
  const exchanged = new Map<JsonValue, string>(pairs);
  const choices = new Map(pairs.filter(([from, to]) => from !== '' && to !== '' && !to.includes(';')));
  const one = (value: JsonValue): JsonValue => exchanged.get(value) ?? value;
  return (value) => {
    if (Array.isArray(value)) return value.map(one);
    if (typeof value !== 'string' || !value.includes(';') || exchanged.has(value)) return one(value);
    const parts = value.split(';').map((choice) => choices.get(choice) ?? choice);
    return parts.join(';');
  };
}

/** Overlaps were removed, so a step that exists is a nested object made here, never a provider's value. */
function writerOf(steps: readonly string[]): Writer {
  const last = steps.at(-1) ?? '';
  const parents = steps.slice(0, -1);
  if (parents.length === 0) return (target, value) => setOwn(target, last, value);
  return (target, value) => {
    let level = target;
    for (const step of parents) {
      if (!Object.hasOwn(level, step)) setOwn(level, step, {});
      level = level[step] as Target;
    }
    setOwn(level, last, value);
  };
}

/** Of mapped names where one lies inside the other, the first. */
export function withoutOverlap(mappings: readonly EffectiveMapping[]): readonly EffectiveMapping[] {
  const taken: (readonly string[])[] = [];
  return mappings.filter(({ mapToName }) => {
    const steps = fieldSteps(mapToName);
    const overlaps = taken.some((other) => {
      const shorter = Math.min(other.length, steps.length);
      return other.slice(0, shorter).every((step, index) => step === steps[index]);
    });
    if (!overlaps) taken.push(steps);
    return !overlaps;
  });
}

/** Assignment to `__proto__` would replace the prototype; everything else may take the fast way. */
function setOwn(target: Target, key: string, value: JsonValue): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

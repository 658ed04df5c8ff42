// How a simulated object declares its fields. Called by the provider declarations and routes. Invariant: a value is
// a pure function of the row, so that any record can be made from its index alone.

import type { JsonObject, JsonValue } from '../core/json.ts';
import { parseTimestamp } from '../core/time.ts';
import { pick } from './generate.ts';
import type { RecordRow } from './records.ts';

export type FieldType = 'id' | 'string' | 'number' | 'boolean' | 'datetime' | 'date' | 'enumeration' | 'reference';

export interface FieldSpec {
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  /** System fields cannot be written through the API. */
  readonly isReadOnly: boolean;
  /** All that an enumeration may be. */
  readonly options?: readonly string[];
  readonly generate: (row: RecordRow) => JsonValue;
}

export interface ObjectSpec {
  readonly name: string;
  /** By lower-case name: both providers compare names without regard to case. */
  readonly fields: ReadonlyMap<string, FieldSpec>;
}

export function buildObjectSpec(name: string, fields: readonly FieldSpec[]): ObjectSpec {
  return { name, fields: new Map(fields.map((field) => [field.name.toLowerCase(), field])) };
}

/** A field that the API may write. */
export function field(
  name: string,
  type: FieldType,
  label: string,
  generate: (row: RecordRow) => JsonValue,
): FieldSpec {
  return { name, label, type, isReadOnly: false, generate };
}

/** An enumeration: each row has one of its options, picked by a salt. */
export function choiceField(name: string, label: string, options: readonly string[], salt: number): FieldSpec {
  return { ...field(name, 'enumeration', label, (row) => pick(options, row, salt)), options };
}

export function systemField(
  name: string,
  type: FieldType,
  label: string,
  generate: (row: RecordRow) => JsonValue,
): FieldSpec {
  return { name, label, type, isReadOnly: true, generate };
}

export function fieldValue(spec: FieldSpec, row: RecordRow): JsonValue {
  const written = row.written.get(spec.name);
  return written === undefined ? spec.generate(row) : written;
}

export type WriteCheck =
  | { readonly kind: 'accepted'; readonly values: JsonObject }
  | { readonly kind: 'unknownField' | 'readOnlyField'; readonly name: string };

/** The values of a write under the declared spelling of their names, or the first name that cannot be written. */
export function checkWrite(object: ObjectSpec, values: JsonObject): WriteCheck {
  const accepted: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(values)) {
    const spec = object.fields.get(name.toLowerCase());
    if (spec === undefined) return { kind: 'unknownField', name };
    if (spec.isReadOnly) return { kind: 'readOnlyField', name };
    accepted.push([spec.name, value ?? null]);
  }
  return { kind: 'accepted', values: Object.fromEntries(accepted) };
}

export type Comparison = 'EQ' | 'NEQ' | 'GT' | 'GTE' | 'LT' | 'LTE';

/** Whether `value` stands in the asked relation to `literal`. Null equals null only, and is neither more nor less. */
export function isMatch(spec: FieldSpec, value: JsonValue, comparison: Comparison, literal: JsonValue): boolean {
  if (value === null || literal === null) {
    return comparison === 'EQ' ? value === literal : comparison === 'NEQ' && value !== literal;
  }
  const order = compareValues(spec, value, literal);
  switch (comparison) {
    case 'EQ':
      return order === 0;
    case 'NEQ':
      return order !== 0;
    case 'GT':
      return order > 0;
    case 'GTE':
      return order >= 0;
    case 'LT':
      return order < 0;
    case 'LTE':
      return order <= 0;
  }
}

/** Negative, zero or positive. Numbers and times compare as such, text without regard to case, null comes first. */
export function compareValues(spec: FieldSpec, a: JsonValue, b: JsonValue): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (spec.type === 'number' || spec.type === 'datetime' || spec.type === 'date') {
    return comparableNumber(a) - comparableNumber(b);
  }
  const left = String(a).toLowerCase();
  const right = String(b).toLowerCase();
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Epoch milliseconds of `1717171717000` or a timestamp, the number of a number, NaN of anything else. */
export function comparableNumber(value: JsonValue): number {
  if (typeof value === 'number') return value;
  const text = String(value);
  const number = Number(text);
  return Number.isNaN(number) ? (parseTimestamp(text) ?? Number.NaN) : number;
}

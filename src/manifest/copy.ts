// The content of a manifest as plain JSON, as it is stored and given back: every key that was written, known or not.
// Called by parse.ts on what the YAML parser made. Invariants: nothing is left out but keys of the schema without a
// value; the walk is bounded, whatever aliases repeat.

import { z } from 'zod';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { MANIFEST_CONTENT_BYTES_MAX, MANIFEST_DEPTH_MAX, MANIFEST_PROBLEMS_MAX } from '../core/limits.ts';
import { didYouMean } from '../core/nearNames.ts';
import type { Finding, Path } from './issues.ts';
import { manifestSchema } from './schema.ts';

export interface Copied {
  readonly file: JsonObject;
  /** Values that JSON does not have. */
  readonly errors: readonly Finding[];
  /** False if the aliases of the file make more of it than is stored. */
  readonly isComplete: boolean;
}

interface Walk {
  readonly warnings: Finding[];
  readonly errors: Finding[];
  bytes: number;
}

/** Adds to `warnings` the keys that the schema does not know. */
export function copyOf(value: JsonObject, warnings: Finding[]): Copied {
  const walk: Walk = { warnings, errors: [], bytes: 0 };
  const file = copied(walk, manifestSchema, value, []) as JsonObject;
  return { file, errors: walk.errors, isComplete: walk.bytes <= MANIFEST_CONTENT_BYTES_MAX };
}

/** `schema` is null below a key that is not known. */
function copied(walk: Walk, schema: unknown, value: unknown, path: Path): JsonValue {
  if (schema instanceof z.ZodExactOptional) return copied(walk, schema.unwrap(), value, path);
  if (schema instanceof z.ZodPipe) return copied(walk, schema.in, value, path);
  walk.bytes += typeof value === 'string' ? value.length + 2 : 4;
  if (walk.bytes > MANIFEST_CONTENT_BYTES_MAX) return null;
  if (path.length > MANIFEST_DEPTH_MAX) {
    note(walk.errors, { path, message: 'is nested too deeply' });
    return null;
  }
  if (Array.isArray(value)) {
    const element = schema instanceof z.ZodArray ? schema.element : null;
    return value.map((item, index) => copied(walk, element, item, [...path, index]));
  }
  if (typeof value === 'object' && value !== null) {
    return copiedObject(walk, schema instanceof z.ZodObject ? schema.shape : null, value, path);
  }
  if (typeof value === 'number') noteInexact(walk, value, path);
  return value as JsonValue;
}

function copiedObject(
  walk: Walk,
  shape: Readonly<Record<string, unknown>> | null,
  value: object,
  path: Path,
): JsonObject {
  const members: [string, JsonValue][] = [];
  for (const [written, item] of Object.entries(value)) {
    walk.bytes += written.length + 3;
    if (walk.bytes > MANIFEST_CONTENT_BYTES_MAX) break;
    const key = canonicalKey(written, shape ?? {});
    const isKnown = shape !== null && Object.hasOwn(shape, key);
    const keyPath = [...path, isKnown ? key : written];
    if (shape !== null && !isKnown) noteUnknown(walk, [...path, written], key, Object.keys(shape));
    if (item !== null || !isKnown) members.push([key, copied(walk, isKnown ? shape[key] : null, item, keyPath)]);
    else if (shape[key] instanceof z.ZodExactOptional) {
      note(walk.warnings, { path: [...path, written], message: 'has no value and is ignored' });
    }
  }
  return Object.fromEntries(members);
}

function noteUnknown(walk: Walk, path: Path, key: string, known: readonly string[]): void {
  const remedy = didYouMean(key, known);
  const message = 'is not a key of the manifest and is ignored';
  note(walk.warnings, { path, message, ...(remedy === undefined ? {} : { remedy }) });
}

/** JSON has no infinity, and a number has 53 bits. */
function noteInexact(walk: Walk, value: number, path: Path): void {
  const remedy = 'put the value in quotes';
  if (!Number.isFinite(value)) note(walk.errors, { path, message: 'must be a number that JSON has', remedy });
  else if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    note(walk.warnings, { path, message: 'has too many digits to be kept exactly', remedy });
  }
}

/** Aliases can repeat one stray key a million times. */
function note(findings: Finding[], finding: Finding): void {
  if (findings.length < MANIFEST_PROBLEMS_MAX) findings.push(finding);
}

/** Documentation and clients spell one key in two ways. */
function canonicalKey(key: string, shape: object): string {
  const isPlural = key === 'inheritFieldsAndMappings' && Object.hasOwn(shape, 'inheritFieldsAndMapping');
  return isPlural ? 'inheritFieldsAndMapping' : key;
}

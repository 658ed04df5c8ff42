// JSON as a type, and the only parser of text that came from outside.

import { IntegrationError } from './errors.ts';

/** Any JSON value. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
/** A JSON object; an absent key reads as undefined. */
export type JsonObject = { readonly [key: string]: JsonValue | undefined };

/** True for objects, false for arrays and null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses text from outside. Rejects with `malformed`; `what` names the text. The error carries nothing of its
 * content, and therefore not the parser's own message, which quotes it.
 */
export function parseJson(text: string, what: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new IntegrationError('malformed', `${what} is not valid JSON`);
  }
}

/** JSON from outside, or null where the text is something else, such as a page for people. */
export function jsonOrNull(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
}

/**
 * The value under a dotted path (`paging.next.link`, `0.id` for the first of a list; an empty path is the value
 * itself), or undefined where a step is missing.
 */
export function jsonAt(value: JsonValue | undefined, dottedPath: string): JsonValue | undefined {
  if (dottedPath === '') return value;
  let current: JsonValue | undefined = value;
  for (const key of dottedPath.split('.')) {
    if (Array.isArray(current))
      current = /^\d{1,6}$/.test(key) ? (current as readonly JsonValue[])[Number(key)] : undefined;
    else if (isJsonObject(current) && Object.hasOwn(current, key)) current = current[key];
    else return undefined;
  }
  return current;
}

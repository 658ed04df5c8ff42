// Names of fields: either plain (`email`) or a path into the record in bracket notation (`$['address']['city']`),
// the only form of JSONPath on the wire. Used by both schemas to refuse other forms and by the mapping to split.
// Invariant: a name that `fieldNameProblem` accepts splits into at least one non-empty step.

import { FIELD_NAME_CHARS_MAX, FIELD_PATH_STEPS_MAX } from '../core/limits.ts';

const BRACKET_PATH = /^\$(?:\['[^'\\]+'\])+$/;
const STEP = /\['([^'\\]+)'\]/g;

/** What is wrong with a field name, as the end of a sentence, or null. */
export function fieldNameProblem(name: string): string | null {
  if (name.trim() === '') return 'must not be empty';
  if (name.length > FIELD_NAME_CHARS_MAX) return `must have at most ${FIELD_NAME_CHARS_MAX} characters`;
  if (!looksLikePath(name)) return null;
  if (!BRACKET_PATH.test(name)) return "must be a path in bracket notation such as $['address']['city']";
  if (fieldSteps(name).length > FIELD_PATH_STEPS_MAX) return `may have at most ${FIELD_PATH_STEPS_MAX} path steps`;
  return null;
}

export function isFieldPath(name: string): boolean {
  return BRACKET_PATH.test(name);
}

/** The steps of a path, or the plain name as its only step. */
export function fieldSteps(name: string): readonly string[] {
  if (!isFieldPath(name)) return [name];
  return Array.from(name.matchAll(STEP), (match) => match[1] ?? '');
}

/** `$`, `$.a` and `$[…` are meant as paths; `$ref` is a plain name that some providers use. */
function looksLikePath(name: string): boolean {
  return name === '$' || name.startsWith('$.') || name.startsWith('$[');
}

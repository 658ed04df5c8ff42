// Turns what the schemas found into sentences for the person who wrote the file, and paths into the dotted form
// they know. Shared by the manifest (problems with a position) and the installation config (issues with a name).

import type { z } from 'zod';
import { didYouMean } from '../core/nearNames.ts';

export type Path = readonly (string | number)[];

/** A wrong value: `message` continues the path (`…schedule: must be …`), `remedy` is an optional sentence. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly remedy?: string;
}

/** `integrations[0].read.objects[0].schedule`; keys that are not plain words are quoted. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[\w$-]+$/.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** A finding per schema issue; `base` is put before each path. Values are named by their kind, never echoed in full. */
export function findingsOf(error: z.ZodError, base: Path = []): readonly Finding[] {
  return error.issues.map((issue) => {
    const path = [...base, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
    const remedy = remedyOf(issue);
    return { path, message: messageOf(issue), ...(remedy === undefined ? {} : { remedy }) };
  });
}

function messageOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined || issue.input === null) return 'is required';
      return `must be ${KIND_NAMES[issue.expected] ?? issue.expected}, not ${kindOf(issue.input)}`;
    case 'invalid_value':
      if (issue.input === undefined || issue.input === null) return 'is required';
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}, not ${quoted(issue.input)}`;
    case 'too_small':
      if (issue.origin === 'number' || issue.origin === 'int') return `must be at least ${issue.minimum}`;
      return issue.origin === 'array' ? 'must have at least one entry' : 'must not be empty';
    case 'too_big':
      if (issue.origin === 'number' || issue.origin === 'int') return `must be at most ${issue.maximum}`;
      return `must have at most ${issue.maximum} ${issue.origin === 'array' ? 'entries' : 'characters'}`;
    default:
      return issue.message;
  }
}

function remedyOf(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'invalid_type' && issue.expected === 'string' && isQuotable(issue.input)) {
    return 'put the value in quotes';
  }
  if (issue.code === 'invalid_type' && typeof issue.input === 'string')
    return unquotedRemedy(issue.expected, issue.input);
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    return didYouMean(issue.input, issue.values.map(String));
  }
  return undefined;
}

/** YAML 1.1 took these for true and false; YAML 1.2 and JSON take them for texts. */
const BOOLEAN_WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on', 'y', 'always'].map((word) => [word, true] as const),
  ...['false', 'no', 'off', 'n', 'never'].map((word) => [word, false] as const),
]);

/** What was meant by a text in the place of another kind. */
function unquotedRemedy(expected: string, text: string): string | undefined {
  const word = BOOLEAN_WORDS.get(text.toLowerCase());
  if (expected === 'boolean' && word !== undefined) return `write ${word}, without quotes`;
  const isNumber = (expected === 'number' || expected === 'int') && /^-?\d{1,9}$/.test(text);
  return isNumber ? `write ${Number(text)}, without quotes` : undefined;
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a number';
  return String(value);
}

function quoted(value: unknown): string {
  return typeof value === 'string' && value.length <= 40 ? JSON.stringify(value) : kindOf(value);
}

function isQuotable(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

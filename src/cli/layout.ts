// How answers of the operator plane are laid out for a terminal: wrapped to its width, times in UTC with how long that
// is from now. Written to a file or a pipe, lines are as long as what they say.

import process from 'node:process';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { type Ms, parseTimestamp, toRfc3339 } from '../core/time.ts';
import { timeText } from '../flows/operator/times.ts';

/** What a terminal has that does not say. */
const COLUMNS = 80;

/** Breaks text between words; it begins after `indent`, as do its further lines. Unbroken outside a terminal. */
export function wrapped(text: string, indent = ''): string {
  if (!process.stdout.isTTY) return text;
  const charsMax = (process.stdout.columns || COLUMNS) - indent.length;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && longer.length > charsMax) lines.push(line);
    line = line !== '' && longer.length > charsMax ? word : longer;
  }
  return [...lines, line].join(`\n${indent}`);
}

/** A published time for people; `none` for null. */
export function whenText(time: string | null, nowMs: Ms, none: string): string {
  const atMs = time === null ? null : parseTimestamp(time);
  return atMs === null ? none : timeText(atMs, nowMs);
}

/** `key=value` for each member; those that end in `AtMs` or are called `sinceMs` are times. */
export function detailsText(details: JsonObject): string {
  const text = (key: string, value: JsonValue) => (isTime(key, value) ? toRfc3339(value) : valueText(value));
  return Object.entries(details)
    .map(([key, value]) => `${key}=${text(key, value ?? null)}`)
    .join(' ');
}

/** The value of a member on a line of its own. */
export function memberText(key: string, value: JsonValue, nowMs: Ms): string {
  return isTime(key, value) ? timeText(value, nowMs) : valueText(value);
}

function isTime(key: string, value: JsonValue): value is number {
  return typeof value === 'number' && (key.endsWith('AtMs') || key === 'sinceMs');
}

const PLAIN = /^[^\s=",]+$/;

/** Quoted only where it would be unclear where it ends. */
export function valueText(value: JsonValue): string {
  if (value === null) return 'none';
  if (typeof value === 'string') return PLAIN.test(value) ? value : JSON.stringify(value);
  // Ids, as a rule.
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && PLAIN.test(item))) {
    return value.join(', ');
  }
  return JSON.stringify(value);
}

/** The longest of `texts`, for columns. */
export function widthOf(texts: readonly string[]): number {
  return texts.reduce((width, { length }) => Math.max(width, length), 0);
}

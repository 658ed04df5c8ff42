// Numbers and times as headers write them. The kind of a time is told by its magnitude: up to 31 days it is seconds
// from now, around 10^9 epoch seconds, around 10^12 epoch milliseconds, else a date. Invariant: a time that comes out
// is on our clock, not past, and at most LIMIT_AHEAD_MS_MAX ahead.

import { type JsonValue, parseJson } from '../../core/json.ts';
import { LIMIT_AHEAD_MS_MAX, LIMIT_BODY_CHARS_MAX } from '../../core/limits.ts';
import { type Ms, SECOND_MS } from '../../core/time.ts';

const DOT = 0x2e;
/** `(`, `,` and `;`, behind which a header says more about its number. */
const ENDS = [0x28, 0x2c, 0x3b];
/** More digits exceed what a double counts exactly. */
const NUMBER_CHARS_MAX = 20;
/** `2026-01-05T09:05` has 16; `Date.parse` would take `-5` or `2.x` for dates too. */
const DATE_CHARS_MIN = 14;
const DATE_CHARS_MAX = 80;
const EPOCH_SECONDS_MIN = 1e9;
const EPOCH_MS_MIN = 1e11;
const EPOCH_MS_MAX = 1e14;

/** The number that a header begins with (`20`, `1.5`, `100, 100;w=60`, `250(app)`); undefined for anything else. */
export function countOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  let end = 0;
  let dots = 0;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === DOT && end > 0 && dots === 0) dots++;
    else if (code < 0x30 || code > 0x39) break;
  }
  if (end === 0 || end > NUMBER_CHARS_MAX) return undefined;
  if (end === text.length) return exact(Number(text));
  return ENDS.includes(text.charCodeAt(end)) ? exact(Number(text.slice(0, end))) : undefined;
}

function exact(value: number): number | undefined {
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

/** `12/40`: spent and limit. */
export function spentOf(text: string | undefined): { readonly limit: number; readonly remaining: number } | undefined {
  const slash = text?.indexOf('/') ?? -1;
  if (text === undefined || slash === -1) return undefined;
  const spent = countOf(text.slice(0, slash));
  const limit = countOf(text.slice(slash + 1));
  if (spent === undefined || limit === undefined) return undefined;
  // More than the limit may be spent: Salesforce lets an org exceed its day before it refuses.
  return { limit, remaining: Math.max(0, limit - spent) };
}

/**
 * The time of a reset or a Retry-After. Providers' clocks are not trusted: where an answer says when something will be,
 * it is taken as a duration from the answer's own `date`.
 */
export function momentAtMs(
  text: string | undefined,
  headers: Readonly<Record<string, string>>,
  receivedAtMs: Ms,
): Ms | undefined {
  if (text === undefined) return undefined;
  const count = countOf(text);
  if (count === undefined) return onOurClock(dateMs(text), headers, receivedAtMs);
  if (count * SECOND_MS <= LIMIT_AHEAD_MS_MAX) return receivedAtMs + Math.ceil(count * SECOND_MS);
  if (count < EPOCH_SECONDS_MIN || count >= EPOCH_MS_MAX) return undefined;
  return onOurClock(count < EPOCH_MS_MIN ? count * SECOND_MS : count, headers, receivedAtMs);
}

function onOurClock(atMs: Ms | undefined, headers: Readonly<Record<string, string>>, receivedAtMs: Ms): Ms | undefined {
  if (atMs === undefined) return undefined;
  const aheadMs = atMs - (dateMs(headers['date']) ?? receivedAtMs);
  // A window that ended a moment ago is an empty one; years ago is nonsense, as is next year.
  return Math.abs(aheadMs) > LIMIT_AHEAD_MS_MAX ? undefined : receivedAtMs + Math.max(0, Math.ceil(aheadMs));
}

/** ISO 8601, HTTP dates, and what JavaScript servers print. A date without a zone is in UTC, wherever we run. */
function dateMs(text: string | undefined): Ms | undefined {
  if (text === undefined || text.length < DATE_CHARS_MIN || text.length > DATE_CHARS_MAX) return undefined;
  const isZoned = text.endsWith('GMT') || text.endsWith('Z') || /[+-]\d\d:?\d\d\b|UTC/.test(text.slice(10));
  const atMs = Date.parse(isZoned ? text : `${text}${text.charCodeAt(4) === 0x2d ? 'Z' : ' GMT'}`);
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** A stated wait in seconds, as time to wait; undefined for anything but a number within the bound. */
export function waitMsOf(seconds: unknown): Ms | undefined {
  if (typeof seconds !== 'number' || !(seconds >= 0)) return undefined;
  const waitMs = Math.ceil(seconds * SECOND_MS);
  return waitMs <= LIMIT_AHEAD_MS_MAX ? waitMs : undefined;
}

/**
 * A body that may be a refusal: those are short, and a long one is data. Undefined where it is not JSON, and unparsed
 * where it does not hold `marker`, as the bodies of nearly all accepted calls do not.
 */
export function shortJson(bodyText: string | undefined, marker = ''): JsonValue | undefined {
  if (bodyText === undefined || bodyText.length > LIMIT_BODY_CHARS_MAX || !bodyText.includes(marker)) return undefined;
  try {
    return parseJson(bodyText, 'a refusal');
  } catch {
    return undefined;
  }
}

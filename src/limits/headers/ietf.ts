// `RateLimit` and `RateLimit-Policy` in the forms that are in use, from
// https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/: since draft 8 lists of named policies
// (`"burst";q=100;w=60` and `"burst";r=50;t=30`), in draft 7 one dictionary (`limit=100, remaining=50, reset=5`) beside
// policies that are numbers (`100;w=60`). Read leniently: a part that is malformed is left out.

import { LIMIT_HEADER_CHARS_MAX, LIMIT_READINGS_MAX } from '../../core/limits.ts';
import { type Ms, SECOND_MS } from '../../core/time.ts';
import { type Answer, type LimitReading, nameOf, readingOf } from './said.ts';
import { countOf, momentAtMs } from './values.ts';

type Param = readonly [name: string, value: string];

interface Item {
  readonly head: string;
  readonly params: readonly Param[];
}

type Headers = Answer['headers'];

/** Readings of the two fields, either of which may be missing. */
export function ietfReadings(
  rateText: string | undefined,
  policyText: string | undefined,
  headers: Headers,
  receivedAtMs: Ms,
): readonly LimitReading[] {
  const rates = itemsOf(rateText);
  if (rates.some(({ head }) => head === '')) return dictionaryReadings(rateText, policyText, headers, receivedAtMs);
  const policies = itemsOf(policyText);
  // A map joins the two by name, and ends the growth of a list that repeats a name.
  const byName = new Map<string, { policy?: Item; rate?: Item }>();
  for (const policy of policies) {
    const name = policyName(policy);
    if (!byName.has(name)) byName.set(name, { policy });
  }
  for (const rate of rates) byName.set(nameOf(rate.head), { ...byName.get(nameOf(rate.head)), rate });
  const readings: LimitReading[] = [];
  for (const [name, { policy, rate }] of byName) {
    if (!countsCalls(policy)) continue;
    const reading = readingOf({
      name,
      limit: countOf(paramText(policy, 'q') ?? policy?.head),
      remaining: countOf(paramText(rate, 'r')),
      windowMs: windowMsOf(policy),
      resetAtMs: momentAtMs(paramText(rate, 't'), headers, receivedAtMs),
    });
    if (reading !== undefined) readings.push(reading);
  }
  return readings;
}

/**
 * The window of the policy that a limit belongs to: the one with that number, or the only one. `text` is a policy
 * field, or a limit field that holds the policies too (draft 6: `10, 10;w=1, 150;w=60`).
 */
export function windowMsFor(limit: number | undefined, text: string | undefined): Ms | undefined {
  if (text === undefined || !text.includes(';')) return undefined;
  const policies = itemsOf(text).filter((item) => windowMsOf(item) !== undefined);
  const own = policies.find((item) => countOf(paramText(item, 'q') ?? item.head) === limit);
  return windowMsOf(own ?? (policies.length === 1 ? policies[0] : undefined));
}

function dictionaryReadings(
  rateText: string | undefined,
  policyText: string | undefined,
  headers: Headers,
  receivedAtMs: Ms,
): readonly LimitReading[] {
  const params = paramsOf(rateText);
  const limit = countOf(params.get('limit'));
  const reading = readingOf({
    name: '',
    limit,
    remaining: countOf(params.get('remaining')),
    windowMs: windowMsFor(limit, policyText),
    resetAtMs: momentAtMs(params.get('reset'), headers, receivedAtMs),
  });
  return reading === undefined ? [] : [reading];
}

/** `limit=100, remaining=50` or the same with semicolons, as names and values. */
export function paramsOf(text: string | undefined): ReadonlyMap<string, string> {
  return new Map(itemsOf(text).flatMap(({ params }) => params));
}

/** Policies without a name are told apart by nothing; the first is usually the tightest. */
function policyName(policy: Item): string {
  return paramText(policy, 'q') === undefined ? '' : nameOf(policy.head);
}

/** Others count bytes (`content-bytes`) or calls at the same time (`concurrent-requests`). */
function countsCalls(policy: Item | undefined): boolean {
  return (paramText(policy, 'qu') ?? 'requests') === 'requests';
}

function windowMsOf(policy: Item | undefined): Ms | undefined {
  const seconds = countOf(paramText(policy, 'w') ?? paramText(policy, 'window'));
  return seconds === undefined ? undefined : seconds * SECOND_MS;
}

/** A list of items with parameters; an item `key=value` is a parameter of an item without a head. */
function itemsOf(text: string | undefined): readonly Item[] {
  if (text === undefined || text.length > LIMIT_HEADER_CHARS_MAX) return [];
  const items: Item[] = [];
  for (const itemText of split(text, ',')) {
    const [first, ...rest] = split(itemText, ';');
    if (first === undefined) continue;
    const hasHead = first.startsWith('"') || !first.includes('=');
    const params = (hasHead ? rest : [first, ...rest]).map(paramOf);
    items.push({ head: hasHead ? unquoted(first) : '', params });
    if (items.length === LIMIT_READINGS_MAX) break;
  }
  return items;
}

function paramText(item: Item | undefined, name: string): string | undefined {
  return item?.params.find((param) => param[0] === name)?.[1];
}

function paramOf(text: string): Param {
  const equals = text.indexOf('=');
  return equals === -1 ? [text, ''] : [text.slice(0, equals), unquoted(text.slice(equals + 1))];
}

/** Parts between separators outside quotes, trimmed, without empty ones. */
function split(text: string, separator: ',' | ';'): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  while (start < text.length) {
    const end = endOfPart(text, start, separator);
    const part = text.slice(start, end).trim();
    if (part !== '') parts.push(part);
    start = end + 1;
  }
  return parts;
}

function endOfPart(text: string, start: number, separator: string): number {
  let from = start;
  for (;;) {
    const end = text.indexOf(separator, from);
    const quote = text.indexOf('"', from);
    if (end === -1 || quote === -1 || end < quote) return end === -1 ? text.length : end;
    const closing = text.indexOf('"', quote + 1);
    if (closing === -1) return text.length;
    from = closing + 1;
  }
}

function unquoted(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

// What an answer says of the provider's limits: how much is left, whether it was refused for one, and until when. Pure;
// called for every answer of a provider, so that one that says nothing costs a look at its names. The families differ
// in names and in where they say "no"; which one a provider has is a fact of its declaration.

import type { RateHeaderFamily } from '../../catalog/schema.ts';
import { NameTable } from '../../core/nameTable.ts';
import type { Ms } from '../../core/time.ts';
import { headerRecord } from '../../egress/headers.ts';
import { atlassian } from './atlassian.ts';
import { discord, pipedrive } from './edge.ts';
import { generic } from './generic.ts';
import { github } from './github.ts';
import { hubspot } from './hubspot.ts';
import { linear } from './linear.ts';
import { monday } from './monday.ts';
import { aircall, airtable, apollo, brevo, freshdesk, front, gorgias, helpScout, klaviyo, salesloft } from './plain.ts';
import {
  type Answer,
  type LimitReading,
  type LimitsSaid,
  NO_READINGS,
  type Reader,
  type Refusal,
  type ToldInBody,
} from './said.ts';
import { salesforce } from './salesforce.ts';
import { shopify } from './shopify.ts';
import { slack } from './slack.ts';
import { stripe } from './stripe.ts';
import { momentAtMs } from './values.ts';
import { xero } from './xero.ts';
import { zendesk } from './zendesk.ts';
import { zoho } from './zoho.ts';
import { zoom } from './zoom.ts';

const READERS: Readonly<Record<RateHeaderFamily, Reader>> = {
  generic,
  aircall,
  airtable,
  apollo,
  atlassian,
  brevo,
  discord,
  freshdesk,
  front,
  github,
  gorgias,
  helpScout,
  hubspot,
  klaviyo,
  linear,
  monday,
  pipedrive,
  salesforce,
  salesloft,
  shopify,
  slack,
  stripe,
  xero,
  zendesk,
  zoho,
  zoom,
};

/** Shared by all answers that say nothing. */
export const NOTHING_SAID: LimitsSaid = Object.freeze({
  readings: NO_READINGS,
  isLimited: false,
  retryAtMs: null,
  isLockedOut: false,
});

const SHORT: ToldInBody = Object.freeze({ part: 'short' });
const NO_HEADERS: Answer['headers'] = Object.freeze({});
const LIMITED: Refusal = { isLimited: true };
const NOT_LIMITED: Refusal = { isLimited: false };

/** What `limitHeaders` does with a field: its lower-case name if it is one of the family's, `date`, or neither. */
interface Picked {
  readonly lower: string;
  readonly isNamed: boolean;
  readonly isDate: boolean;
}

/** Made with the first answer of a family: few of them are ever seen by one process. */
const picks = new Map<RateHeaderFamily, NameTable<Picked>>();

function picksOf(family: RateHeaderFamily): NameTable<Picked> {
  const known = picks.get(family);
  if (known !== undefined) return known;
  const made = pickOf(READERS[family].names);
  picks.set(family, made);
  return made;
}

function pickOf(all: readonly string[]): NameTable<Picked> {
  const prefixes = all.filter((name) => name.endsWith('-'));
  const names = new Set(all.filter((name) => !name.endsWith('-')));
  return new NameTable((name) => {
    const lower = name.toLowerCase();
    const isNamed = names.has(lower) || prefixes.some((prefix) => lower.startsWith(prefix));
    return { lower, isNamed, isDate: lower === 'date' };
  });
}

/**
 * The part of a raw list (`[name, value, …]`) that `limitsSaid` looks at: of an accepted call the few fields of the
 * family, which is cheaper than a record of all; of an error everything.
 */
export function limitHeaders(family: RateHeaderFamily, status: number, raw: readonly string[]): Answer['headers'] {
  if (status >= 400) return headerRecord(raw);
  const fields = picksOf(family);
  let picked: Record<string, string> | undefined;
  let date: string | undefined;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const { lower, isNamed, isDate } = fields.of(raw[index] ?? '');
    const value = raw[index + 1] ?? '';
    if (isDate) date ??= value;
    if (!isNamed) continue;
    // None of the names is one that every object has.
    picked ??= {};
    const earlier = picked[lower];
    picked[lower] = earlier === undefined ? value : `${earlier}, ${value}`;
  }
  // Only what stands beside it needs it.
  if (picked !== undefined && date !== undefined) picked['date'] ??= date;
  return picked ?? NO_HEADERS;
}

/** Whether `limitHeaders` found nothing in an accepted call, as in nearly all. */
export function saysNothing({ headers }: Answer): boolean {
  return headers === NO_HEADERS;
}

/** What of the body of such an answer may say what its headers do not; null if nothing. */
export function toldInBody(family: RateHeaderFamily, status: number): ToldInBody | null {
  const { statusesToldInBody, told = null } = READERS[family];
  if (status >= 400) return statusesToldInBody?.includes(status) ? SHORT : null;
  return status === 200 ? told : null;
}

/** Never throws, whatever the headers and the body are. */
export function limitsSaid(family: RateHeaderFamily, answer: Answer, receivedAtMs: Ms): LimitsSaid {
  const reader = READERS[family];
  const readings = reader.readings(answer, receivedAtMs);
  const isError = answer.status >= 400;
  if (!isError && (answer.bodyText === undefined || reader.hidesRefusals !== true)) return accepted(readings);
  const refusal = reader.refusal?.(answer) ?? (answer.status === 429 ? LIMITED : NOT_LIMITED);
  if (!isError && !refusal.isLimited) return accepted(readings);
  const marked = refusal.name === undefined ? readings : withRefused(readings, refusal.name);
  return {
    readings: marked,
    isLimited: refusal.isLimited,
    retryAtMs: retryAtMs(refusal, marked, answer.headers, receivedAtMs),
    isLockedOut: refusal.isLockedOut ?? false,
  };
}

function accepted(readings: readonly LimitReading[]): LimitsSaid {
  return readings.length === 0 ? NOTHING_SAID : { readings, isLimited: false, retryAtMs: null, isLockedOut: false };
}

/** The limit that refused has nothing left, whatever a counter that lags says. */
function withRefused(readings: readonly LimitReading[], name: string): readonly LimitReading[] {
  const known = readings.find((reading) => reading.name === name);
  return [...readings.filter((reading) => reading !== known), { ...known, name, remaining: 0 }];
}

/** The provider's own words first; a limit that has something left is not the one to wait for. */
function retryAtMs(
  refusal: Refusal,
  readings: readonly LimitReading[],
  headers: Answer['headers'],
  receivedAtMs: Ms,
): Ms | null {
  // `X-RateLimit-Retry-After` is Help Scout's spelling, and others'.
  const stated = momentAtMs(headers['retry-after'] ?? headers['x-ratelimit-retry-after'], headers, receivedAtMs);
  if (stated !== undefined) return stated;
  if (!refusal.isLimited) return null;
  if (refusal.waitMs !== undefined) return receivedAtMs + refusal.waitMs;
  const resetsAtMs = readings.map(({ remaining, resetAtMs }) => (remaining === 0 ? (resetAtMs ?? 0) : 0));
  const latestAtMs = Math.max(0, ...resetsAtMs);
  if (latestAtMs > 0) return latestAtMs;
  // Some tell nothing but when the window ends.
  const end = readings.length > 0 ? undefined : (headers['x-ratelimit-reset'] ?? headers['ratelimit-reset']);
  return momentAtMs(end, headers, receivedAtMs) ?? null;
}

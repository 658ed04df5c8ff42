// Header hygiene of the proxy, over raw lists (`[name, value, name, value, …]`) so that spelling, order and
// repetition survive. Pure; called once per direction and call. Invariant: no credential of the caller reaches the
// provider, and no field that speaks about one connection crosses to the other.

import { IntegrationError } from '../core/errors.ts';
import { NameTable } from '../core/nameTable.ts';

/** Fields that speak about one connection (RFC 9110 section 7.6.1 and 11.7, RFC 9113 section 3.2.1). */
const HOP_BY_HOP = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  // Trailers are not carried over, so their announcement and the offer to take them would both be untrue.
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

const REQUEST_DROPPED: readonly string[] = [
  ...HOP_BY_HOP,
  // The origin is another one, and `Expect` was answered by our own server already (RFC 9110 section 10.1.1).
  'host',
  'expect',
  // The caller's credentials are for Tenon; the provider's is attached afterwards.
  'authorization',
  'x-api-key',
  'cookie',
  // Written by proxies in front of Tenon: they describe the builder's network, which is none of the provider's
  // business, and a provider that trusts them would judge the wrong client. Not all of `cf-*`: a caller's
  // CF-Access-Client-Id is a request to the provider's own gateway.
  'forwarded',
  'via',
  'x-real-ip',
  'true-client-ip',
  'cdn-loop',
  'cf-access-jwt-assertion',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-ew-via',
  'cf-ipcountry',
  'cf-ray',
  'cf-visitor',
  'cf-worker',
];

const REQUEST_DROPPED_PREFIXES = ['x-amp-', 'x-forwarded-'];

/**
 * What a provider says about its own origin would be applied to Tenon's: cookies would mix all providers in one jar
 * (and are not sent back, see above), Alt-Svc would lead clients away, HSTS and Clear-Site-Data bind other services.
 */
const RESPONSE_DROPPED: readonly string[] = [
  ...HOP_BY_HOP,
  'set-cookie',
  'alt-svc',
  'strict-transport-security',
  'clear-site-data',
];

/** `x-amp-*` in a response is Tenon speaking about retries and limits; a provider must not imitate it. */
const RESPONSE_DROPPED_PREFIXES = ['x-amp-'];

const NO_NAMES: readonly string[] = [];

/** A field by its name, as one direction sees it. */
interface Field {
  readonly lower: string;
  readonly isDropped: boolean;
}

/** What becomes of a field: folding the case and looking through the lists cost more than the rest of the cleaning. */
function fieldsWithout(names: readonly string[], prefixes: readonly string[]): NameTable<Field> {
  const dropped = new Set(names);
  return new NameTable((name) => {
    const lower = name.toLowerCase();
    return { lower, isDropped: dropped.has(lower) || prefixes.some((prefix) => lower.startsWith(prefix)) };
  });
}

const REQUEST_FIELDS = fieldsWithout(REQUEST_DROPPED, REQUEST_DROPPED_PREFIXES);
const RESPONSE_FIELDS = fieldsWithout(RESPONSE_DROPPED, RESPONSE_DROPPED_PREFIXES);

/**
 * The caller's headers as the provider may see them. `alsoDropped` holds lower-case names that the credential is about
 * to set. Content-Length stays: with a streamed body it keeps the caller's framing instead of turning it into chunks.
 */
export function cleanRequestHeaders(raw: readonly string[], alsoDropped: readonly string[]): string[] {
  return clean(raw, REQUEST_FIELDS, alsoDropped);
}

/** Lower-case names of a raw list that a request may not have beside it, unless they are dropped anyway. */
export function namesToDrop(raw: readonly string[]): readonly string[] {
  let names: string[] | null = null;
  for (let index = 0; index < raw.length; index += 2) {
    const { lower, isDropped } = REQUEST_FIELDS.of(raw[index] ?? '');
    if (!isDropped) names = [...(names ?? []), lower];
  }
  return names ?? NO_NAMES;
}

/**
 * The provider's headers as the caller may see them. Content-Encoding and -Length stay: the body passes as it is. A 204
 * has none, and a length on it would be taken for one by whoever stands between (RFC 9110 section 8.6).
 * Rejects with `provider_malformed` for a transfer coding that nobody offered to take.
 */
export function cleanResponseHeaders(raw: readonly string[], status = 200): string[] {
  const kept = clean(raw, RESPONSE_FIELDS, NO_NAMES);
  return status === 204 ? withoutFields(kept, ['content-length']) : kept;
}

/** The first value of a field in a raw list, or undefined. `name` is lower-case. */
export function headerValue(raw: readonly string[], name: string): string | undefined {
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const candidate = raw[index];
    if (candidate?.length === name.length && candidate.toLowerCase() === name) return raw[index + 1];
  }
  return undefined;
}

/** A raw list as a null-prototype record: lower-case names, repeated fields joined with `, ` (RFC 9110 section 5.3). */
export function headerRecord(raw: readonly string[]): Readonly<Record<string, string>> {
  const record: Record<string, string> = Object.create(null);
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    const earlier = record[name];
    record[name] = earlier === undefined ? value : `${earlier}, ${value}`;
  }
  return record;
}

function clean(raw: readonly string[], fields: NameTable<Field>, alsoDropped: readonly string[]): string[] {
  const kept: string[] = [];
  let connectionOptions: string[] | null = null;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const value = raw[index + 1] ?? '';
    const { lower, isDropped } = fields.of(name);
    if (!isDropped) {
      if (alsoDropped.length === 0 || !alsoDropped.includes(lower)) kept.push(name, value);
    } else if (lower === 'connection') {
      connectionOptions = optionsOf(value, connectionOptions);
    } else if (fields === RESPONSE_FIELDS && lower === 'transfer-encoding') {
      checkCoding(value);
    }
  }
  return connectionOptions === null ? kept : withoutFields(kept, connectionOptions);
}

/**
 * The parsers undo `chunked` and nothing else, so bytes under another coding would cross without the field that
 * explains them (RFC 9112 section 6.1). Requests of this kind end at the edge.
 */
function checkCoding(value: string): void {
  if (value.trim().toLowerCase() === 'chunked') return;
  throw new IntegrationError('provider_malformed', 'the body has a transfer coding that was not asked for');
}

/** Fields named in Connection are hop-by-hop too; null if, as nearly always, it says only `keep-alive` or `close`. */
function optionsOf(value: string, earlier: string[] | null): string[] | null {
  const lower = value.toLowerCase();
  if (lower === 'keep-alive' || lower === 'close') return earlier;
  return [...(earlier ?? []), ...lower.split(',').map((option) => option.trim())];
}

/** A raw list without the fields of those names, which are lower-case. */
export function withoutFields(list: readonly string[], names: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < list.length; index += 2) {
    const name = list[index] ?? '';
    if (!names.includes(name.toLowerCase())) kept.push(name, list[index + 1] ?? '');
  }
  return kept;
}

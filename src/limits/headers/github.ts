// GitHub. The primary limit is counted per resource (`core`, `search`, `graphql`) and told on every answer; secondary
// limits are told by nothing until they refuse, with 403 or 429, words, and sometimes Retry-After; else a minute is to
// be waited. A user whose sign-in failed too often is refused altogether for a while, with good tokens too.
// Sources: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api,
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api and
// https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api

import { jsonAt } from '../../core/json.ts';
import { HOUR_MS, MINUTE_MS, type Ms } from '../../core/time.ts';
import { fieldNames, fieldReading, type LimitFields } from './fields.ts';
import { type Answer, listOf, NO_READINGS, type Reader, type Refusal } from './said.ts';
import { shortJson } from './values.ts';

const FIELDS = {
  limit: 'x-ratelimit-limit',
  remaining: 'x-ratelimit-remaining',
  reset: 'x-ratelimit-reset',
};
const WINDOWS_MS: Readonly<Record<string, Ms>> = { core: HOUR_MS, graphql: HOUR_MS, search: MINUTE_MS };
const RESOURCES: ReadonlyMap<string, LimitFields> = new Map(
  Object.entries(WINDOWS_MS).map(([name, windowMs]) => [name, { ...FIELDS, name, windowMs }]),
);

export const github: Reader = {
  hidesRefusals: true,
  // A file of a repository may hold the words of a refusal.
  told: { part: 'short', names: ['graphql'] },
  statusesToldInBody: [403],
  names: [...fieldNames([FIELDS]), 'x-ratelimit-resource'],
  readings: ({ headers }, receivedAtMs) => {
    if (headers[FIELDS.remaining] === undefined) return NO_READINGS;
    const name = headers['x-ratelimit-resource'] ?? 'core';
    return listOf(fieldReading(RESOURCES.get(name) ?? { ...FIELDS, name }, headers, receivedAtMs));
  },
  refusal: (answer) => {
    if (answer.status < 400) return isGraphqlRefusal(answer.bodyText) ? { isLimited: true } : undefined;
    return answer.status === 403 || answer.status === 429 ? refusalOf(answer) : undefined;
  },
};

function refusalOf({ status, headers, bodyText }: Answer): Refusal | undefined {
  const words = String(jsonAt(shortJson(bodyText), 'message') ?? '').toLowerCase();
  if (words.includes('maximum number of login attempts')) return { isLimited: false, isLockedOut: true };
  // Before the header: the primary limit may be spent too, and its reset is not what to wait for.
  const isSecondary = words.includes('secondary rate limit') || words.includes('abuse detection');
  if (!isSecondary && headers[FIELDS.remaining] === '0') return { isLimited: true };
  // Other 403 are missing permissions, and say so without Retry-After.
  const isLimited = isSecondary || status === 429 || headers['retry-after'] !== undefined;
  return isLimited ? { isLimited, name: 'secondary', waitMs: MINUTE_MS } : undefined;
}

function isGraphqlRefusal(bodyText: string | undefined): boolean {
  return jsonAt(shortJson(bodyText, '"RATE_LIMITED"'), 'errors.0.type') === 'RATE_LIMITED';
}

// Salesforce. `Sforce-Limit-Info: api-usage=10018/100000; per-app-api-usage=17/250(appName=x)` counts a rolling day of
// the org and, where an admin set a limit, of the app; the counts lag. A refusal is 403 with REQUEST_LIMIT_EXCEEDED,
// for the day or for calls at once, and no Retry-After. A locked row (UNABLE_TO_LOCK_ROW) is no limit.
// Sources: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm and
// https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-api.html

import { jsonAt } from '../../core/json.ts';
import { LIMIT_BODY_CHARS_MAX, LIMIT_HEADER_CHARS_MAX } from '../../core/limits.ts';
import { DAY_MS } from '../../core/time.ts';
import { type LimitReading, listOf, NO_READINGS, type Reader, readingOf } from './said.ts';
import { shortJson, spentOf } from './values.ts';

const ORG_USAGE = 'api-usage=';
const APP_USAGE = 'per-app-api-usage=';
const EXCEEDED = 'REQUEST_LIMIT_EXCEEDED';

export const salesforce: Reader = {
  statusesToldInBody: [403, 503],
  names: ['sforce-limit-info'],
  readings: ({ headers }) => {
    const text = headers['sforce-limit-info'];
    if (text === undefined || text.length > LIMIT_HEADER_CHARS_MAX) return NO_READINGS;
    // The org's part is the first; the name of the app's ends with the same words.
    const org = text.startsWith(ORG_USAGE) ? usage('daily', text.slice(ORG_USAGE.length)) : undefined;
    const appAt = text.indexOf(APP_USAGE);
    const app = appAt === -1 ? undefined : usage('perApp', text.slice(appAt + APP_USAGE.length));
    return org !== undefined && app !== undefined ? [org, app] : listOf(org ?? app);
  },
  refusal: ({ bodyText }) => {
    const words = wordsOfRefusal(bodyText);
    return words === undefined ? undefined : { isLimited: true, name: nameIn(words) };
  },
};

function usage(name: string, text: string): LimitReading | undefined {
  const spent = spentOf(text);
  return spent && readingOf({ name, limit: spent.limit, remaining: spent.remaining, windowMs: DAY_MS });
}

/** REST answers a list of `{errorCode, message}`, SOAP and Bulk an XML fault. */
function wordsOfRefusal(bodyText: string | undefined): string | undefined {
  if (bodyText === undefined || bodyText.length > LIMIT_BODY_CHARS_MAX || !bodyText.includes(EXCEEDED))
    return undefined;
  const body = shortJson(bodyText);
  if (body === undefined) return bodyText.startsWith('<') ? bodyText : undefined;
  const first = Array.isArray(body) ? '0.' : '';
  return jsonAt(body, `${first}errorCode`) === EXCEEDED ? String(jsonAt(body, `${first}message`) ?? '') : undefined;
}

/** "TotalRequests Limit exceeded." or "ConcurrentRequests (Concurrent API Requests) Limit exceeded.". */
function nameIn(words: string): string {
  return words.includes('Concurrent') ? 'concurrent' : 'daily';
}

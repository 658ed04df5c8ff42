// Shopify. REST is a leaky bucket that every plan empties in twenty seconds (40 at 2 a second, 80 at 4, 400 at 20);
// GraphQL a bucket of cost points, told at the end of each answer. GraphQL refuses with 200 and THROTTLED. A shop that
// was asked too often is locked (423), an app that looks like an attack is turned away (430).
// Sources: https://shopify.dev/docs/api/admin-rest/usage/rate-limits, https://shopify.dev/docs/api/usage/limits and
// https://shopify.dev/docs/api/usage/response-codes

import { type JsonValue, jsonAt } from '../../core/json.ts';
import { LIMIT_AHEAD_MS_MAX, LIMIT_BODY_CHARS_MAX } from '../../core/limits.ts';
import { type Ms, SECOND_MS } from '../../core/time.ts';
import { type LimitReading, NO_READINGS, type Reader, readingOf } from './said.ts';
import { shortJson, spentOf, waitMsOf } from './values.ts';

const CALL_LIMIT = 'x-shopify-shop-api-call-limit';
const REST_WINDOW_MS = 20 * SECOND_MS;
/** What Retry-After says where it is there. */
const REST_WAIT_MS = 2 * SECOND_MS;
const STATUSES_LOCKED_OUT = [423, 430];
const THROTTLE_KEY = '"throttleStatus"';
/** The object behind the key: three numbers and their names. */
const THROTTLE_CHARS_MAX = 200;

export const shopify: Reader = {
  hidesRefusals: true,
  names: [CALL_LIMIT],
  told: { part: 'end', names: ['cost'] },
  readings: ({ headers, bodyText }, receivedAtMs) => {
    const rest = spentOf(headers[CALL_LIMIT]);
    const throttle = bodyText === undefined ? undefined : throttleStatus(bodyText);
    if (rest === undefined && throttle === undefined) return NO_READINGS;
    const costWindowMs = throttle && (throttle.limit / throttle.restoreRate) * SECOND_MS;
    return [
      bucketReading('rest', rest, REST_WINDOW_MS, receivedAtMs),
      bucketReading('cost', throttle, costWindowMs, receivedAtMs),
    ].filter((reading) => reading !== undefined);
  },
  refusal: ({ status, headers, bodyText }) => {
    if (STATUSES_LOCKED_OUT.includes(status)) return { isLimited: true, isLockedOut: true };
    // A call fits long before the bucket is empty again, which is all that the readings tell.
    if (status === 429 && headers[CALL_LIMIT] !== undefined) {
      return { isLimited: true, name: 'rest', waitMs: REST_WAIT_MS };
    }
    const body = shortJson(bodyText, '"THROTTLED"');
    const isThrottled = jsonAt(body, 'errors.0.extensions.code') === 'THROTTLED';
    return isThrottled ? { isLimited: true, name: 'cost', waitMs: costWaitMs(body) } : undefined;
  },
};

interface Bucket {
  readonly limit: number;
  readonly remaining: number;
}

function bucketReading(
  name: string,
  bucket: Bucket | undefined,
  windowMs: Ms | undefined,
  receivedAtMs: Ms,
): LimitReading | undefined {
  if (bucket === undefined || windowMs === undefined) return undefined;
  const { limit, remaining } = bucket;
  const missingMs = Math.ceil(Math.max(0, 1 - remaining / limit) * windowMs);
  // Not with a bucket without a size, nor with one that is never filled up.
  if (!(windowMs <= LIMIT_AHEAD_MS_MAX && missingMs <= windowMs + 1)) return undefined;
  return readingOf({ name, limit, remaining, windowMs, resetAtMs: receivedAtMs + missingMs });
}

/**
 * Bodies are not parsed for this: the object comes last. Within a text of JSON its quotes would be escaped, so that
 * no customer's record can pretend to be it.
 */
function throttleStatus(bodyText: string): (Bucket & { readonly restoreRate: number }) | undefined {
  const tail = bodyText.slice(-LIMIT_BODY_CHARS_MAX);
  const at = tail.lastIndexOf(THROTTLE_KEY);
  if (at === -1) return undefined;
  const start = tail.indexOf('{', at);
  const text = tail.slice(start, start + THROTTLE_CHARS_MAX);
  const status = shortJson(text.slice(0, text.indexOf('}') + 1));
  const [limit, remaining, restoreRate] = ['maximumAvailable', 'currentlyAvailable', 'restoreRate'].map((key) =>
    amountOf(jsonAt(status, key)),
  );
  if (limit === undefined || remaining === undefined || restoreRate === undefined) return undefined;
  return { limit, remaining, restoreRate };
}

/** How long the bucket takes to hold what the query needs. */
function costWaitMs(body: JsonValue | undefined): Ms | undefined {
  const cost = jsonAt(body, 'extensions.cost');
  const needed = amountOf(jsonAt(cost, 'requestedQueryCost'));
  const available = amountOf(jsonAt(cost, 'throttleStatus.currentlyAvailable'));
  const restoreRate = amountOf(jsonAt(cost, 'throttleStatus.restoreRate'));
  if (needed === undefined || available === undefined || restoreRate === undefined || restoreRate === 0)
    return undefined;
  return waitMsOf(Math.max(0, needed - available) / restoreRate);
}

function amountOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

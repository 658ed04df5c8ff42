// The headers that most providers share, for those of which nothing else is known: the IETF fields in all drafts, and
// the `X-RateLimit-*` names that came before them. What the reset is (seconds, epoch, date) is told by its magnitude.

import type { Ms } from '../../core/time.ts';
import { fieldNames, fieldReading, type LimitFields } from './fields.ts';
import { ietfReadings, windowMsFor } from './ietf.ts';
import { type Answer, type LimitReading, NO_READINGS, type Reader } from './said.ts';

const TRIPLES: readonly Required<Pick<LimitFields, 'name' | 'limit' | 'remaining' | 'reset'>>[] = [
  'x-ratelimit',
  'ratelimit',
  'x-rate-limit',
].map((prefix) => ({
  name: '',
  limit: `${prefix}-limit`,
  remaining: `${prefix}-remaining`,
  reset: `${prefix}-reset`,
}));

export const generic: Reader = {
  names: ['ratelimit', 'ratelimit-policy', ...fieldNames(TRIPLES)],
  readings: genericReadings,
};

/** Also what families fall back on that add something to these. */
export function genericReadings({ headers }: Answer, receivedAtMs: Ms): readonly LimitReading[] {
  const rateText = headers['ratelimit'];
  const policyText = headers['ratelimit-policy'];
  if (rateText !== undefined) return ietfReadings(rateText, policyText, headers, receivedAtMs);
  for (const fields of TRIPLES) {
    const reading = fieldReading(fields, headers, receivedAtMs);
    if (reading === undefined) continue;
    const windowMs = windowMsFor(reading.limit, policyText ?? headers[fields.limit]);
    return [windowMs === undefined ? reading : { ...reading, windowMs }];
  }
  return policyText === undefined ? NO_READINGS : ietfReadings(undefined, policyText, headers, receivedAtMs);
}

// Stripe. Nothing is told before a limit refuses; then `Stripe-Rate-Limited-Reason` names it (`global-rate`,
// `endpoint-concurrency`, …) and there is no Retry-After. A 429 with `lock_timeout` is a busy object and no limit.
// Source: https://docs.stripe.com/rate-limits

import { jsonAt } from '../../core/json.ts';
import { NO_READINGS, nameOf, type Reader } from './said.ts';
import { shortJson } from './values.ts';

export const stripe: Reader = {
  names: [],
  readings: () => NO_READINGS,
  refusal: ({ status, headers, bodyText }) => {
    if (status !== 429) return undefined;
    const reason = headers['stripe-rate-limited-reason'];
    if (reason !== undefined) return { isLimited: true, name: nameOf(reason) };
    return { isLimited: jsonAt(shortJson(bodyText), 'error.code') !== 'lock_timeout' };
  },
};

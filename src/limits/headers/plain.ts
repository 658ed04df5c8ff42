// Providers of which it is enough to know how their headers are called and how long their windows are.

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { fieldReadings } from './fields.ts';
import { generic } from './generic.ts';
import type { Reader } from './said.ts';

// The three fields tell of the steady window, and are not there when it refuses; the burst of a second is seen only by
// how soon its refusal ends.
// https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
export const klaviyo: Reader = {
  ...fieldReadings([
    {
      name: 'steady',
      limit: 'ratelimit-limit',
      remaining: 'ratelimit-remaining',
      reset: 'ratelimit-reset',
      windowMs: MINUTE_MS,
    },
  ]),
  refusal: ({ status, headers }) => {
    const waitS = Number(headers['retry-after'] ?? Number.NaN);
    if (status !== 429 || Number.isNaN(waitS)) return undefined;
    return { isLimited: true, name: waitS <= 1 ? 'burst' : 'steady' };
  },
};

// A leaky bucket; enterprise accounts have a window of ten seconds, others of twenty.
// https://developers.gorgias.com/reference/limitations
export const gorgias: Reader = {
  ...fieldReadings([{ name: '', usedOfLimit: 'x-gorgias-account-api-call-limit' }]),
};

// https://developer.helpscout.com/mailbox-api/overview/rate-limiting/
export const helpScout: Reader = {
  ...fieldReadings([
    {
      name: 'minute',
      limit: 'x-ratelimit-limit-minute',
      remaining: 'x-ratelimit-remaining-minute',
      windowMs: MINUTE_MS,
    },
  ]),
};

// Cost points; https://developers.salesloft.com/docs/platform/api-basics/rate-limits/
export const salesloft: Reader = {
  ...fieldReadings([
    {
      name: 'cost',
      limit: 'x-ratelimit-limit-minute',
      remaining: 'x-ratelimit-remaining-minute',
      windowMs: MINUTE_MS,
    },
  ]),
};

// https://developers.freshdesk.com/api/#ratelimit
export const freshdesk: Reader = {
  ...fieldReadings([{ name: '', limit: 'x-ratelimit-total', remaining: 'x-ratelimit-remaining', windowMs: MINUTE_MS }]),
};

// https://developers.brevo.com/docs/limit-headers
export const brevo: Reader = {
  ...fieldReadings([
    {
      name: '',
      limit: 'x-sib-ratelimit-limit',
      remaining: 'x-sib-ratelimit-remaining',
      reset: 'x-sib-ratelimit-reset',
    },
  ]),
};

// https://docs.apollo.io/reference/rate-limits
export const apollo: Reader = {
  ...fieldReadings([
    { name: 'minute', limit: 'x-rate-limit-minute', used: 'x-minute-usage', windowMs: MINUTE_MS },
    { name: 'hour', limit: 'x-rate-limit-hourly', used: 'x-hourly-usage', windowMs: HOUR_MS },
    { name: 'day', limit: 'x-rate-limit-24-hour', used: 'x-24-hour-usage', windowMs: DAY_MS },
  ]),
};

// https://developer.aircall.io/api-references/#rate-limiting
export const aircall: Reader = {
  ...fieldReadings([
    {
      name: '',
      limit: 'x-aircallapi-limit',
      remaining: 'x-aircallapi-remaining',
      reset: 'x-aircallapi-reset',
      windowMs: MINUTE_MS,
    },
  ]),
};

/** After a 429 every call is refused for this long, and no header says it. */
const AIRTABLE_SILENCE_MS = 30 * SECOND_MS;

// https://support.airtable.com/docs/managing-api-call-limits-in-airtable
export const airtable: Reader = {
  ...generic,
  refusal: ({ status }) => (status === 429 ? { isLimited: true, waitMs: AIRTABLE_SILENCE_MS } : undefined),
};

// A 429 with calls left is one of the burst limits per resource, which `x-front-tier` numbers.
// https://dev.frontapp.com/docs/rate-limiting
export const front: Reader = {
  ...generic,
  refusal: ({ status, headers }) => {
    const isBurst = headers['x-front-tier'] !== undefined && headers['x-ratelimit-remaining'] !== '0';
    return status === 429 && isBurst ? { isLimited: true, name: 'tier' } : undefined;
  },
};

// Zoho CRM. Credits of a rolling day, told once half of them are spent; calls at once, refused with TOO_MANY_REQUESTS.
// Source: https://www.zoho.com/crm/developer/docs/api/v6/api-limits.html

import { jsonAt } from '../../core/json.ts';
import { DAY_MS } from '../../core/time.ts';
import { fieldReadings } from './fields.ts';
import type { Reader } from './said.ts';
import { shortJson } from './values.ts';

export const zoho: Reader = {
  ...fieldReadings([{ name: 'credits', remaining: 'x-api-credits-remaining', windowMs: DAY_MS }]),
  statusesToldInBody: [429],
  refusal: ({ status, bodyText }) => {
    const code = jsonAt(shortJson(bodyText), 'code');
    if (code === 'TOO_MANY_REQUESTS') return { isLimited: true, name: 'concurrent' };
    // With 400 it is the length of a list that is too large.
    return code === 'LIMIT_EXCEEDED' && status !== 400 ? { isLimited: true, name: 'credits' } : undefined;
  },
};

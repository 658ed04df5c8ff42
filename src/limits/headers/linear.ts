// Linear. Requests and complexity of an hour, and of single endpoints, with resets in epoch milliseconds; refusals are
// HTTP 400 with the GraphQL code RATELIMITED.
// Source: https://linear.app/developers/rate-limiting

import { jsonAt } from '../../core/json.ts';
import { HOUR_MS } from '../../core/time.ts';
import { fieldReadings, type LimitFields } from './fields.ts';
import type { Reader } from './said.ts';
import { shortJson } from './values.ts';

export const linear: Reader = {
  statusesToldInBody: [400],
  ...fieldReadings([
    { ...fieldsOf('requests'), windowMs: HOUR_MS },
    { ...fieldsOf('complexity'), windowMs: HOUR_MS },
    fieldsOf('endpoint-requests'),
  ]),
  refusal: ({ bodyText }) => {
    const code = jsonAt(shortJson(bodyText, '"RATELIMITED"'), 'errors.0.extensions.code');
    return code === 'RATELIMITED' ? { isLimited: true } : undefined;
  },
};

function fieldsOf(name: string): LimitFields {
  const prefix = `x-ratelimit-${name}`;
  return { name, limit: `${prefix}-limit`, remaining: `${prefix}-remaining`, reset: `${prefix}-reset` };
}

// monday.com. IETF fields on every answer. Refusals are GraphQL errors, with 429 or with 200, and tell a wait in
// `retry_in_seconds` where Retry-After is missing. A query that is too complex in itself is refused with the same code
// as one for which the minute has nothing left; it has no wait.
// Sources: https://developer.monday.com/api-reference/docs/rate-limits, …/docs/error-handling and
// https://support.monday.com/hc/en-us/articles/26471164460690-API-Rate-Limits

import { jsonAt } from '../../core/json.ts';
import { generic } from './generic.ts';
import type { Reader, Refusal } from './said.ts';
import { shortJson, waitMsOf } from './values.ts';

const COMPLEXITY = 'ComplexityException';
const NAMES: ReadonlyMap<unknown, string> = new Map([
  [COMPLEXITY, 'complexity'],
  ['COMPLEXITY_BUDGET_EXHAUSTED', 'complexity'],
  ['DAILY_LIMIT_EXCEEDED', 'daily'],
  ['maxConcurrencyExceeded', 'concurrent'],
  // Of one field of a query: others go on.
  ['FIELD_MINUTE_RATE_LIMIT_EXCEEDED', 'field'],
  ['FIELD_LIMIT_EXCEEDED', 'field'],
  ['IP_RATE_LIMIT_EXCEEDED', 'address'],
]);

export const monday: Reader = {
  hidesRefusals: true,
  told: { part: 'short' },
  statusesToldInBody: [429],
  ...generic,
  refusal: ({ status, bodyText }): Refusal | undefined => {
    const body = shortJson(bodyText, 'error');
    // Before 2025 answers had the code at the top.
    const code = jsonAt(body, 'errors.0.extensions.code') ?? jsonAt(body, 'error_code');
    const name = NAMES.get(code);
    const waitMs = waitMsOf(jsonAt(body, 'errors.0.extensions.retry_in_seconds'));
    if (name === undefined || (code === COMPLEXITY && status !== 429 && waitMs === undefined)) return undefined;
    return { isLimited: true, name, waitMs };
  },
};

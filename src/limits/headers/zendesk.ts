// Zendesk. The account's limit per minute, whose reset only list endpoints tell, and limits per endpoint in fields of
// their own: `zendesk-ratelimit-tickets-index: total=100; remaining=99; resets=41`.
// Source:
// https://developer.zendesk.com/documentation/api-basics/best-practices/best-practices-for-avoiding-rate-limiting

import { LIMIT_READINGS_MAX } from '../../core/limits.ts';
import { MINUTE_MS, type Ms } from '../../core/time.ts';
import { fieldNames, fieldReading } from './fields.ts';
import { paramsOf } from './ietf.ts';
import { type Answer, type LimitReading, NO_READINGS, type Reader, readingOf } from './said.ts';
import { countOf, momentAtMs } from './values.ts';

const PREFIX = 'zendesk-ratelimit-';
const ACCOUNT = { name: 'account', reset: 'ratelimit-reset', windowMs: MINUTE_MS };
const ACCOUNT_FIELDS = [
  { ...ACCOUNT, limit: 'x-rate-limit', remaining: 'x-rate-limit-remaining' },
  { ...ACCOUNT, limit: 'ratelimit-limit', remaining: 'ratelimit-remaining' },
];

export const zendesk: Reader = {
  names: [...fieldNames(ACCOUNT_FIELDS), PREFIX],
  readings: ({ headers }, receivedAtMs) => {
    let readings: LimitReading[] | undefined;
    for (const fields of ACCOUNT_FIELDS) {
      const account = fieldReading(fields, headers, receivedAtMs);
      if (account === undefined) continue;
      readings = [account];
      break;
    }
    for (const name of Object.keys(headers)) {
      if (!name.startsWith(PREFIX) || (readings?.length ?? 0) >= LIMIT_READINGS_MAX) continue;
      const endpoint = endpointReading(name, headers, receivedAtMs);
      if (endpoint === undefined) continue;
      readings ??= [];
      readings.push(endpoint);
    }
    return readings ?? NO_READINGS;
  },
};

function endpointReading(name: string, headers: Answer['headers'], receivedAtMs: Ms): LimitReading | undefined {
  const facts = paramsOf(headers[name]);
  return readingOf({
    name: name.slice(PREFIX.length),
    limit: countOf(facts.get('total')),
    remaining: countOf(facts.get('remaining')),
    resetAtMs: momentAtMs(facts.get('resets'), headers, receivedAtMs),
  });
}

// Xero. What is left of three limits on every answer, without the limits; a 429 names its own in `X-Rate-Limit-Problem`
// and, for the minute and the day, has Retry-After.
// Source: https://developer.xero.com/documentation/guides/oauth2/limits/

import { DAY_MS, MINUTE_MS } from '../../core/time.ts';
import { fieldReadings } from './fields.ts';
import type { Reader } from './said.ts';

/** In this order: the app's minute is a minute too. */
const PROBLEMS = [
  ['app', 'appMinute'],
  ['min', 'minute'],
  ['day', 'day'],
  ['concurrent', 'concurrent'],
] as const;

export const xero: Reader = {
  ...fieldReadings([
    { name: 'minute', remaining: 'x-minlimit-remaining', windowMs: MINUTE_MS },
    { name: 'day', remaining: 'x-daylimit-remaining', windowMs: DAY_MS },
    { name: 'appMinute', remaining: 'x-appminlimit-remaining', windowMs: MINUTE_MS },
  ]),
  refusal: ({ status, headers }) => {
    const problem = headers['x-rate-limit-problem']?.toLowerCase();
    const [, name] = PROBLEMS.find(([word]) => problem?.includes(word)) ?? [];
    return status === 429 && name !== undefined ? { isLimited: true, name } : undefined;
  },
};

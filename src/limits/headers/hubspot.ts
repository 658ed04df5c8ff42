// HubSpot. A window of ten seconds per app and account, told on every call but searches; a day per account, told to
// private apps only. The legacy `-Secondly` fields are still sent and no longer mean anything.
// Sources: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines and
// https://developers.hubspot.com/changelog/rate-limit-headers-will-now-appear-for-oauth-authenticated-calls

import { jsonAt } from '../../core/json.ts';
import { DAY_MS } from '../../core/time.ts';
import { fieldReadings } from './fields.ts';
import type { Reader } from './said.ts';
import { shortJson } from './values.ts';

const NAMES: ReadonlyMap<unknown, string> = new Map([
  ['TEN_SECONDLY_ROLLING', 'burst'],
  // Of searches, which have a limit apart.
  ['SECONDLY', 'search'],
  ['DAILY', 'daily'],
]);

export const hubspot: Reader = {
  // Searches have no fields.
  statusesToldInBody: [429],
  ...fieldReadings([
    {
      name: 'burst',
      limit: 'x-hubspot-ratelimit-max',
      remaining: 'x-hubspot-ratelimit-remaining',
      windowMsHeader: 'x-hubspot-ratelimit-interval-milliseconds',
    },
    {
      name: 'daily',
      limit: 'x-hubspot-ratelimit-daily',
      remaining: 'x-hubspot-ratelimit-daily-remaining',
      windowMs: DAY_MS,
    },
  ]),
  refusal: ({ status, bodyText }) => {
    const name = status === 429 ? NAMES.get(jsonAt(shortJson(bodyText), 'policyName')) : undefined;
    return name === undefined ? undefined : { isLimited: true, name };
  },
};

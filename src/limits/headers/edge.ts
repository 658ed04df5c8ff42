// Providers that hand abusers over to the network in front of them: its refusals are pages and not JSON, and go on for
// as long as calls do.

import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { fieldReadings } from './fields.ts';
import type { Answer, Reader } from './said.ts';

// Calls of two seconds per user, whose reset is a duration; calls that go on against a 429 end in 403 of the network.
// https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting
export const pipedrive: Reader = {
  ...fieldReadings([
    {
      name: 'burst',
      limit: 'x-ratelimit-limit',
      remaining: 'x-ratelimit-remaining',
      reset: 'x-ratelimit-reset',
      windowMs: 2 * SECOND_MS,
    },
    { name: 'daily', remaining: 'x-daily-requests-left', windowMs: DAY_MS },
  ]),
  refusal: (answer) => (answer.status === 403 && isPage(answer) ? { isLimited: true, isLockedOut: true } : undefined),
};

// One limit per route; 10,000 refused calls within ten minutes end in 429 of the network for the address.
// https://discord.com/developers/docs/topics/rate-limits
export const discord: Reader = {
  ...fieldReadings([
    {
      name: 'route',
      limit: 'x-ratelimit-limit',
      remaining: 'x-ratelimit-remaining',
      reset: 'x-ratelimit-reset-after',
    },
  ]),
  refusal: (answer) => {
    if (answer.status !== 429) return undefined;
    if (isPage(answer)) return { isLimited: true, isLockedOut: true };
    return { isLimited: true, name: answer.headers['x-ratelimit-scope'] === 'global' ? 'global' : 'route' };
  },
};

function isPage({ headers }: Answer): boolean {
  return headers['content-type']?.startsWith('text/') === true;
}

// Zoom. Its X-RateLimit-* count the day of a label or of a user, and never the second: which of them refused is told by
// X-RateLimit-Type alone.
// Sources: https://developers.zoom.us/docs/api/rate-limits/ and
// https://devforum.zoom.us/t/rate-limits-which-ones-apply/19474

import { NO_READINGS, type Reader } from './said.ts';

export const zoom: Reader = {
  names: [],
  readings: () => NO_READINGS,
  refusal: ({ status, headers }) => {
    if (status !== 429) return undefined;
    const isOfDay = headers['x-ratelimit-type']?.toLowerCase().includes('daily') === true;
    return { isLimited: true, name: isOfDay ? 'day' : 'second' };
  },
};

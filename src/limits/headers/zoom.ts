// Zoom. Its X-RateLimit-* count the day of a label, or the hundred calls a day that may make or change one user's
// meetings, and never the second: which of them refused is told by X-RateLimit-Type, or by words alone.
// Sources: https://developers.zoom.us/docs/api/rate-limits/,
// https://devforum.zoom.us/t/rate-limits-which-ones-apply/19474 and https://devforum.zoom.us/t/18928

import { jsonAt } from '../../core/json.ts';
import { NO_READINGS, type Reader } from './said.ts';
import { shortJson } from './values.ts';

/** Every plan has more of a label in a day. */
const LABEL_PER_DAY_MIN = 1000;

export const zoom: Reader = {
  statusesToldInBody: [429],
  names: [],
  readings: () => NO_READINGS,
  refusal: ({ status, headers, bodyText }) => {
    if (status !== 429) return undefined;
    const words = `${headers['x-ratelimit-type']} ${jsonAt(shortJson(bodyText), 'message')}`.toLowerCase();
    if (words.includes('qps') || words.includes('per-second') || words.includes('per second')) {
      return { isLimited: true, name: 'second' };
    }
    const isOfLabel = Number(headers['x-ratelimit-limit'] ?? Number.POSITIVE_INFINITY) >= LABEL_PER_DAY_MIN;
    // One user's limit is counted by nobody here, and stops nobody else.
    const isOfDay = words.includes('daily') && !words.includes('user') && isOfLabel;
    return isOfDay ? { isLimited: true, name: 'day' } : undefined;
  },
};

// Slack. Tiers per method, workspace and app, of which nothing is told before one refuses: 429 with Retry-After, for
// that method alone. Some methods answer 200 with `{"ok":false,"error":"ratelimited"}`.
// Source: https://docs.slack.dev/apis/web-api/rate-limits

import { jsonAt } from '../../core/json.ts';
import { NO_READINGS, type Reader } from './said.ts';
import { shortJson } from './values.ts';

const ERRORS: readonly unknown[] = ['ratelimited', 'rate_limited'];

export const slack: Reader = {
  hidesRefusals: true,
  told: { part: 'short' },
  names: [],
  readings: () => NO_READINGS,
  refusal: ({ status, bodyText }) =>
    status === 429 || isRefusal(bodyText) ? { isLimited: true, name: 'method' } : undefined,
};

function isRefusal(bodyText: string | undefined): boolean {
  const body = shortJson(bodyText, 'limited"');
  return jsonAt(body, 'ok') === false && ERRORS.includes(jsonAt(body, 'error'));
}

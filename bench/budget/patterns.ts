// The ways in which limits are shared and told of. In all of them the policy begins with a limit that is wrong, and
// others use the same one, as much as they want and without telling.

import { MINUTE_MS, type Ms, SECOND_MS } from '../../src/core/time.ts';
import type { Pattern } from './hour.ts';
import type { ProviderFacts } from './provider.ts';

/** Of the limit, what others want, for ten minutes each. */
const OTHERS = [0.2, 0.4, 0.1, 0.5, 0.3, 0.2];
const STEP_MS = 10 * MINUTE_MS;
const CHANGES_MS = OTHERS.map((_, step) => step * STEP_MS);
const LIMIT_CHANGE_MS = 35 * MINUTE_MS;

function othersAt(sinceMs: Ms): number {
  return OTHERS[Math.floor(sinceMs / STEP_MS)] ?? 0;
}

const APP: ProviderFacts = {
  windowMs: 10 * SECOND_MS,
  limitAt: () => 300,
  counting: 'fixed',
  tells: 'numbers',
  lagMs: 0,
  othersAt,
};
const SHARED = { installations: 5000, accounts: 1, declaredLimit: 3000, backgroundShare: 0, changesAtMs: CHANGES_MS };

export const PATTERNS: readonly Pattern[] = [
  { ...SHARED, name: 'app window', provider: APP },
  {
    ...SHARED,
    name: 'app window that slides, limit changes',
    provider: { ...APP, counting: 'sliding', limitAt: (sinceMs) => (sinceMs < LIMIT_CHANGE_MS ? 300 : 225) },
    changesAtMs: [...CHANGES_MS, LIMIT_CHANGE_MS],
  },
  { ...SHARED, name: 'numbers lag by 2 s', provider: { ...APP, lagMs: 2 * SECOND_MS } },
  {
    ...SHARED,
    name: 'account windows of a minute',
    provider: { ...APP, windowMs: MINUTE_MS, limitAt: () => 12 },
    accounts: 200,
    declaredLimit: 120,
  },
  { ...SHARED, name: 'only Retry-After', provider: { ...APP, tells: 'retryAfter' } },
  {
    ...SHARED,
    name: 'only Retry-After, no limit declared',
    provider: { ...APP, tells: 'retryAfter' },
    declaredLimit: null,
  },
  { ...SHARED, name: 'people and reads', provider: APP, backgroundShare: 0.98 },
];

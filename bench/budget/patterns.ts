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
/** So that five thousand get some sixty calls an hour each of what others leave: with six, one more is a lot. */
const LIMIT = 1200;

function othersAt(sinceMs: Ms): number {
  return OTHERS[Math.floor(sinceMs / STEP_MS)] ?? 0;
}

const APP: ProviderFacts = {
  windowMs: 10 * SECOND_MS,
  limitAt: () => LIMIT,
  counting: 'fixed',
  tells: 'numbers',
  lagMs: 0,
  othersAt,
};
const SHARED = {
  installations: 5000,
  accounts: 1,
  declaredLimit: 10 * LIMIT,
  backgroundShare: 0,
  changesAtMs: CHANGES_MS,
};
/** A fifth of the installations, with five times the share each: what is asked of the limit is the same. */
const FEWER = { ...SHARED, installations: 1000 };

export const PATTERNS: readonly Pattern[] = [
  { ...SHARED, name: 'app window', provider: APP },
  {
    ...FEWER,
    name: 'app window that slides, limit changes',
    provider: { ...APP, counting: 'sliding', limitAt: (sinceMs) => (sinceMs < LIMIT_CHANGE_MS ? LIMIT : 0.75 * LIMIT) },
    changesAtMs: [...CHANGES_MS, LIMIT_CHANGE_MS],
  },
  {
    ...FEWER,
    name: 'a minute, numbers lag by 2 s',
    provider: { ...APP, windowMs: MINUTE_MS, limitAt: () => 6 * LIMIT, lagMs: 2 * SECOND_MS },
    declaredLimit: 60 * LIMIT,
  },
  {
    ...FEWER,
    name: 'a minute of an app',
    provider: { ...APP, windowMs: MINUTE_MS, limitAt: () => 6 * LIMIT },
    scope: 'providerApp',
    declaredLimit: 60 * LIMIT,
  },
  {
    ...FEWER,
    name: 'account windows of a minute',
    provider: { ...APP, windowMs: MINUTE_MS, limitAt: () => 300 },
    accounts: 25,
    declaredLimit: 3000,
  },
  { ...FEWER, name: 'only Retry-After', provider: { ...APP, tells: 'retryAfter' } },
  // Neither the limit nor the length of its window is known.
  {
    ...FEWER,
    name: 'only Retry-After, a minute, nothing declared',
    provider: { ...APP, windowMs: MINUTE_MS, limitAt: () => 6 * LIMIT, tells: 'retryAfter' },
    declaredLimit: null,
  },
  { ...FEWER, name: 'people and reads', provider: APP, backgroundShare: 0.98 },
];

// Calls at the same time where nobody knows how many the provider has places for: begins low, halves when it refuses,
// and grows by one for every round of answers that came while all places were taken. Pure.
// Source: additive increase, multiplicative decrease as in TCP (RFC 5681), with its rule that a window that is not used
// does not grow.

import { REFUSAL_BURST_MS } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';
import { reservedOf } from './quota.ts';

export interface Places {
  /** Fractions add up; a call needs a whole one. */
  count: number;
  halvedAtMs: Ms;
}

export function newPlaces(startsAt: number): Places {
  return { count: startsAt, halvedAtMs: Number.NEGATIVE_INFINITY };
}

export function wholePlaces({ count }: Places): number {
  return Math.max(1, Math.floor(count + 1e-6));
}

/** An answer came while `taken` places were taken, its own included; reads alone never take those of people. */
export function grow(places: Places, taken: number, limit: number): void {
  const whole = wholePlaces(places);
  if (taken < whole - reservedOf(whole, 'read')) return;
  places.count = Math.min(limit, places.count + 1 / places.count);
}

/** The provider had no place; those refused together tell of one moment. */
export function halve(places: Places, nowMs: Ms): void {
  if (nowMs - places.halvedAtMs < REFUSAL_BURST_MS && nowMs >= places.halvedAtMs) return;
  places.count = Math.max(1, places.count / 2);
  places.halvedAtMs = nowMs;
}

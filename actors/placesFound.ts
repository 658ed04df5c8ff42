// How many calls at the same time each account turned out to have places for, where a provider's declaration says that
// it is found out (`startsAt`). In memory only: a restart begins low again.

import { LRUCache } from 'lru-cache';
import { BUDGETS_CACHED_MAX } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { grow, halve, newPlaces, type Places } from '../src/limits/places.ts';
import type { BudgetKey } from './budgetState.ts';

/** All accounts of the process. */
export class PlacesFound {
  readonly #places = new LRUCache<string, Places>({ max: BUDGETS_CACHED_MAX });

  /** Null where the declared number is the number. */
  of({ key, startsAt }: BudgetKey): Places | null {
    if (startsAt === undefined) return null;
    const places = this.#places.get(key) ?? newPlaces(startsAt);
    this.#places.set(key, places);
    return places;
  }

  refused(key: BudgetKey, nowMs: Ms): void {
    const places = this.of(key);
    if (places !== null) halve(places, nowMs);
  }

  /** An answer that was no refusal came while `taken` places were taken, its own included. */
  answered(key: BudgetKey, taken: number): void {
    const places = this.of(key);
    if (places !== null) grow(places, taken, key.limit);
  }
}

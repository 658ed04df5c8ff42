// How many calls at the same time each account turned out to have places for, where a provider's declaration says that
// it is found out (`startsAt`). A number that changed is written down, so that a restart goes on with it.

import { BUDGETS_CACHED_MAX, LEARNED_LIMIT_KEPT_MS } from '../src/core/limits.ts';
import { recentlyUsed } from '../src/core/recent.ts';
import type { Ms } from '../src/core/time.ts';
import { grow, halve, newPlaces, type Places, wholePlaces } from '../src/limits/places.ts';
import type { Reads, RowWrite } from '../src/store/port.ts';
import { putBudget, readBudget } from '../src/store/tables/budgets.ts';
import type { BudgetKey } from './budgetState.ts';

/** All accounts of the process. */
export class PlacesFound {
  readonly #reads: Reads;
  readonly #keep: (row: RowWrite) => void;
  readonly #places = recentlyUsed<string, Places>(BUDGETS_CACHED_MAX);

  /** `keep` writes a row; the disk may have it a little later. */
  constructor(reads: Reads, keep: (row: RowWrite) => void) {
    this.#reads = reads;
    this.#keep = keep;
  }

  /** Null where the declared number is the number. */
  of({ key, startsAt, limit }: BudgetKey): Places | null {
    if (startsAt === undefined) return null;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const row = readBudget(this.#reads, key);
    const places = newPlaces(row === undefined ? startsAt : Math.min(limit, (JSON.parse(row) as StoredPlaces).places));
    this.#places.set(key, places);
    return places;
  }

  /** Answers whether there are fewer now. */
  refused(key: BudgetKey, nowMs: Ms): boolean {
    return this.#change(key, nowMs, (places) => halve(places, nowMs)) < 0;
  }

  /** An answer that was no refusal came while `taken` places were taken, its own included. */
  answered(key: BudgetKey, taken: number, nowMs: Ms): void {
    this.#change(key, nowMs, (places) => grow(places, taken, key.limit));
  }

  /** Answers by how many there are more. */
  #change(key: BudgetKey, nowMs: Ms, change: (places: Places) => void): number {
    const places = this.of(key);
    if (places === null) return 0;
    const before = wholePlaces(places);
    change(places);
    const whole = wholePlaces(places);
    if (whole === before) return 0;
    const stored: StoredPlaces = { places: whole };
    this.#keep(putBudget(key.key, stored, nowMs + LEARNED_LIMIT_KEPT_MS));
    return whole - before;
  }
}

/** As a row. */
interface StoredPlaces {
  readonly places: number;
}

// What is told of a limit from outside the meter: by the provider, and by whoever knows which calls are under way.

import type { Ms } from '../core/time.ts';

/** What a provider says of one of its limits; providers that count points say fractions. */
export interface Said {
  readonly limit?: number | undefined;
  readonly remaining?: number | undefined;
  /** When all of it is left again. */
  readonly resetAtMs?: Ms | undefined;
  /** When some of it is left again, where nobody says when all of it is: a refusal's Retry-After. */
  readonly freeAtMs?: Ms | undefined;
  /** Of when the numbers are, where they are late. */
  readonly asOfMs?: Ms | undefined;
}

/** Of our calls, what a number of the provider may not have counted. */
export interface Uncounted {
  /** At most so many. */
  readonly most: number;
  /** Probably so many: those that are under way when it comes. */
  readonly likely: number;
}

// Of our calls, what a number of a provider has not counted, for tests of meters.

import type { Uncounted } from '../../src/limits/told.ts';

export const none: Uncounted = { most: 0, likely: 0 };

export function atMost(most: number): Uncounted {
  return { most, likely: 0 };
}

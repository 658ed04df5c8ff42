// Comparing secrets. Whoever checks what a stranger claims to know calls it.

import { hash, timingSafeEqual } from 'node:crypto';

/** In a time that says nothing about where they differ, nor how long the expected one is. */
export function isSameText(given: string, expected: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'));
}

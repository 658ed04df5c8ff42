// Look-ups in caches that forget what was not used for the longest time, for where there are several with each call.

import type { LRUCache } from 'lru-cache';
import { USES_PER_MOVE } from './limits.ts';

/** An entry of a cache that others hold too: as long as it is kept they need not look it up. */
export interface Kept {
  isKept: boolean;
}

/** What such a cache disposes of its entries with. */
export function forgotten(entry: Kept): void {
  entry.isKept = false;
}

let uses = 0;

/** Whether this use of something that need not be looked up is one that moves it to the front: see `lookUp`. */
export function isMoveDue(): boolean {
  uses = (uses + 1) % USES_PER_MOVE;
  return uses === 0;
}

/**
 * The value of a key, which is moved to the front with every USES_PER_MOVE-th look-up only: a move writes to three
 * places of a list, which costs more than the rest of a look-up as soon as there are some hundred keys. What is used
 * often stays all the same; which of two keys was used last is no longer known exactly.
 */
export function lookUp<Key extends string, Value extends object>(
  cache: LRUCache<Key, Value>,
  key: Key,
): Value | undefined {
  return isMoveDue() ? cache.get(key) : cache.peek(key);
}

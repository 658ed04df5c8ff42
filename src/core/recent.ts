// The caches of the process: each keeps what was used most recently.

import { LRUCache } from 'lru-cache';

/** What `recentlyUsed` makes. */
export type Recent<Key extends {}, Value extends {}> = LRUCache<Key, Value>;

/** How entries are weighed, and who hears of those that leave. */
export interface RecentOptions<Key, Value> {
  /** Hears of each entry that leaves, once. */
  readonly dispose?: (value: Value, key: Key, reason: LRUCache.DisposeReason) => void;
  /** A whole number; one if absent: the limit is then a number of entries. */
  readonly weightOf?: (value: Value, key: Key) => number;
}

/**
 * A cache whose entries weigh at most `weightMax` together.
 *
 * With a number of entries instead (`max`), lru-cache makes its arrays for all of them at once, 28 bytes each: 2.8 MB
 * for 100,000 that may never come. They are then of a type that goes by the number, and code that V8 optimised for the
 * arrays of one cache is slower with those of another.
 */
export function recentlyUsed<Key extends {}, Value extends {}>(
  weightMax: number,
  { dispose, weightOf = one }: RecentOptions<Key, Value> = {},
): Recent<Key, Value> {
  return new LRUCache<Key, Value>({ maxSize: weightMax, sizeCalculation: weightOf, ...(dispose && { dispose }) });
}

function one(): number {
  return 1;
}

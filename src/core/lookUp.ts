// Those who hold on to what is in a cache (`recent.ts`), so that a call has nothing to look up.

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

/**
 * Whether this use of something that is held elsewhere is one that moves it to the front of its cache, as every
 * USES_PER_MOVE-th does: a move writes to three places of a list, which costs more than the rest of a look-up as soon
 * as there are some hundred keys. What is used often stays all the same; which of two was used last is no longer known
 * exactly.
 */
export function isMoveDue(): boolean {
  uses = (uses + 1) % USES_PER_MOVE;
  return uses === 0;
}

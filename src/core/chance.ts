// The one source of chance for what only has to differ or to spread out: ids (`ids.ts`) and the jitter of pauses
// (`backoff.ts`). A simulation draws both from its seed, so that a run can be repeated exactly. Invariant: nothing that
// must not be guessed is drawn here; keys, states and nonces come from node:crypto, whatever the source is.

import { randomBytes, randomInt, randomUUID } from 'node:crypto';

/** Something to draw from. */
export interface Chance {
  /** UUID version 4 (RFC 9562). */
  uuid(): string;
  bytes(count: number): Uint8Array;
  /** A whole number from 0 to `sides - 1`; `sides` is at least 1. */
  below(sides: number): number;
}

const system: Chance = {
  uuid: () => randomUUID(),
  bytes: (count) => randomBytes(count),
  below: (sides) => randomInt(sides),
};

let source = system;

/** The source in use. */
export const chance: Chance = {
  uuid: () => source.uuid(),
  bytes: (count) => source.bytes(count),
  below: (sides) => source.below(sides),
};

/** Draws from `next` from now on; null: from the system again. For simulations. */
export function drawFrom(next: Chance | null): void {
  source = next ?? system;
}

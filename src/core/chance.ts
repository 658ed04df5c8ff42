// The one source of chance for what only has to differ or to spread out: ids (`ids.ts`) and the jitter of pauses
// (`backoff.ts`). A simulation draws both from its seed, so that a run can be repeated exactly. Invariant: nothing that
// must not be guessed is drawn here; keys, states and nonces come from node:crypto, whatever the source is.

import { randomBytes, randomFillSync, randomInt } from 'node:crypto';

/** Something to draw from. */
export interface Chance {
  /** UUID version 4 (RFC 9562). */
  uuid(): string;
  bytes(count: number): Uint8Array;
  /** A whole number from 0 to `sides - 1`; `sides` is at least 1. */
  below(sides: number): number;
}

/** Random bytes for so many ids are drawn together. */
const DRAWN_IDS = 256;
const ID_BYTES = 16;
const HEX = Buffer.from(
  Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join(''),
  'latin1',
);
/** Where the digits of each byte stand in the text. */
const PLACES: readonly number[] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

const drawn = Buffer.alloc(DRAWN_IDS * ID_BYTES);
let drawnUsed = drawn.length;
const text = Buffer.from('00000000-0000-4000-8000-000000000000', 'latin1');

/**
 * Not node's `randomUUID`: that puts its text together from twenty pieces, 590 bytes of heap for each call against 60,
 * and whoever writes the text first joins them.
 */
function uuid(): string {
  if (drawnUsed === drawn.length) {
    randomFillSync(drawn);
    drawnUsed = 0;
  }
  for (let index = 0; index < ID_BYTES; index++) {
    let byte = drawn[drawnUsed + index] as number;
    if (index === 6) byte = (byte & 0x0f) | 0x40;
    else if (index === 8) byte = (byte & 0x3f) | 0x80;
    const place = PLACES[index] as number;
    text[place] = HEX[2 * byte] as number;
    text[place + 1] = HEX[2 * byte + 1] as number;
  }
  drawnUsed += ID_BYTES;
  return text.toString('latin1');
}

const system: Chance = {
  uuid,
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

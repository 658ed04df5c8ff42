// Seeded chance. Each part of a simulated world rolls for itself, so that a change in one part leaves the luck of the
// others as it was.

import type { Chance } from '../../src/core/chance.ts';
import { dice } from '../support/dice.ts';

const WORD = 2 ** 32;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export class Rolls implements Chance {
  readonly #roll: (sides: number) => number;

  /** The luck of `part` under `seed`. */
  constructor(seed: number, part: string) {
    let mixed = FNV_OFFSET ^ seed;
    for (const letter of part) mixed = Math.imul(mixed ^ letter.charCodeAt(0), FNV_PRIME);
    this.#roll = dice(mixed);
    // Neighbouring seeds begin alike; a few rolls part them.
    for (let round = 0; round < 3; round++) this.#roll(2);
  }

  below(sides: number): number {
    return this.#roll(sides);
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + this.#roll(max - min + 1);
  }

  /** False if `sides` is 0: what is switched off never happens. */
  isOneIn(sides: number): boolean {
    return sides > 0 && this.#roll(sides) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.#roll(items.length)];
    if (item === undefined) throw new Error('there is nothing to pick from');
    return item;
  }

  uuid(): string {
    const hex = Array.from({ length: 4 }, () => this.#roll(WORD).toString(16).padStart(8, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#roll(256));
  }
}

// What is known of names, by their spelling: for names that come with every call, each time as a new string. A `Map`
// hashes such a string and has it interned before it looks, which costs several times what comparing it does. Bounded
// by its size: a name that falls on the place of another one takes it, and what was known of that is found out again.

import { HEADER_NAME_CACHED_CHARS_MAX, HEADER_NAMES_CACHED_MAX } from './limits.ts';

/** Finds out once what `factOf` says of each spelling, for as long as it is common. */
export class NameTable<Fact> {
  readonly #factOf: (spelling: string) => Fact;
  readonly #spellings = new Array<string>(HEADER_NAMES_CACHED_MAX).fill('');
  readonly #facts: (Fact | undefined)[] = new Array<undefined>(HEADER_NAMES_CACHED_MAX).fill(undefined);

  constructor(factOf: (spelling: string) => Fact) {
    this.#factOf = factOf;
  }

  of(spelling: string): Fact {
    const place = placeOf(spelling, 0, spelling.length);
    return this.#spellings[place] === spelling ? (this.#facts[place] as Fact) : this.#find(spelling, place);
  }

  #find(spelling: string, place: number): Fact {
    const fact = this.#factOf(spelling);
    if (spelling.length === 0 || spelling.length > HEADER_NAME_CACHED_CHARS_MAX) return fact;
    this.#spellings[place] = spelling;
    this.#facts[place] = fact;
    return fact;
  }
}

/** Texts of names that are parts of longer ones, so that a name which is known needs no text of its own. */
export class NameTexts {
  readonly #texts = new Array<string>(HEADER_NAMES_CACHED_MAX).fill('');

  /** `bytes` are those of the part, in Latin-1. */
  at(whole: string, start: number, bytes: Buffer): string {
    const { length } = bytes;
    const place = placeOf(whole, start, length);
    const known = this.#texts[place] ?? '';
    if (known.length === length && whole.startsWith(known, start)) return known;
    // Not a piece of `whole`, which would be kept with it.
    const text = bytes.toString('latin1');
    if (length > 0 && length <= HEADER_NAME_CACHED_CHARS_MAX) this.#texts[place] = text;
    return text;
  }
}

/** Few names of headers are alike in their length and in these three characters. */
function placeOf(text: string, start: number, length: number): number {
  const first = text.charCodeAt(start);
  const middle = text.charCodeAt(start + (length >> 1));
  const last = text.charCodeAt(start + length - 1);
  return (17 * length + first + 31 * last + 131 * middle) % HEADER_NAMES_CACHED_MAX;
}

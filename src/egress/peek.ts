// An answer, looked at while it goes by: some providers tell only in a body that they refused a call for a limit, or
// what a call has cost. The bytes that the client gets are untouched. Invariants: an answer costs at most some tens of
// kilobytes while it goes by, in whatever pieces it comes; a few are unpacked at once, and of more, as of what unpacks
// to too much or to nothing, nothing is known.

import { promisify } from 'node:util';
import {
  brotliDecompress,
  brotliDecompressSync,
  gunzip,
  gunzipSync,
  inflate,
  inflateSync,
  type ZlibOptions,
} from 'node:zlib';
import {
  LIMIT_BODY_CHARS_MAX,
  PEEKED_BYTES_MAX,
  PEEKED_PACKED_BYTES_MAX,
  PEEKED_UNPACKED_BYTES_MAX,
  UNPACKING_MAX,
} from '../core/limits.ts';

/** All of an answer if it is short, or its end however long it is. */
export type PeekedPart = 'short' | 'end';

interface Unpacking {
  readonly now: (body: Buffer, options: ZlibOptions) => Buffer;
  /** Not on the thread that forwards. */
  readonly soon: (body: Buffer, options: ZlibOptions) => Promise<Buffer>;
}

const UNPACKING: ReadonlyMap<string, Unpacking> = new Map([
  ['gzip', { now: gunzipSync, soon: promisify<Buffer, ZlibOptions, Buffer>(gunzip) }],
  ['deflate', { now: inflateSync, soon: promisify<Buffer, ZlibOptions, Buffer>(inflate) }],
  ['br', { now: brotliDecompressSync, soon: promisify<Buffer, ZlibOptions, Buffer>(brotliDecompress) }],
]);
const FIRST_BYTES = 1024;
/** In one piece: each piece of what is unpacked elsewhere comes back over this thread. */
const UNPACKED_PIECE_BYTES = 262_144;

let unpackingCount = 0;

/** The text of such a part of a whole body that is not packed; null if it is too long. */
export function partOf(body: Buffer, part: PeekedPart): string | null {
  if (part === 'short' && body.length > PEEKED_BYTES_MAX) return null;
  return body.subarray(-LIMIT_BODY_CHARS_MAX).toString();
}

/** Of one answer. */
export class Peek {
  readonly #part: PeekedPart;
  readonly #encoding: string;
  readonly #bytesMax: number;
  /** A copy: a piece may be a small part of what was read at once, and would keep all of that. */
  #kept = Buffer.alloc(0);
  #length = 0;
  #isTooLong = false;

  /** `encoding`: the `content-encoding` of the answer. */
  constructor(part: PeekedPart, encoding: string | undefined) {
    this.#part = part;
    const name = encoding?.trim().toLowerCase() ?? '';
    this.#encoding = name === 'identity' ? '' : name;
    const isPacked = this.#encoding !== '';
    this.#bytesMax = part === 'short' ? PEEKED_BYTES_MAX : isPacked ? PEEKED_PACKED_BYTES_MAX : LIMIT_BODY_CHARS_MAX;
  }

  /** Nothing will be known, whatever still comes. */
  get isTooLong(): boolean {
    return this.#isTooLong;
  }

  add(chunk: Buffer): void {
    if (this.#isTooLong) return;
    if (this.#part === 'end' && this.#encoding === '') this.#keepEnd(chunk);
    else if (this.#length + chunk.length > this.#bytesMax) this.#forget();
    else this.#append(chunk, this.#bytesMax);
  }

  /** Once the answer is complete; null if it is too long, or cannot be read. */
  text(): string | null | Promise<string | null> {
    if (this.#isTooLong) return null;
    const body = this.#kept.subarray(0, this.#length);
    if (this.#encoding === '') return partOf(body, this.#part);
    const unpacking = UNPACKING.get(this.#encoding);
    if (unpacking === undefined) return null;
    const text = body.length > PEEKED_BYTES_MAX ? null : shortText(unpacking, body);
    return text === null && this.#part === 'end' ? endText(unpacking, body) : text;
  }

  /** Moves to the front only when twice as much is there, so that many small pieces cost no more than a large one. */
  #keepEnd(chunk: Buffer): void {
    const piece = chunk.subarray(-this.#bytesMax);
    if (this.#length + piece.length > 2 * this.#bytesMax) {
      this.#kept.copyWithin(0, this.#length - this.#bytesMax, this.#length);
      this.#length = this.#bytesMax;
    }
    this.#append(piece, 2 * this.#bytesMax);
  }

  #append(chunk: Buffer, roomMax: number): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.min(roomMax, Math.max(needed, 2 * this.#kept.length, FIRST_BYTES)));
      this.#kept.copy(larger, 0, 0, this.#length);
      this.#kept = larger;
    }
    chunk.copy(this.#kept, this.#length);
    this.#length = needed;
  }

  #forget(): void {
    this.#isTooLong = true;
    this.#kept = Buffer.alloc(0);
  }
}

function shortText({ now }: Unpacking, body: Buffer): string | null {
  try {
    return now(body, { maxOutputLength: LIMIT_BODY_CHARS_MAX }).toString();
  } catch {
    return null;
  }
}

async function endText({ soon }: Unpacking, body: Buffer): Promise<string | null> {
  if (unpackingCount >= UNPACKING_MAX) return null;
  unpackingCount += 1;
  try {
    const limits = { maxOutputLength: PEEKED_UNPACKED_BYTES_MAX, chunkSize: UNPACKED_PIECE_BYTES };
    return partOf(await soon(body, limits), 'end');
  } catch {
    return null;
  } finally {
    unpackingCount -= 1;
  }
}

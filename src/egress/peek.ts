// An answer, looked at while it goes by: some providers tell only in a body that they refused a call for a limit, or
// what a call has cost. The bytes that the client gets are untouched. Invariant: never more than some kilobytes of an
// answer are kept, and what unpacks to too much, or to nothing, says nothing.

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
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isTooLong = false;

  /** `encoding`: the `content-encoding` of the answer. */
  constructor(part: PeekedPart, encoding: string | undefined) {
    this.#part = part;
    const name = encoding?.trim().toLowerCase() ?? '';
    this.#encoding = name === 'identity' ? '' : name;
    const isPacked = this.#encoding !== '';
    this.#bytesMax = part === 'short' ? PEEKED_BYTES_MAX : isPacked ? PEEKED_PACKED_BYTES_MAX : LIMIT_BODY_CHARS_MAX;
  }

  add(chunk: Buffer): void {
    if (this.#isTooLong) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#bytesMax) return;
    if (this.#part === 'end' && this.#encoding === '') this.#dropBeginning();
    else this.#forget();
  }

  /** Once the answer is complete; null if it is too long, or cannot be read. */
  text(): string | null | Promise<string | null> {
    if (this.#isTooLong) return null;
    const body = Buffer.concat(this.#chunks);
    this.#chunks = [];
    if (this.#encoding === '') return partOf(body, this.#part);
    const unpacking = UNPACKING.get(this.#encoding);
    if (unpacking === undefined) return null;
    return this.#part === 'short' ? shortText(unpacking, body) : endText(unpacking, body);
  }

  #dropBeginning(): void {
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      if (this.#bytes - first.length < this.#bytesMax) return;
      this.#chunks.shift();
      this.#bytes -= first.length;
    }
  }

  #forget(): void {
    this.#isTooLong = true;
    this.#chunks = [];
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
  try {
    const unpacked = await soon(body, { maxOutputLength: PEEKED_UNPACKED_BYTES_MAX });
    return partOf(unpacked, 'end');
  } catch {
    return null;
  }
}

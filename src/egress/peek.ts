// A short answer, remembered while it goes by: some providers tell only in the body of an error that they refused a
// call for a limit. The bytes that the client gets are untouched. Invariant: never more than a few kilobytes are kept,
// and what unpacks to more, or to nothing, says nothing.

import { brotliDecompressSync, gunzipSync, inflateSync, type ZlibOptions } from 'node:zlib';
import { LIMIT_BODY_CHARS_MAX, PEEKED_BYTES_MAX } from '../core/limits.ts';

/** Of one answer. */
export class Peek {
  #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > PEEKED_BYTES_MAX) this.#chunks = [];
    else this.#chunks.push(chunk);
  }

  /** Once the answer is complete; null if it was long. */
  whole(): Buffer | null {
    return this.#bytes > PEEKED_BYTES_MAX ? null : Buffer.concat(this.#chunks);
  }
}

const UNPACK: Readonly<Record<string, (body: Buffer, options: ZlibOptions) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/** The text of a body with this `content-encoding`; null where it cannot be read. */
export function textOf(body: Buffer, encoding: string | undefined): string | null {
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return body.toString();
  const unpack = Object.hasOwn(UNPACK, name) ? UNPACK[name] : undefined;
  if (unpack === undefined) return null;
  try {
    return unpack(body, { maxOutputLength: LIMIT_BODY_CHARS_MAX }).toString();
  } catch {
    return null;
  }
}

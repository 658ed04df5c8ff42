// The connection that a client of undici has at a time: shown to whoever wants to know what it does, and with the
// answers `100 Continue` left out that nobody has asked for. Old servers begin each answer to a POST so; a client may
// pass over it (RFC 9110 section 15.2.1), but undici breaks the connection off.
// Invariants: bytes are left out only at the beginning of an answer, and only if they are such a head and nothing else;
// whatever is not quite one goes to undici as it came. The usual answer pays with one comparison of its first bytes.

import type { Socket } from 'node:net';
import { INTERIM_BYTES_MAX } from '../core/limits.ts';

const START = Buffer.from('HTTP/1.1 100');
/** Whole lines only: what a bare LF or CR ends for one reader and not for another could hide a head. */
const CONTINUE = /^HTTP\/1\.1 100(?: [^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n/;
/** What the whole lines of such a head, and the beginning of the next, look like before it is complete. */
const BEGUN = /^HTTP\/1\.1 100(?: [^\r\n]*)?(?:\r|\r\n(?:[^\r\n]+\r\n)*(?:[^\r\n]+\r?|\r)?)?$/;

/** Of one client of a pool. Requests follow one another: undici pipelines none unless told to. */
export class Carrier {
  socket: Socket | null = null;
  #isAtStart = false;
  /** What may become a head that is left out. */
  #held: Buffer | null = null;

  /** A connection was opened, in place of the one before. */
  opened(socket: Socket): void {
    this.socket = socket;
    this.#isAtStart = false;
    this.#held = null;
    const read = socket.read.bind(socket);
    socket.read = (size?: number): unknown => {
      let chunk: Buffer | null = read(size);
      // undici takes null for "wait until more can be read", so what is buffered must have been taken.
      while (this.#isAtStart && chunk !== null) {
        const rest = this.#withoutContinue(chunk);
        if (rest !== null) return rest;
        chunk = read();
      }
      return chunk;
    };
  }

  /** A request goes out: what comes next is the beginning of its answer. */
  begin(): void {
    this.#isAtStart = true;
    this.#held = null;
  }

  /** Null if that was all of it, or if more must come before it is known. */
  #withoutContinue(chunk: Buffer): Buffer | null {
    let bytes = this.#held === null ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = null;
    while (isStart(bytes)) {
      const text = bytes.toString('latin1', 0, INTERIM_BYTES_MAX);
      const head = CONTINUE.exec(text)?.[0];
      if (head === undefined) {
        if (text.length === INTERIM_BYTES_MAX || !(text.length < START.length || BEGUN.test(text))) break;
        this.#held = bytes;
        return null;
      }
      bytes = bytes.subarray(head.length);
      if (bytes.length === 0) return null;
    }
    this.#isAtStart = false;
    return bytes;
  }
}

/** Whether these bytes begin as such a head does, as far as they go. */
function isStart(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, START.length);
  return START.compare(bytes, 0, length, 0, length) === 0;
}

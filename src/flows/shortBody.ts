// The body of a proxied call that is read before anything is sent: its bytes can be sent again, and a client that sends
// it slowly holds no place meanwhile. Invariant: whoever waits for it is told once, also if nothing more comes.

import type { Readable } from 'node:stream';
import { IntegrationError } from '../core/errors.ts';
import { SILENCE_MS } from '../core/limits.ts';
import type { SilenceWatch, Watched } from '../egress/silence.ts';

/** What became of it. */
interface Taking {
  taken(bytes: Buffer): void;
  /** The client left before its end. */
  left(): void;
  /** With `body_timeout`: nothing of it came for SILENCE_MS. */
  late(error: IntegrationError): void;
}

/**
 * Takes a body whole. What was announced is all that comes: the end of the stream, which it tells some turns later, is
 * not waited for.
 */
export function takeBody(body: Readable, announced: number, watch: SilenceWatch, taking: Taking): void {
  new ShortBody(announced, watch, taking).read(body);
}

class ShortBody implements Watched {
  quietLooks = 0;
  previous: Watched | null = null;
  next: Watched | null = null;
  readonly #announced: number;
  readonly #watch: SilenceWatch;
  readonly #taking: Taking;
  #pieces: Buffer[] = [];
  #length = 0;
  #isOver = false;

  constructor(announced: number, watch: SilenceWatch, taking: Taking) {
    this.#announced = announced;
    this.#watch = watch;
    this.#taking = taking;
  }

  read(body: Readable): void {
    this.#watch.add(this);
    body.on('data', (piece: Buffer) => this.#add(piece));
    body.on('end', () => this.#whole());
    const broken = () => {
      if (this.#end()) this.#taking.left();
    };
    body.on('error', broken);
    body.on('close', broken);
  }

  /** See Watched: it says itself when something comes. */
  looked(): void {}

  /** See Watched. */
  silent(): void {
    const message = `the client sent nothing of its body for ${SILENCE_MS} ms`;
    if (this.#end()) this.#taking.late(new IntegrationError('body_timeout', message));
  }

  #add(piece: Buffer): void {
    if (this.#isOver) return;
    this.quietLooks = 0;
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#length === this.#announced) this.#whole();
  }

  #whole(): void {
    const pieces = this.#pieces;
    if (!this.#end()) return;
    const [first] = pieces;
    this.#taking.taken(pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces));
  }

  /** False if it was over before. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#pieces = [];
    this.#watch.remove(this);
    return true;
  }
}

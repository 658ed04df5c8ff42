// A sink over node:http's response. The response object is the server's; the sink only writes it. What becomes of a
// request body that was not read to its end is the server's matter (`src/edge/earlyAnswer.ts`).

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Sink } from './sink.ts';

/** Sinks whose head has come in this turn of the event loop. */
let headed: NodeSink[] = [];

export class NodeSink implements Sink {
  readonly #response: ServerResponse;
  /** Until the turn in which its head has come is over. */
  #isHeldBack = false;
  #isEnded = false;
  #firstPiece: Buffer | null = null;
  #drained: (() => void) | null = null;
  #closed: (() => void) | null = null;

  constructor(response: ServerResponse) {
    this.#response = response;
    // Emitted once; `once` would make two objects more for each call.
    response.on('close', () => {
      if (!this.#isEnded && !response.writableEnded) this.#closed?.();
    });
  }

  get isClosed(): boolean {
    return this.#isEnded || this.#response.destroyed || this.#response.writableEnded;
  }

  get socket(): Socket | null {
    return this.#response.socket;
  }

  head(status: number, statusMessage: string, rawHeaders: string[]): void {
    this.#response.writeHead(status, statusMessage, rawHeaders);
    this.#isHeldBack = true;
    // Together for all heads of a turn: a tick for each of them cost as much as cleaning its fields.
    if (headed.length === 0) setImmediate(NodeSink.#endTurn);
    headed.push(this);
  }

  /** Short answers come whole in one turn, and one write costs 1 µs less than a piece and then the end. */
  write(chunk: Buffer): boolean {
    if (this.#isHeldBack && this.#firstPiece === null) {
      this.#firstPiece = chunk;
      return true;
    }
    this.#sendHeldBack();
    return this.#response.write(chunk);
  }

  onDrain(callback: () => void): void {
    if (this.#drained === null) this.#response.on('drain', () => this.#drained?.());
    this.#drained = callback;
  }

  end(): void {
    this.#isEnded = true;
    if (!this.#isHeldBack) this.#response.end();
  }

  fail(): void {
    const { req, socket } = this.#response;
    // To HTTP/1.0 a body without a length ends with the connection, so only a reset tells that it is not whole.
    if (req.httpVersionMinor === 0) socket?.resetAndDestroy();
    this.#response.destroy();
  }

  onClose(callback: () => void): void {
    this.#closed = callback;
  }

  /** Node holds a head back to send it with the first piece of the body; an event stream may have none for long. */
  #sendHeldBack(): void {
    if (!this.#isHeldBack) return;
    this.#isHeldBack = false;
    const piece = this.#firstPiece;
    this.#firstPiece = null;
    if (this.#isEnded) this.#response.end(piece ?? undefined);
    else if (piece === null) this.#response.flushHeaders();
    else this.#response.write(piece);
  }

  /**
   * The answers that came whole in a turn go out one right after the other. Sent each when it was ready, between the
   * work on two calls, they cost 5 µs more: whoever reads them had gone to sleep again, and was woken for each.
   */
  static #endTurn(): void {
    const sinks = headed;
    headed = [];
    for (const sink of sinks) if (!sink.#response.destroyed) sink.#sendHeldBack();
  }
}

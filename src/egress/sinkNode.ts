// A sink over node:http's response. The response object is the server's; the sink only writes it.
// Invariant: a connection whose request body was not read to its end is closed after the response, because its
// remaining bytes would be read as the next request (RFC 9112 section 9.3).

import type { ServerResponse } from 'node:http';
import type { Sink } from './sink.ts';

/** Sinks whose head node holds back, until this turn of the event loop ends. */
let heldBack: NodeSink[] = [];

export class NodeSink implements Sink {
  readonly #response: ServerResponse;
  #isBodyStarted = false;
  #drained: (() => void) | null = null;
  #closed: (() => void) | null = null;

  constructor(response: ServerResponse) {
    this.#response = response;
    // Emitted once; `once` would make two objects more for each call.
    response.on('close', () => {
      if (!response.writableEnded) this.#closed?.();
    });
  }

  get isClosed(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  head(status: number, statusMessage: string, rawHeaders: string[]): void {
    if (!this.#response.req.complete) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(status, statusMessage, rawHeaders);
    // Together for all heads of a turn: a tick for each of them cost as much as cleaning its fields.
    if (heldBack.length === 0) setImmediate(NodeSink.#flushHeads);
    heldBack.push(this);
  }

  write(chunk: Buffer): boolean {
    this.#isBodyStarted = true;
    return this.#response.write(chunk);
  }

  onDrain(callback: () => void): void {
    if (this.#drained === null) this.#response.on('drain', () => this.#drained?.());
    this.#drained = callback;
  }

  end(): void {
    this.#isBodyStarted = true;
    this.#response.end();
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
  static #flushHeads(): void {
    const sinks = heldBack;
    heldBack = [];
    for (const sink of sinks) if (!sink.#isBodyStarted && !sink.isClosed) sink.#response.flushHeaders();
  }
}

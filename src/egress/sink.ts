// Where a forwarded response goes. `forward` writes into a sink and knows nothing of the server behind it; there is one
// implementation for node:http and one for servers that take a WHATWG `Response`, and one contract suite for both.
// Invariant: a response that the provider did not finish is failed and never ended, so that the client sees it.

import type { Socket } from 'node:net';

export interface Sink {
  /** The client has gone, or the response was ended or failed. */
  readonly isClosed: boolean;
  /** The connection to the client, to be looked at; null if the server does not show it. */
  readonly socket: Socket | null;
  /** Status 200 to 999, reason phrase or empty text, `[name, value, …]`. Called once, before any `write`. */
  head(status: number, statusMessage: string, rawHeaders: string[]): void;
  /** Takes a piece of the body in any case; false asks the writer to stop until the drain callback. */
  write(chunk: Buffer): boolean;
  /** Calls back whenever there is room again after a `write` that answered false. The latest replaces others. */
  onDrain(callback: () => void): void;
  /** The response is complete. */
  end(): void;
  /** The response will never be complete: breaks the connection to the client. */
  fail(error: Error): void;
  /** Calls back once if the client goes away before `end`. The latest callback replaces others. */
  onClose(callback: () => void): void;
}

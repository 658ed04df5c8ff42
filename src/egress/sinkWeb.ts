// A sink that makes a WHATWG `Response`, for servers built on fetch semantics (Deno and others). The body is a stream
// with a byte bound: what the client does not read is not pulled from the provider.
// Invariant: `response` settles at the head and only then; a call that ends without one leaves it pending.

import { WEB_SINK_BUFFER_BYTES } from '../core/limits.ts';
import { mayHaveBody } from './fetch.ts';
import type { Sink } from './sink.ts';

export class WebSink implements Sink {
  /** What to answer the client with, once the provider's head is there. */
  readonly response: Promise<Response>;
  /** A server of this kind listens to its connections itself. */
  readonly socket = null;
  readonly #isHead: boolean;
  readonly #resolve: (response: Response) => void;
  #body: ReadableStreamDefaultController<Uint8Array> | null = null;
  #isClosed = false;
  #drained: (() => void) | null = null;
  #closed: (() => void) | null = null;

  /** `method` is the request's; `clientGone` aborts when the client leaves, as `Request.signal` does. */
  constructor(method: string, clientGone: AbortSignal) {
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.response = promise;
    this.#resolve = resolve;
    this.#isHead = method === 'HEAD';
    this.#isClosed = clientGone.aborted;
    clientGone.addEventListener('abort', this.#close, { once: true });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  head(status: number, statusText: string, rawHeaders: string[]): void {
    const hasBody = mayHaveBody(status) && !this.#isHead;
    const headers = new Headers();
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
    }
    this.#resolve(new Response(hasBody ? this.#openBody() : null, { status, statusText, headers }));
  }

  write(chunk: Buffer): boolean {
    if (this.#body === null || this.#isClosed) return true;
    this.#body.enqueue(chunk);
    return (this.#body.desiredSize ?? 0) > 0;
  }

  onDrain(callback: () => void): void {
    this.#drained = callback;
  }

  end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#body?.close();
  }

  fail(error: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#body?.error(error);
  }

  onClose(callback: () => void): void {
    this.#closed = callback;
  }

  #openBody(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#body = controller;
        },
        pull: () => this.#drained?.(),
        cancel: () => this.#close(),
      },
      { highWaterMark: WEB_SINK_BUFFER_BYTES, size: (chunk) => chunk.byteLength },
    );
  }

  readonly #close = (): void => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closed?.();
  };
}

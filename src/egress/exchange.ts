// One request and its response on a pool, as undici's dispatch sees it: the part that buffered and forwarded calls
// share. It knows whether a byte was sent, ends early when told to, and reports its end exactly once, through
// `completed` or `failed`. Invariant: an exchange counts as open at its origin until undici has let go of it.

import type { Dispatcher } from 'undici';
import type { IntegrationError } from '../core/errors.ts';
import { NameTexts } from '../core/nameTable.ts';
import type { Carrier } from './carrier.ts';
import { classifyFailure } from './failure.ts';
import type { Origin } from './origins.ts';

export type Controller = Dispatcher.DispatchController;

export abstract class Exchange implements Dispatcher.DispatchHandler {
  /** undici refused the request as such, so the connection it was offered to is as free as before. */
  wasInvalid = false;
  /** Set by the client that takes the request; one client has one connection at a time. */
  carrier: Carrier | null = null;
  /** A byte of the request was handed to the socket. */
  protected wasSent = false;
  /** Of the request's body, handed to the socket. */
  protected bytesSent = 0;
  protected readonly origin: Origin;
  #controller: Controller | null = null;
  #abandonedFor: IntegrationError | null = null;
  #isOver = false;

  constructor(origin: Origin) {
    this.origin = origin;
  }

  abstract onResponseStart(controller: Controller, status: number, headers: unknown, statusMessage?: string): void;
  abstract onResponseData(controller: Controller, chunk: Buffer): void;
  /** The response ended as it should. */
  protected abstract completed(): void;
  /** The exchange failed or was abandoned; called at most once and never after `completed`. */
  protected abstract failed(error: IntegrationError): void;

  /** Whether the request has a connection, as opposed to waiting for one. */
  protected get hasConnection(): boolean {
    return this.#controller !== null;
  }

  protected dispatch(options: Dispatcher.DispatchOptions): void {
    this.origin.callsOpen += 1;
    this.origin.pool.dispatch(options, this);
  }

  /** Ends the exchange for a reason of ours: at once, although undici may look at a waiting request only later. */
  protected abandon(error: IntegrationError): void {
    this.#abandonedFor = error;
    if (this.#controller === null) this.#fail(error);
    else this.#controller.abort(error);
  }

  onRequestStart(controller: Controller): void {
    // Thrown, not aborted: undici then drops the request and keeps the connection.
    if (this.#abandonedFor !== null) throw this.#abandonedFor;
    this.#controller = controller;
    this.carrier?.begin();
  }

  onBodySent(chunk?: { readonly length: number }): void {
    this.bytesSent += chunk?.length ?? 0;
    this.wasSent = true;
  }

  onRequestSent(): void {
    this.wasSent = true;
  }

  onResponseEnd(): void {
    this.origin.callsOpen -= 1;
    if (this.#isOver) return;
    this.#isOver = true;
    this.completed();
  }

  /** `controller` is null exactly if undici did not take the request at all. */
  onResponseError(controller: Controller | null, error: Error): void {
    this.origin.callsOpen -= 1;
    const failure = classifyFailure(error, this.origin.host, this.wasSent);
    this.wasInvalid = controller === null && failure.code === 'bad_request';
    this.#fail(failure);
  }

  #fail(error: IntegrationError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.failed(error);
  }
}

/**
 * `[name, value, …]` of the response whose head has just arrived. undici keeps the bytes; Latin-1 maps each to one
 * character and back, so a value that a provider sent in another encoding passes through unharmed.
 */
export function rawHeadersOf(controller: Controller): string[] {
  const raw = controller.rawHeaders;
  return Array.isArray(raw) ? textsOf(raw) : [];
}

/** The same come with every answer. */
const names = new NameTexts();

/** Usually all parts lie in the piece that the head came in: read once and cut, they cost half of what each costs. */
function textsOf(parts: readonly (Buffer | string)[]): string[] {
  const [first] = parts;
  const last = parts.at(-1);
  if (typeof first !== 'object' || typeof last !== 'object' || first.buffer !== last.buffer) return parts.map(textOf);
  const start = first.byteOffset;
  const length = last.byteOffset + last.length - start;
  const head = length > 0 ? Buffer.from(first.buffer, start, length).toString('latin1') : '';
  const texts: string[] = [];
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] as Buffer | string;
    const at = typeof part === 'object' && part.buffer === first.buffer ? part.byteOffset - start : -1;
    // One that came in two pieces was put together elsewhere.
    if (at < 0 || at + part.length > head.length) texts.push(textOf(part));
    else texts.push(index % 2 === 0 ? names.at(head, at, part as Buffer) : head.slice(at, at + part.length));
  }
  return texts;
}

function textOf(part: Buffer | string): string {
  return typeof part === 'string' ? part : part.toString('latin1');
}

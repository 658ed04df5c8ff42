// One request and its response on a pool, as undici's dispatch sees it: the part that buffered and forwarded calls
// share. It knows whether a byte was sent, ends early when told to, and reports its end exactly once, through
// `completed` or `failed`. Invariant: an exchange counts as open at its origin from when undici gets it until undici
// has let go of it; before, it may wait there, and be gone at once.

import { Buffer } from 'node:buffer';
import type { Dispatcher } from 'undici';
import { IntegrationError } from '../core/errors.ts';
import { NameTexts } from '../core/nameTable.ts';
import type { Share } from './admission.ts';
import type { Carrier } from './carrier.ts';
import { classifyFailure } from './failure.ts';
import type { Origin, Waiting } from './origin.ts';

export type Controller = Dispatcher.DispatchController;

/** Whoever calls for nobody in particular. */
const NOBODY = '';

export abstract class Exchange implements Dispatcher.DispatchHandler, Waiting {
  /** undici refused the request as such, so the connection it was offered to is as free as before. */
  wasInvalid = false;
  /** Set by the client that takes the request; one client has one connection at a time. */
  carrier: Carrier | null = null;
  /** A byte of the request was handed to the socket. */
  protected wasSent = false;
  /** Of the request's body, handed to the socket. */
  protected bytesSent = 0;
  protected readonly origin: Origin;
  readonly #share: Share;
  /** While it waits for its turn. */
  #waitingWith: Dispatcher.DispatchOptions | null = null;
  #isOpen = false;
  #controller: Controller | null = null;
  #abandonedFor: IntegrationError | null = null;
  #isOver = false;

  /** `owner` is the customer that it is made for, if it is one's. */
  constructor(origin: Origin, owner: string = NOBODY) {
    this.origin = origin;
    this.#share = origin.shareOf(owner);
  }

  abstract onResponseStart(controller: Controller, status: number, headers: unknown, statusMessage?: string): void;
  abstract onResponseData(controller: Controller, chunk: Buffer): void;
  /** The response ended as it should. */
  protected abstract completed(): void;
  /** The exchange failed or was abandoned; called at most once and never after `completed`. */
  protected abstract failed(error: IntegrationError): void;

  /** Whether it waits for its turn, unknown to undici. */
  protected get isWaiting(): boolean {
    return this.#waitingWith !== null;
  }

  /** Sends the request, or has it wait for its turn if it may. */
  protected dispatch(options: Dispatcher.DispatchOptions, mayWait = true): void {
    if (this.origin.open(this.#share)) this.#send(options);
    else if (!mayWait) {
      this.#fail(new IntegrationError('overloaded', `no connection to ${this.origin.host} is free`));
    } else if (this.origin.wait(this.#share, this)) {
      this.#waitingWith = options;
    } else {
      this.#fail(new IntegrationError('overloaded', `so many calls wait for ${this.origin.host} that no more may`));
    }
  }

  /** See Waiting. */
  go(): void {
    const options = this.#waitingWith;
    if (options === null) return;
    this.#waitingWith = null;
    this.#send(options);
  }

  /** The connection for it was counted. */
  #send(options: Dispatcher.DispatchOptions): void {
    this.#isOpen = true;
    this.origin.pool.dispatch(options, this);
  }

  /** For one that has waited for its turn as long as it may. */
  protected giveUpWaiting(): void {
    if (!this.isWaiting) return;
    this.abandon(new IntegrationError('overloaded', `no connection to ${this.origin.host} became free in time`));
  }

  /** Ends the exchange for a reason of ours: at once, although undici may look at one that has no connection later. */
  abandon(error: IntegrationError): void {
    this.#abandonedFor = error;
    if (this.#waitingWith !== null) {
      this.#waitingWith = null;
      this.origin.leave(this.#share, this);
    }
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
    this.#letGo();
    if (this.#isOver) return;
    this.#isOver = true;
    this.completed();
  }

  /** `controller` is null exactly if undici did not take the request at all. */
  onResponseError(controller: Controller | null, error: Error): void {
    this.#letGo();
    const failure = classifyFailure(error, this.origin.host, this.wasSent);
    this.wasInvalid = controller === null && failure.code === 'bad_request';
    this.#fail(failure);
  }

  /** Counted once: undici tells an end that threw as an error too. */
  #letGo(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.origin.ended(this.#share);
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

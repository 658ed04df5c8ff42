// The proxy's hot path: streams one call to a provider and its response into a sink, both ways under back-pressure and
// without looking into either body, but for an answer that the hook wants to look on (`Onlooker`). It sits on undici's
// dispatch, since `Readable.toWeb` over a response body ends the process when a client disconnects at the wrong moment.
// Invariants: the outcome settles exactly once; nothing reaches the client unless the hook accepted the head; a body
// that the provider broke off is broken off towards the client too.

import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { IntegrationError } from '../core/errors.ts';
import { CALLER_WAIT_MS_MAX, DISCARDED_BYTES_MAX, SILENCE_CHECK_MS, SILENCE_MS } from '../core/limits.ts';
import type { Clock, Ms, Timer } from '../core/time.ts';
import { type Controller, Exchange, rawHeadersOf } from './exchange.ts';
import { classifyFailure } from './failure.ts';
import { cleanResponseHeaders } from './headers.ts';
import type { Origin } from './origin.ts';
import type { Origins } from './origins.ts';
import type { SilenceWatch, Watched } from './silence.ts';
import type { Sink } from './sink.ts';
import type { Seen, TcpTable } from './tcpTable.ts';

export interface ForwardCall {
  /** `https://host[:port]`. */
  readonly origin: string;
  /** Raw path and query, sent byte for byte; begins with a slash. */
  readonly path: string;
  readonly method: string;
  /** `[name, value, …]`, cleaned, with the credential attached. Not modified; undici's type has no readonly. */
  readonly headers: string[];
  /** Null when the request has no body. A stream is consumed at most once; bytes can be sent again. */
  readonly body: Readable | NodeReadableStream | Buffer | null;
  /** Gives the call up: `failed` with `outcome_unknown` once bytes were sent, `timeout` before. */
  readonly signal?: AbortSignal;
  /** Whose share of the origin's connections it takes: a customer's. */
  readonly owner?: string;
  /** Until when it may wait for a connection, at most CALLER_WAIT_MS_MAX; null: not at all. */
  readonly waitUntilMs?: Ms | null;
}

export interface ForwardHooks {
  /** Sees each response head, uncleaned: false keeps the response from the client, a list is added to its headers. */
  accept(status: number, rawHeaders: readonly string[]): boolean | readonly string[];
  /** May change the headers of an accepted answer in place, after they were cleaned. */
  finish?(headers: string[]): void;
  /** Sees how much of the bodies went each way, before the outcome is known. */
  ended?(bytesIn: number, bytesOut: number): void;
  /** Asked after `accept`: who else sees the body. */
  readonly onlooker?: Onlooker | null;
  /** What became of the call; the last that is told, exactly once, maybe before `forward` returns. */
  settled(outcome: ForwardOutcome): void;
}

/** Sees the body of an answer go by, also of one that is kept from the client. Throws nothing. */
export interface Onlooker {
  add(chunk: Buffer): void;
  /** All of it was there; not called for a body that broke off, or was given up. */
  completed(): void;
}

export type ForwardOutcome =
  /** The whole response went to the sink. */
  | { readonly kind: 'forwarded'; readonly status: number; readonly bytesOut: number }
  /** The hook refused the response; the sink is untouched and takes another try. */
  | { readonly kind: 'discarded'; readonly status: number; readonly headers: readonly string[] }
  /** With `headSent` the client has seen the break; without, the sink is untouched and the caller answers. */
  | { readonly kind: 'failed'; readonly error: IntegrationError; readonly headSent: boolean }
  /** The client left, or stopped reading for SILENCE_MS. */
  | { readonly kind: 'clientGone' };

/** What calls are forwarded with. */
export interface ForwardMeans {
  readonly origins: Origins;
  readonly clock: Clock;
  readonly watch: SilenceWatch;
  readonly table: TcpTable;
  /** At least SILENCE_MS. */
  readonly providerSilenceMs: Ms;
}

/** TRACE has the provider repeat the request, credential included, to whoever asked. CONNECT asks for a tunnel. */
const REFUSED_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** What a reason phrase may hold (RFC 9112 section 4); servers behind sinks throw on anything else. */
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** See `Egress.forward`. */
export function forward(means: ForwardMeans, call: ForwardCall, sink: Sink, hooks: ForwardHooks): void {
  let exchange: ForwardExchange;
  try {
    checkRequestLine(call);
    exchange = new ForwardExchange(means.origins.at(call.origin), means, call, sink, hooks);
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error;
    hooks.settled({ kind: 'failed', error, headSent: false });
    return;
  }
  exchange.start();
}

class ForwardExchange extends Exchange implements Watched {
  quietLooks = 0;
  previous: Watched | null = null;
  next: Watched | null = null;
  readonly #means: ForwardMeans;
  readonly #call: ForwardCall;
  readonly #sink: Sink;
  readonly #hooks: ForwardHooks;
  #onlooker: Onlooker | null = null;
  readonly #body: Readable | Buffer | null;
  #isSettled = false;
  /** The head has come: what goes on with the upload does not show that the answer goes on. */
  #isAnswered = false;
  #status = 0;
  #headSent = false;
  #bytesOut = 0;
  #bytesDiscarded = 0;
  #controller: Controller | null = null;
  /** Of the side that has to read, at the last look of this silence. */
  #unacknowledged: string | null = null;
  #waitTimer: Timer | null = null;
  #onAbort: (() => void) | null = null;

  constructor(origin: Origin, means: ForwardMeans, call: ForwardCall, sink: Sink, hooks: ForwardHooks) {
    super(origin, call.owner);
    this.#means = means;
    this.#call = call;
    this.#sink = sink;
    this.#hooks = hooks;
    const { body } = call;
    const isReady = body === null || body instanceof Readable || Buffer.isBuffer(body);
    this.#body = isReady ? body : Readable.fromWeb(body);
  }

  start(): void {
    const { path, method, headers, signal } = this.#call;
    if (this.#sink.isClosed) {
      this.#settle({ kind: 'clientGone' });
      return;
    }
    if (signal?.aborted) {
      this.failed(this.#givenUp());
      return;
    }
    // undici listens to the body only while it has the request; an upload may break before and after.
    if (this.#body instanceof Readable) this.#body.on('error', ignore);
    if (signal !== undefined) {
      this.#onAbort = () => this.abandon(this.#givenUp());
      signal.addEventListener('abort', this.#onAbort);
    }
    this.#sink.onClose(() => this.#clientLeft());
    const { waitUntilMs = Number.POSITIVE_INFINITY } = this.#call;
    this.dispatch({ path, method, headers, body: this.#body }, waitUntilMs !== null);
    if (this.isWaiting && waitUntilMs !== null) this.#limitWait(waitUntilMs);
  }

  override onRequestStart(controller: Controller): void {
    super.onRequestStart(controller);
    this.#means.watch.add(this);
  }

  override onBodySent(chunk?: { readonly length: number }): void {
    super.onBodySent(chunk);
    if (!this.#isAnswered) this.quietLooks = 0;
  }

  override onRequestSent(): void {
    super.onRequestSent();
    if (!this.#isAnswered) this.quietLooks = 0;
  }

  override onResponseStart(controller: Controller, status: number, _headers: unknown, statusMessage = ''): void {
    this.quietLooks = 0;
    if (status < 200) return;
    this.#isAnswered = true;
    if (this.#isSettled) return;
    const raw = rawHeadersOf(controller);
    const verdict = this.#hooks.accept(status, raw);
    this.#onlooker = this.#hooks.onlooker ?? null;
    if (verdict === false) {
      this.#settle({ kind: 'discarded', status, headers: raw });
      return;
    }
    this.#status = status;
    const headers = cleanResponseHeaders(raw, status);
    this.#hooks.finish?.(headers);
    if (verdict !== true) headers.push(...verdict);
    const isPhrase = statusMessage === 'OK' || REASON_PHRASE.test(statusMessage);
    this.#sink.head(status, isPhrase ? statusMessage : '', headers);
    this.#headSent = true;
  }

  override onResponseData(controller: Controller, chunk: Buffer): void {
    this.quietLooks = 0;
    if (this.#onlooker !== null) this.#onlooker.add(chunk);
    if (this.#isSettled) {
      this.#discard(chunk);
      return;
    }
    this.#bytesOut += chunk.length;
    if (!this.#sink.write(chunk)) this.#pause(controller);
  }

  protected override completed(): void {
    this.#means.watch.remove(this);
    const isForwarded = !this.#isSettled;
    if (isForwarded) this.#sink.end();
    if (this.#onlooker !== null) this.#onlooker.completed();
    if (isForwarded) this.#settle({ kind: 'forwarded', status: this.#status, bytesOut: this.#bytesOut });
  }

  protected override failed(error: IntegrationError): void {
    this.#means.watch.remove(this);
    if (this.#isSettled) return;
    // The upload broke: the client is leaving, and the sink will say so a moment later.
    const { errored = null } = this.#body instanceof Readable ? this.#body : {};
    const isUploadBroken = errored !== null && errored === error.cause;
    if (this.#headSent) this.#sink.fail(error);
    this.#settle(isUploadBroken ? { kind: 'clientGone' } : { kind: 'failed', error, headSent: this.#headSent });
  }

  #settle(outcome: ForwardOutcome): void {
    this.#waitTimer?.cancel();
    if (this.#onAbort !== null) this.#call.signal?.removeEventListener('abort', this.#onAbort);
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#hooks.ended?.(this.bytesSent, this.#bytesOut);
    this.#hooks.settled(outcome);
  }

  #pause(controller: Controller): void {
    if (controller.paused) return;
    controller.pause();
    if (this.#controller === null) {
      this.#sink.onDrain(() => {
        this.quietLooks = 0;
        this.#controller?.resume();
      });
    }
    this.#controller = controller;
  }

  /** See Watched. */
  looked(): void {
    if (this.#isSettled) return;
    const isUploading = !this.#isAnswered && this.#body instanceof Readable && !isClientsTurn(this.#body);
    const isUploadHeldBack = this.#isUploadHeldBack();
    const client = this.#sink.socket;
    if (isUploadHeldBack && client !== null && !client.destroyed) askForReset(client);
    if (this.quietLooks === 1) this.#unacknowledged = null;
    if (this.quietLooks < 2) return;
    const { table } = this.#means;
    if (isUploadHeldBack && client !== null) table.ask(client, (seen) => this.#clientSeen(seen));
    const reader = this.#controller?.paused === true ? client : isUploading ? (this.carrier?.socket ?? null) : null;
    if (reader !== null) table.ask(reader, (seen) => this.#readerSeen(seen));
  }

  /** Of a client whom nobody reads now: its end stands behind what the system holds of its upload. */
  #clientSeen({ hasEnded }: Seen): void {
    if (hasEnded && this.#isUploadHeldBack()) this.#clientLeft();
  }

  /** Of whoever has to read, slowly maybe: Node would tell only when a third of the system's megabytes was taken. */
  #readerSeen({ unacknowledged }: Seen): void {
    const before = this.#unacknowledged;
    this.#unacknowledged = unacknowledged;
    // Not 0, which would be the start of another silence, with nothing to compare with.
    if (before !== null && before !== unacknowledged && this.quietLooks > 1) this.quietLooks = 1;
  }

  /**
   * See Watched. A client that stops reading or sending would hold the connection for good, and so would a provider
   * that says no more; which of them it is decides whose fault it counts as.
   */
  silent(): void {
    if (this.#controller?.paused === true && !this.#isSettled) {
      this.#sink.fail(new IntegrationError('timeout', 'the client stopped reading'));
      this.#clientLeft();
      return;
    }
    if (!this.#isAnswered && this.#body instanceof Readable && isClientsTurn(this.#body)) {
      this.abandon(new IntegrationError('body_timeout', `the client sent nothing of its body for ${SILENCE_MS} ms`));
      return;
    }
    const { providerSilenceMs } = this.#means;
    if (this.quietLooks * SILENCE_CHECK_MS <= providerSilenceMs) return;
    const reason = new Error(`nothing came for ${providerSilenceMs} ms`);
    this.abandon(classifyFailure(reason, this.origin.host, this.wasSent));
  }

  /** undici pauses a body while the provider does not take what has come of it; then nobody reads the client. */
  #isUploadHeldBack(): boolean {
    return this.#body instanceof Readable && this.#body.isPaused();
  }

  #clientLeft(): void {
    if (this.#isSettled) return;
    this.#settle({ kind: 'clientGone' });
    this.abandon(new IntegrationError('network', 'the client went away'));
  }

  /** The rest of a refused response is read so that its connection can be used again, unless it is long. */
  #discard(chunk: Buffer): void {
    this.#bytesDiscarded += chunk.length;
    if (this.#bytesDiscarded > DISCARDED_BYTES_MAX) {
      this.abandon(new IntegrationError('provider_malformed', 'the discarded response is long'));
    }
  }

  #limitWait(untilMs: Ms): void {
    const { clock } = this.#means;
    const lateMs = Math.min(untilMs, clock.nowMs() + CALLER_WAIT_MS_MAX);
    this.#waitTimer = clock.timerAt(lateMs, () => this.giveUpWaiting());
  }

  #givenUp(): IntegrationError {
    const { host } = this.origin;
    if (this.wasSent)
      return new IntegrationError('outcome_unknown', `the call to ${host} was given up after it was sent`);
    return new IntegrationError('timeout', `the call to ${host} was given up before anything was sent`);
  }
}

/** A path is sent as it is, so it must not name another host: servers obey an absolute URL in its place. */
function checkRequestLine({ path, method }: ForwardCall): void {
  if (!path.startsWith('/')) throw new IntegrationError('bad_request', 'the path does not begin with a slash');
  // A target has no fragment (RFC 9112 section 3.2); a credential in the query would end up in one.
  if (path.includes('#')) throw new IntegrationError('bad_request', 'the path must not hold a fragment');
  if (REFUSED_METHODS.has(method.toUpperCase()))
    throw new IntegrationError('bad_request', `method ${method} is not forwarded`);
}

/**
 * Node hears of a reset only where it reads or writes. To write nothing is a question to the system: no byte goes out,
 * and if the connection is no more the socket ends with that error, as it does for every other client that leaves.
 */
function askForReset(socket: Socket): void {
  socket.write('');
}

/** Whether it could send more, and does not. */
function isClientsTurn(body: Readable): boolean {
  return !body.readableEnded && !body.isPaused();
}

function ignore(): void {}

// A call whose whole response is wanted in memory: token requests, provider pages, webhook deliveries. Bounded in time
// and in bytes, before and after decompression. Redirects are answers, not instructions: following one would carry
// credentials to a host nobody chose. Invariant: after `timeout`, `network` and `overloaded` no request byte was sent.

import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { IntegrationError } from '../core/errors.ts';
import { CALLER_WAIT_MS_MAX } from '../core/limits.ts';
import type { Clock, Timer } from '../core/time.ts';
import { type Controller, Exchange, rawHeadersOf } from './exchange.ts';
import { headerRecord } from './headers.ts';
import type { Origin } from './origin.ts';
import { type Origins, parseUrl } from './origins.ts';

export interface OutgoingCall {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The whole call, from waiting for a connection to the last byte of the body. */
  readonly timeoutMs: number;
  /** Of the body, as received and as decompressed. */
  readonly responseBytesMax: number;
  /** Only status and headers matter: a longer body is cut off instead of refused, and none is decompressed. */
  readonly isBodyUnneeded?: boolean;
  /** Gives the call up: `outcome_unknown` once bytes were sent, `timeout` before. */
  readonly signal?: AbortSignal;
  /** Whose share of the origin's connections it takes: a customer's. */
  readonly owner?: string;
  /** Whether it may wait for a connection, for as long as a caller does; true if absent. */
  readonly mayWait?: boolean;
}

export interface BufferedResponse {
  readonly status: number;
  /** Lower-case names, null prototype. A decompressed body has lost its content-encoding and content-length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const GIVEN_UP = 'was given up by its caller';

const gunzipAsync = promisify(gunzip);
const inflateAsync = promisify(inflate);
const inflateRawAsync = promisify(inflateRaw);
const brotliAsync = promisify(brotliDecompress);

/** See `Egress.request`. */
export async function request(origins: Origins, clock: Clock, call: OutgoingCall): Promise<BufferedResponse> {
  const url = parseUrl(call.url);
  const origin = origins.atUrl(url);
  const response = await new Promise<BufferedResponse>((resolve, reject) => {
    new BufferedExchange(origin, call, resolve, reject).start(clock, url);
  });
  return call.isBodyUnneeded === true ? response : decompressed(response, call.responseBytesMax, origin.host);
}

class BufferedExchange extends Exchange {
  readonly #call: OutgoingCall;
  readonly #resolve: (response: BufferedResponse) => void;
  readonly #reject: (error: IntegrationError) => void;
  readonly #chunks: Buffer[] = [];
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};
  #bytes = 0;
  #deadline: Timer | null = null;
  #waitTimer: Timer | null = null;

  constructor(
    origin: Origin,
    call: OutgoingCall,
    resolve: (response: BufferedResponse) => void,
    reject: (error: IntegrationError) => void,
  ) {
    super(origin, call.owner);
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(clock: Clock, url: URL): void {
    const { timeoutMs, signal } = this.#call;
    if (signal?.aborted) {
      this.#reject(this.#givenUp(GIVEN_UP));
      return;
    }
    const startedAtMs = clock.nowMs();
    this.#deadline = clock.timerAt(startedAtMs + timeoutMs, () => {
      // Having waited for its turn says nothing of the provider.
      this.giveUpWaiting();
      this.abandon(this.#givenUp(`exceeded its ${timeoutMs} ms`));
    });
    signal?.addEventListener('abort', this.#onAbort);
    this.dispatch(dispatchOptions(this.#call, url), this.#call.mayWait);
    if (!this.isWaiting) return;
    this.#waitTimer = clock.timerAt(startedAtMs + CALLER_WAIT_MS_MAX, () => this.giveUpWaiting());
  }

  override onResponseStart(controller: Controller, status: number): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headerRecord(rawHeadersOf(controller));
  }

  override onResponseData(_controller: Controller, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#call.responseBytesMax) {
      if (this.#call.isBodyUnneeded === true) this.completed();
      this.abandon(tooLarge(this.origin.host, this.#call.responseBytesMax, this.#status));
    } else {
      this.#chunks.push(chunk);
    }
  }

  protected override completed(): void {
    this.#release();
    this.#resolve({ status: this.#status, headers: this.#headers, body: Buffer.concat(this.#chunks) });
  }

  protected override failed(error: IntegrationError): void {
    this.#release();
    this.#reject(error);
  }

  readonly #onAbort = (): void => this.abandon(this.#givenUp(GIVEN_UP));

  #givenUp(how: string): IntegrationError {
    const { host } = this.origin;
    if (this.wasSent) return new IntegrationError('outcome_unknown', `the call to ${host} ${how} after it was sent`);
    return new IntegrationError('timeout', `the call to ${host} ${how} before anything was sent`);
  }

  #release(): void {
    this.#deadline?.cancel();
    this.#waitTimer?.cancel();
    this.#call.signal?.removeEventListener('abort', this.#onAbort);
  }
}

function dispatchOptions(call: OutgoingCall, url: URL): Dispatcher.DispatchOptions {
  const asksForEncoding = Object.keys(call.headers).some((name) => name.toLowerCase() === 'accept-encoding');
  return {
    path: `${url.pathname}${url.search}`,
    method: call.method,
    headers: asksForEncoding ? call.headers : { ...call.headers, 'accept-encoding': 'gzip, deflate, br' },
    body: call.body ?? null,
  };
}

async function decompressed(response: BufferedResponse, bytesMax: number, host: string): Promise<BufferedResponse> {
  const coding = response.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (coding === 'identity' || response.body.length === 0) return response;
  const body = await decode(coding, response.body, bytesMax).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(host, bytesMax, response.status);
    const message = `${host} answered with a body that is not the ${coding} it claims to be`;
    throw new IntegrationError('provider_malformed', message, { cause, upstreamStatus: response.status });
  });
  const { 'content-encoding': _coding, 'content-length': _length, ...headers } = response.headers;
  return { status: response.status, headers: Object.assign(Object.create(null), headers), body };
}

async function decode(coding: string, body: Buffer, maxOutputLength: number): Promise<Buffer> {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return gunzipAsync(body, { maxOutputLength });
    case 'br':
      return brotliAsync(body, { maxOutputLength });
    case 'deflate':
      // Some servers send raw deflate under this name; the zlib format begins with method 8 (RFC 1950 section 2.2).
      return ((body[0] ?? 0) & 0x0f) === 8
        ? inflateAsync(body, { maxOutputLength })
        : inflateRawAsync(body, { maxOutputLength });
    default:
      throw new IntegrationError('provider_malformed', 'a content coding that was not asked for');
  }
}

function tooLarge(host: string, bytesMax: number, upstreamStatus: number): IntegrationError {
  return new IntegrationError('provider_malformed', `${host} answered with more than ${bytesMax} bytes`, {
    upstreamStatus,
  });
}

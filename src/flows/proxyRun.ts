// One proxied call with its attempts: take a lease, stream the call there and back, and where that is safe
// (`resend.ts`) wait and do it again, before the client has seen anything. One object per call: it is the hook of its
// forward itself and tells its end by a callback, so that the usual call, which succeeds at once, makes no promise and
// allocates nothing for what did not happen. Invariants: each attempt has a lease of its own, which is released; a call
// that is sent again has all of its body; the end is told exactly once.

import type { Readable } from 'node:stream';
import type { Budgets } from '../../actors/budgets.ts';
import type { Caller, Lease, Leases } from '../../actors/lease.ts';
import type { TokenManager } from '../../actors/tokenManager.ts';
import { countAttempt, countsOf, type ProviderCounts } from '../core/counts.ts';
import { IntegrationError } from '../core/errors.ts';
import { CALLER_WAIT_MS_MAX } from '../core/limits.ts';
import type { Span } from '../core/spans.ts';
import { delay, type Ms, monotonicMs, toRfc1123Utc } from '../core/time.ts';
import type { ForwardHooks, ForwardOutcome } from '../egress/forward.ts';
import { cleanRequestHeaders, headerValue, namesToDrop } from '../egress/headers.ts';
import { mapLinks } from '../egress/links.ts';
import { withQuery } from '../egress/query.ts';
import type { Sink } from '../egress/sink.ts';
import type { Answer, LimitsSaid } from '../limits/headers/said.ts';
import { BodyTold } from './bodyTold.ts';
import type { CallFacts } from './callFacts.ts';
import { answerOfHead, tellAccepted, tellLimits } from './limitsTold.ts';
import { faultOfError, faultOfStatus, refusedAgain } from './providerCall.ts';
import { reconnectAtMs, resendAtMs, type Sendable } from './resend.ts';
import type { Services } from './services.ts';
import { type ProxyTarget, targetOfCall } from './targets.ts';
import { beginClientSpan, pushTrace, spanEndOf, TRACE_HEADERS } from './tracing/client.ts';

/** What became of a call. */
export type ProxyOutcome = ForwardOutcome;

/** Whoever a call is made for is told of its end: one of both, once, maybe before `ProxyRun.start` returns. */
export interface CallEnding {
  /** The client has seen an answer, or has left. */
  ended(outcome: ProxyOutcome): void;
  /** Nothing was sent to the client: with the codes of `Leases.lease`, `Leases.next` and `ForwardOutcome`. */
  refused(error: unknown): void;
}

export interface ProxyCall {
  readonly method: string;
  /** Path and query as the caller wrote them, byte for byte. */
  readonly path: string;
  readonly facts: CallFacts;
  /** Name, value, name, value, … as received. */
  readonly rawHeaders: readonly string[];
  /** Null without a body; bytes if it was read already. */
  readonly body: Readable | Buffer | null;
  /** A 429 is told to the caller with the time until which calls are not sent, and not waited for here. */
  readonly isThrottled: boolean;
  /** Asks the client for a body that it holds back (`Expect: 100-continue`), at most once; else null. */
  readonly askForBody: (() => void) | null;
}

/** What a call needs; in an edge thread leases, budgets and tokens are those of the owner thread. */
export interface ProxyServices
  extends Pick<Services, 'egress' | 'throttle' | 'counts' | 'tracer' | 'clock' | 'proxyUrl'> {
  readonly leases: Pick<Leases, 'lease' | 'next'>;
  readonly budgets: Pick<Budgets, 'answered' | 'learn' | 'block' | 'unexplained'>;
  readonly tokens: Pick<TokenManager, 'worked' | 'refused' | 'refusedAgain' | 'doubted'>;
}

export class ProxyRun implements ForwardHooks, Sendable, Caller {
  readonly method: string;
  resends = 0;
  deadlineMs: Ms = Number.POSITIVE_INFINITY;
  readonly #services: ProxyServices;
  readonly #target: ProxyTarget;
  readonly #call: ProxyCall;
  readonly #sink: Sink;
  readonly #ending: CallEnding;
  readonly #counts: ProviderCounts;
  #sentAtMs = 0;
  /** Of the try under way; null where no spans are made. */
  #span: Span | null = null;
  #lease: Lease | null = null;
  /** See ForwardHooks. */
  onlooker: BodyTold | null = null;
  #isBodyAskedFor = false;
  #isReconnected = false;
  #isRenewed = false;
  /** What the next attempt waits for: a token, or a moment. */
  #isTokenComing = false;
  #againAtMs: Ms | null = null;

  constructor(services: ProxyServices, target: ProxyTarget, call: ProxyCall, sink: Sink, ending: CallEnding) {
    this.method = call.method;
    this.#services = services;
    this.#target = target.hasKinds ? ofKind(target, call) : target;
    this.#call = call;
    this.#sink = sink;
    this.#ending = ending;
    this.#counts = countsOf(services.counts, target.declaration.name);
  }

  get isReplayable(): boolean {
    const { body } = this.#call;
    return body === null || Buffer.isBuffer(body) || !(body.readableDidRead || body.destroyed);
  }

  /** Takes a lease and sends the call. Whatever comes of it is told to the ending; nothing is thrown. */
  start(): void {
    try {
      const leased = this.#services.leases.lease(this.#target.lease, 'interactive', this);
      if (leased instanceof Promise) void this.#sendAfter(leased);
      else this.#sendWith(leased);
    } catch (error) {
      this.#ending.refused(error);
    }
  }

  /** See ForwardHooks. */
  settled(outcome: ForwardOutcome): void {
    const lease = this.#lease as Lease;
    try {
      this.#tellOutcome(lease, outcome);
    } finally {
      lease.release();
    }
    if (outcome.kind === 'failed' && !outcome.headSent) {
      this.#planReconnect(outcome.error);
      if (this.#againAtMs === null) this.#ending.refused(outcome.error);
      else void this.#again();
    } else if (outcome.kind === 'discarded') {
      void this.#again();
    } else {
      this.#ending.ended(outcome);
    }
  }

  /** See ForwardHooks. Told at the head: a long body must not keep a circuit waiting for its probe. */
  accept(status: number, rawHeaders: readonly string[]): boolean | readonly string[] {
    const lease = this.#lease as Lease;
    const { facts } = this.#call;
    facts.upstreamMs = monotonicMs() - this.#sentAtMs;
    countAttempt(this.#counts, status, facts.upstreamMs);
    lease.answered(faultOfStatus(status));
    if (status < 400) {
      // Where no limit is declared, an answer that was no refusal teaches nothing.
      const { quotas, concurrency } = this.#target.declaration;
      if (quotas.length + concurrency.length > 0) this.#accepted(lease, status, rawHeaders);
      if (!lease.isProven) this.#services.tokens.worked(this.#target.lease.connectionId, lease.generation);
      return true;
    }
    const answer = answerOfHead(this.#target, status, rawHeaders);
    const said = this.#tellLimits(answer);
    if (!isExplained(said)) this.#lookOn(lease, status, rawHeaders);
    if (status === 401) return this.#unauthorized(lease.generation);
    return status === 503 || said.isLimited ? this.#limited(status, said) : true;
  }

  /** See ForwardHooks. */
  ended(bytesIn: number, bytesOut: number): void {
    const { facts } = this.#call;
    facts.bytesIn = bytesIn;
    facts.bytesOut = bytesOut;
  }

  /**
   * See ForwardHooks. Who follows a link goes on through the proxy, and does not show Tenon's key to the provider; nor
   * does a link that repeats the call show the customer's credential to the caller. The id of the call is told beside
   * one that the provider gave, which its support asks for.
   */
  finish(headers: string[]): void {
    const isTaken = headerValue(headers, 'x-request-id') !== undefined;
    headers.push(isTaken ? 'X-Amp-Request-Id' : 'X-Request-Id', this.#call.facts.requestId);
    const { proxyUrl } = this.#services;
    const { query: credentialQuery } = (this.#lease as Lease).attachment;
    if (proxyUrl === null && credentialQuery === '') return;
    const { origin, pathPrefix } = this.#target;
    mapLinks(headers, { origin, pathPrefix, proxyUrl, credentialQuery });
  }

  async #sendAfter(leased: Promise<Lease>): Promise<void> {
    let lease: Lease | null;
    try {
      lease = await this.#waited(leased);
    } catch (error) {
      this.#ending.refused(error);
      return;
    }
    if (lease === null) this.#ending.ended({ kind: 'clientGone' });
    else this.#sendWith(lease);
  }

  async #again(): Promise<void> {
    try {
      await this.#pause();
    } catch (error) {
      this.#ending.refused(error);
      return;
    }
    if (this.#sink.isClosed) this.#ending.ended({ kind: 'clientGone' });
    else this.start();
  }

  #sendWith(lease: Lease): void {
    try {
      this.#send(lease);
    } catch (error) {
      lease.release();
      this.#ending.refused(error);
    }
  }

  /** One attempt. */
  #send(lease: Lease): void {
    const { headers: credentialHeaders, query } = lease.attachment;
    const { method, body, rawHeaders, path, facts } = this.#call;
    this.#lease = lease;
    this.onlooker = null;
    const span = this.#beginSpan();
    const dropped = span === null ? facts.trace.dropped : TRACE_HEADERS;
    const replaced = namesToDrop(credentialHeaders);
    const own = dropped.length === 0 ? replaced : [...replaced, ...dropped];
    const headers = cleanRequestHeaders(rawHeaders, facts.isIdReplaced ? [...own, 'x-request-id'] : own);
    for (const part of credentialHeaders) headers.push(part);
    if (facts.isIdReplaced) headers.push('X-Request-Id', facts.requestId);
    if (span !== null) pushTrace(headers, span, facts.trace);
    if (this.#call.askForBody !== null) this.#askForBody(this.#call.askForBody);
    const { origin, pathPrefix, customer } = this.#target;
    // What a circuit waits for should go now, or leave that to another call.
    const waitUntilMs = lease.isProbe ? null : this.deadlineMs;
    const to = { origin, path: `${pathPrefix}${withQuery(path, query)}`, owner: customer, waitUntilMs };
    facts.attempts += 1;
    facts.upstreamMs = null;
    this.#sentAtMs = monotonicMs();
    this.#services.egress.forward({ ...to, method, headers, body }, this.#sink, this);
  }

  #tellOutcome(lease: Lease, outcome: ForwardOutcome): void {
    const { facts } = this.#call;
    if (facts.upstreamMs === null) countAttempt(this.#counts, endOf(outcome), null);
    if (this.#span !== null) this.#span.end(...spanEndOf(outcome, facts.attempts - 1));
    const fault = outcome.kind === 'failed' ? faultOfError(outcome.error.code) : null;
    if (fault !== null) lease.answered(fault);
  }

  #beginSpan(): Span | null {
    const { tracer } = this.#services;
    if (tracer === null) return null;
    const { declaration, origin } = this.#target;
    this.#span = beginClientSpan(tracer, this.#call.facts.span, this.method, origin, declaration.name);
    return this.#span;
  }

  #askForBody(ask: () => void): void {
    if (this.#isBodyAskedFor) return;
    this.#isBodyAskedFor = true;
    ask();
  }

  /** A token that ended is replaced once; a 401 to the next one belongs to the caller. */
  #unauthorized(generation: number): boolean {
    const { tokens } = this.#services;
    const { connectionId } = this.#target.lease;
    if (this.#isRenewed) {
      refusedAgain(tokens, connectionId, generation);
      return true;
    }
    const next = tokens.refused(connectionId, generation);
    if (next === 'none') tokens.doubted(connectionId, generation);
    if (next === 'none' || !this.isReplayable) return true;
    this.#isRenewed = true;
    this.#isTokenComing = next === 'coming';
    this.#setDeadline();
    return false;
  }

  #accepted(lease: Lease, status: number, rawHeaders: readonly string[]): void {
    const { budgets, clock } = this.#services;
    const answer = answerOfHead(this.#target, status, rawHeaders);
    const isSure = !this.#lookOn(lease, status, rawHeaders);
    tellAccepted(budgets, this.#target, lease.marks, answer, clock, isSure);
  }

  #lookOn({ marks }: Lease, status: number, rawHeaders: readonly string[]): boolean {
    this.onlooker = BodyTold.of(this.#services, this.#target, marks, status, rawHeaders);
    return this.onlooker !== null;
  }

  #tellLimits(answer: Answer): LimitsSaid {
    const { budgets, clock } = this.#services;
    const { marks } = this.#lease as Lease;
    return tellLimits(budgets, this.#target, marks, answer, clock.nowMs());
  }

  #limited(status: number, said: LimitsSaid): boolean | readonly string[] {
    const { throttle } = this.#services;
    const nowMs = this.#setDeadline();
    const hold = said.isLimited ? throttle.refused(this.#target.accountKey, said, nowMs) : null;
    if (this.#call.isThrottled) return hold === null ? true : retryHeaders(hold.untilMs, hold.isRetryable);
    if (said.isLockedOut || !throttle.hasRoom) return true;
    this.#againAtMs = resendAtMs(this, status, said.retryAtMs, nowMs);
    if (this.#againAtMs === null) return true;
    this.resends += 1;
    return false;
  }

  #planReconnect(error: IntegrationError): void {
    if (this.#isReconnected || !this.#services.throttle.hasRoom) return;
    this.#againAtMs = reconnectAtMs(this, error, this.#setDeadline());
    this.#isReconnected = this.#againAtMs !== null;
  }

  /** All waiting of a call together is what a caller waits, from the first refusal on. Answers the time. */
  #setDeadline(): Ms {
    const nowMs = this.#services.clock.nowMs();
    if (this.deadlineMs === Number.POSITIVE_INFINITY) this.deadlineMs = nowMs + CALLER_WAIT_MS_MAX;
    return nowMs;
  }

  async #pause(): Promise<void> {
    const { clock, leases, throttle } = this.#services;
    const atMs = this.#againAtMs;
    this.#againAtMs = null;
    if (this.#isTokenComing) {
      this.#isTokenComing = false;
      await leases.next(this.#target.lease.connectionId, (this.#lease as Lease).generation, this.deadlineMs);
    }
    if (atMs === null || this.#sink.isClosed) return;
    await throttle.wait(clock, atMs, this.gone());
  }

  /** See Caller. */
  gone(): AbortSignal {
    const gone = new AbortController();
    if (this.#sink.isClosed) gone.abort();
    else this.#sink.onClose(() => gone.abort());
    return gone.signal;
  }

  /** Null if the client left meanwhile: whatever became of the lease, nobody waits for it. */
  async #unlessGone(leased: Promise<Lease>): Promise<Lease | null> {
    try {
      const lease = await leased;
      if (!this.#sink.isClosed) return lease;
      lease.release();
    } catch (error) {
      if (!this.#sink.isClosed) throw error;
    }
    return null;
  }

  async #waited(leased: Promise<Lease>): Promise<Lease | null> {
    const { facts } = this.#call;
    const sinceMs = monotonicMs();
    return await this.#unlessGone(this.#inTime(leased)).finally(() => {
      facts.leaseWaitMs += monotonicMs() - sinceMs;
    });
  }

  /** A lease waits for itself as long as a caller does; what was waited before counts too. */
  async #inTime(leased: Promise<Lease>): Promise<Lease> {
    if (this.deadlineMs === Number.POSITIVE_INFINITY) return leased;
    const { clock } = this.#services;
    const come = new AbortController();
    const late = delay(clock, this.deadlineMs - clock.nowMs(), come.signal);
    const first = await Promise.race([leased, late]).finally(() => come.abort());
    if (first !== undefined) return first;
    leased.then((lease) => lease.release(), ignore);
    throw new IntegrationError('timeout', 'the call waited too long to be sent again');
  }
}

/** Apart, so that nothing is put together for calls of providers that count none of them apart. */
function ofKind(target: ProxyTarget, { method, path }: ProxyCall): ProxyTarget {
  return targetOfCall(target, method, `${target.origin}${target.pathPrefix}${path}`);
}

/** Whether the head has said which limit refused. */
function isExplained({ isLimited, readings }: LimitsSaid): boolean {
  return isLimited && readings.some(({ remaining }) => remaining === 0);
}

/** Of a try that had no answer. */
function endOf({ kind }: ForwardOutcome): 'clientGone' | 'broken' {
  return kind === 'clientGone' ? kind : 'broken';
}

/** The published headers of a 429 in throttle mode. */
function retryHeaders(retryAtMs: Ms, isRetryable: boolean): readonly string[] {
  return ['X-Amp-Retry-After', toRfc1123Utc(retryAtMs), 'X-Amp-Retryable', String(isRetryable)];
}

function ignore(): void {}

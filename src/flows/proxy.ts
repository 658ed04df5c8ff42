// A proxied call as it comes in: the rules that need no provider, then its attempts (`proxyRun.ts`). The bodies are
// left as they are, and looked at only where they tell of limits (`bodyTold.ts`). Invariants: no credential outside the
// lease; the lease is always released; hop-by-hop and internal headers never cross; a credential goes to the provider's
// own address and nowhere else.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { countsOf } from '../core/counts.ts';
import { IntegrationError } from '../core/errors.ts';
import { REPLAYABLE_BODY_BYTES_MAX } from '../core/limits.ts';
import type { Sink } from '../egress/sink.ts';
import { NodeSink } from '../egress/sinkNode.ts';
import { WebSink } from '../egress/sinkWeb.ts';
import type { CallFacts } from './callFacts.ts';
import { type CallEnding, type ProxyCall, type ProxyOutcome, ProxyRun, type ProxyServices } from './proxyRun.ts';
import { takeBody } from './shortBody.ts';
import type { ProxyTarget } from './targets.ts';

export type { CallEnding, ProxyOutcome } from './proxyRun.ts';

/** Asks for the limiter of the proxy. */
export const RATE_LIMITER_MODE = 'x-amp-rate-limiter-mode';

/** The one published mode of the rate limiter; others are not ours to refuse, since none is documented. */
export function isThrottleMode(value: string | null | undefined): boolean {
  return value != null && value.toLowerCase() === 'throttle';
}

/** Whether a request of node:http comes with a body, whole or not (RFC 9112 section 6.3). */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Proxies a call that came over node:http; the response is written directly. Throws as `proxy`. */
export function proxyOverNode(
  services: ProxyServices,
  target: ProxyTarget,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  path: string,
  facts: CallFacts,
  ending: CallEnding,
): void {
  const { method = 'GET', rawHeaders, headers, httpVersionMinor } = incoming;
  const announced = headers['content-length'];
  const call = {
    method,
    path,
    facts,
    rawHeaders,
    body: hasBody(incoming) ? incoming : null,
    isThrottled: isThrottleMode(headers[RATE_LIMITER_MODE] as string | undefined),
    // HTTP/1.0 knows no answer before the answer (RFC 9110 section 10.1.1).
    askForBody: headers.expect === undefined || httpVersionMinor === 0 ? null : () => outgoing.writeContinue(),
  };
  proxy(services, target, call, announced, new NodeSink(outgoing), ending);
}

/**
 * Proxies a call that came as a WHATWG request. `response` settles with the provider's head, or never, if `outcome`
 * tells that there was none; the rest of the call goes on behind it. `outcome` rejects where nothing was sent to the
 * client. Throws as `proxy`.
 */
export function proxyOverWeb(
  services: ProxyServices,
  target: ProxyTarget,
  request: Request,
  path: string,
  facts: CallFacts,
): { readonly response: Promise<Response>; readonly outcome: Promise<ProxyOutcome> } {
  const { method, headers, signal } = request;
  const sink = new WebSink(method, signal);
  const body = request.body as ReadableStream | null;
  const call = {
    method,
    path,
    facts,
    rawHeaders: [...headers].flat(),
    body: body === null ? null : Readable.fromWeb(body),
    isThrottled: isThrottleMode(headers.get(RATE_LIMITER_MODE)),
    // Servers of this kind answer `Expect` themselves.
    askForBody: null,
  };
  const { promise: outcome, resolve: ended, reject: refused } = Promise.withResolvers<ProxyOutcome>();
  const announced = headers.get('content-length') ?? undefined;
  proxy(services, target, call, announced, sink, { ended, refused });
  return { response: sink.response, outcome };
}

/**
 * Throws `forbidden` if the proxy is off, `rate_limited` in throttle mode while the provider wants to be left alone;
 * then nothing was sent to the client, and the ending is told nothing.
 */
function proxy(
  services: ProxyServices,
  target: ProxyTarget,
  call: ProxyCall,
  bytesAnnounced: string | undefined,
  sink: Sink,
  ending: CallEnding,
): void {
  if (!target.isProxyEnabled) {
    throw new IntegrationError('forbidden', 'the proxy is not enabled for this installation', {
      remedy: 'Set proxy.enabled in the manifest of the integration.',
    });
  }
  if (call.isThrottled) assertNotHeld(services, target);
  const { body } = call;
  // A short body is read before the lease is taken: its bytes can be sent again, and a slow client holds no place.
  const announced = Number(bytesAnnounced ?? Number.NaN);
  if (body instanceof Readable && announced <= REPLAYABLE_BODY_BYTES_MAX) {
    // Somebody who has left meanwhile is heard of no more.
    if (body.destroyed) {
      ending.ended({ kind: 'clientGone' });
      return;
    }
    call.askForBody?.();
    takeBody(body, announced, services.egress.watch, {
      taken: (bytes) =>
        new ProxyRun(services, target, { ...call, body: bytes, askForBody: null }, sink, ending).start(),
      left: () => ending.ended({ kind: 'clientGone' }),
      late: (error) => ending.refused(error),
    });
    return;
  }
  new ProxyRun(services, target, call, sink, ending).start();
}

function assertNotHeld({ throttle, clock, counts }: ProxyServices, { accountKey, declaration }: ProxyTarget): void {
  const hold = throttle.holdOf(accountKey, clock.nowMs());
  if (hold === null) return;
  countsOf(counts, declaration.name).throttled += 1;
  const message = 'the provider asked to be left alone for a while; this call was not sent';
  throw new IntegrationError('rate_limited', message, { retryAtMs: hold.untilMs, isRetryable: hold.isRetryable });
}

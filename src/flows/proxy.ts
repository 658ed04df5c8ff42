// One proxied call, top to bottom: find where it goes, take a lease, stream it there and back. The bodies are never
// looked at. Invariants: no credential outside the lease; the lease is always released; hop-by-hop and internal
// headers never cross; a credential goes to the provider's own address and nowhere else.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Lease } from '../../actors/lease.ts';
import { IntegrationError } from '../core/errors.ts';
import { CALLER_WAIT_MS_MAX } from '../core/limits.ts';
import type { ForwardOutcome } from '../egress/forward.ts';
import { cleanRequestHeaders } from '../egress/headers.ts';
import type { Sink } from '../egress/sink.ts';
import { NodeSink } from '../egress/sinkNode.ts';
import { WebSink } from '../egress/sinkWeb.ts';
import { faultOfError, faultOfStatus, refusedAgain, withQuery } from './providerCall.ts';
import type { Services } from './services.ts';
import type { ProxyTarget } from './targets.ts';

/** What became of a call; a `failed` one without `headSent` is the caller's to answer. */
export type ProxyOutcome = ForwardOutcome;

interface ProxyCall {
  readonly method: string;
  /** Path and query as the caller wrote them, byte for byte. */
  readonly path: string;
  /** Name, value, name, value, … as received. */
  readonly rawHeaders: readonly string[];
  readonly body: Readable | ReadableStream | null;
}

type ProxyServices = Pick<Services, 'leases' | 'tokens' | 'egress' | 'clock'>;

/** Proxies a call that came over node:http; the response is written directly. Rejects as `proxy`. */
export function proxyOverNode(
  services: ProxyServices,
  target: ProxyTarget,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<ProxyOutcome> {
  const { method = 'GET', url = '/', rawHeaders, headers } = incoming;
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  const call = { method, path: url, rawHeaders, body: hasBody ? incoming : null };
  return proxy(services, target, call, new NodeSink(outgoing));
}

/**
 * Proxies a call that came as a WHATWG request. `response` settles with the provider's head, or never, if `outcome`
 * tells that there was none; the rest of the call goes on behind it.
 */
export function proxyOverWeb(
  services: ProxyServices,
  target: ProxyTarget,
  request: Request,
): { readonly response: Promise<Response>; readonly outcome: Promise<ProxyOutcome> } {
  const { method, url, headers, body, signal } = request;
  const sink = new WebSink(method, signal);
  const path = url.slice(new URL(url).origin.length);
  const call = { method, path, rawHeaders: [...headers].flat(), body: body as ReadableStream | null };
  return { response: sink.response, outcome: proxy(services, target, call, sink) };
}

/**
 * Rejects with `forbidden` if the proxy is off and with the codes of `Leases.lease`, before
 * anything was sent to the client.
 */
async function proxy(services: ProxyServices, target: ProxyTarget, call: ProxyCall, sink: Sink): Promise<ProxyOutcome> {
  if (!target.isProxyEnabled) {
    throw new IntegrationError('forbidden', 'the proxy is not enabled for this installation', {
      remedy: 'Set proxy.enabled in the manifest of the integration.',
    });
  }
  const { leases, tokens, clock } = services;
  const { connectionId } = target.lease;
  const leased = leases.lease(target.lease);
  const lease = leased instanceof Promise ? await leased : leased;
  // A body is gone once it was sent, so only a call without one can be made again with the next token.
  let next = 'none' as ReturnType<typeof tokens.refused>;
  const outcome = await forwardOnce(services, target, call, sink, lease, (status) => {
    if (status !== 401) return true;
    next = tokens.refused(connectionId, lease.generation);
    if (next === 'none') tokens.doubted(connectionId, lease.generation);
    return next === 'none' || call.body !== null;
  });
  if (outcome.kind !== 'discarded') return outcome;
  if (next === 'coming') await leases.next(connectionId, lease.generation, clock.nowMs() + CALLER_WAIT_MS_MAX);
  const second = await leases.lease(target.lease);
  return forwardOnce(services, target, call, sink, second, (status) => {
    if (status === 401) refusedAgain(tokens, connectionId, second.generation);
    return true;
  });
}

/** `accept` sees the status before the client does; false keeps the answer back and the sink untouched. */
async function forwardOnce(
  { egress, tokens }: ProxyServices,
  target: ProxyTarget,
  call: ProxyCall,
  sink: Sink,
  lease: Lease,
  accept: (status: number) => boolean,
): Promise<ForwardOutcome> {
  const { headers: credentialHeaders, query } = lease.attachment;
  const { method, body } = call;
  try {
    const headers = cleanRequestHeaders(call.rawHeaders, namesOf(credentialHeaders));
    for (const part of credentialHeaders) headers.push(part);
    const path = `${target.pathPrefix}${withQuery(call.path, query)}`;
    const outcome = await egress.forward({ origin: target.origin, path, method, headers, body }, sink, {
      accept(status) {
        // Told at the head: a long body must not keep a circuit waiting for its probe.
        lease.answered(faultOfStatus(status));
        if (status < 400) tokens.worked(target.lease.connectionId, lease.generation);
        return accept(status);
      },
    });
    const fault = outcome.kind === 'failed' ? faultOfError(outcome.error.code) : null;
    if (fault !== null) lease.answered(fault);
    return outcome;
  } finally {
    lease.release();
  }
}

/** Lower-case names of a raw list; a credential sets one or two. */
function namesOf(rawHeaders: readonly string[]): string[] {
  const names: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) names.push((rawHeaders[index] ?? '').toLowerCase());
  return names;
}

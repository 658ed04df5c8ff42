// One proxied call, top to bottom: find where it goes, take a lease, stream it there and back. The bodies are never
// looked at. Invariants: no credential outside the lease; the lease is always released; hop-by-hop and internal
// headers never cross; a credential goes to the provider's own address and nowhere else.

import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Lease } from '../../actors/lease.ts';
import { IntegrationError } from '../core/errors.ts';
import { CALLER_WAIT_MS_MAX } from '../core/limits.ts';
import type { ForwardOutcome } from '../egress/forward.ts';
import { cleanRequestHeaders } from '../egress/headers.ts';
import type { Sink } from '../egress/sink.ts';
import { faultOfError, faultOfStatus, withQuery } from './providerCall.ts';
import type { Services } from './services.ts';
import type { ProxyTarget } from './targets.ts';

export interface ProxyCall {
  readonly method: string;
  /** Path and query as the caller wrote them, byte for byte. */
  readonly path: string;
  /** Name, value, name, value, … as received. */
  readonly rawHeaders: readonly string[];
  readonly body: Readable | ReadableStream | null;
}

type ProxyServices = Pick<Services, 'leases' | 'tokens' | 'egress' | 'clock'>;

/**
 * Resolves with what became of the call; a `failed` one without `headSent` is the caller's to answer. Rejects with
 * `forbidden` if the proxy is off and with the codes of `Leases.lease`, before anything was sent.
 */
export async function proxy(
  services: ProxyServices,
  target: ProxyTarget,
  call: ProxyCall,
  sink: Sink,
): Promise<ForwardOutcome> {
  if (!target.isProxyEnabled) {
    throw new IntegrationError('forbidden', 'the proxy is not enabled for this installation', {
      remedy: 'Set proxy.enabled in the manifest of the integration.',
    });
  }
  const { leases, tokens, clock } = services;
  const { connectionId } = target.lease;
  const deadlineMs = clock.nowMs() + CALLER_WAIT_MS_MAX;
  const leased = leases.lease(target.lease);
  const lease = leased instanceof Promise ? await leased : leased;
  // A body is gone once it was sent, so only a call without one can be made again with the next token.
  let next = 'none' as ReturnType<typeof tokens.refused>;
  const outcome = await forwardOnce(services, target, call, sink, lease, (status) => {
    if (status === 401) next = tokens.refused(connectionId, lease.generation);
    return next === 'none' || call.body !== null;
  });
  if (outcome.kind !== 'discarded') return outcome;
  if (next === 'coming') await leases.renewed(connectionId, deadlineMs);
  const second = await leases.lease(target.lease);
  return forwardOnce(services, target, call, sink, second, (status) => {
    if (status === 401) tokens.refusedAgain(connectionId, second.generation);
    return true;
  });
}

/** `accept` sees the status before the client does; false keeps the answer back and the sink untouched. */
async function forwardOnce(
  { egress }: ProxyServices,
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

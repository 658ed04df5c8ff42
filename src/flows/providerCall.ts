// One buffered call to a provider under a lease: attach the credential, send, and if the provider says 401 renew the
// token and try once more. Connectors get this as their `ProviderCall`; the proxy streams instead (`proxy.ts`).

import type { Lease } from '../../actors/lease.ts';
import type { ProviderCall, ProviderRequest } from '../connectors/contract.ts';
import { IntegrationError } from '../core/errors.ts';
import { BUFFERED_CALL_TIMEOUT_MS, CALLER_WAIT_MS_MAX, PAGE_BYTES_MAX } from '../core/limits.ts';
import type { BufferedResponse } from '../egress/buffered.ts';
import { headerRecord } from '../egress/headers.ts';
import type { Services } from './services.ts';
import type { ProviderTarget } from './targets.ts';

type CallServices = Pick<Services, 'leases' | 'tokens' | 'egress' | 'clock'>;

/** Calls of one target. Each takes a lease of its own. */
export function providerCalls(services: CallServices, target: ProviderTarget, signal?: AbortSignal): ProviderCall {
  return async (request) => {
    const { leases, tokens, clock } = services;
    const deadlineMs = clock.nowMs() + CALLER_WAIT_MS_MAX;
    const first = await callOnce(services, target, request, signal);
    if (first.response.status !== 401) return first.response;
    const { connectionId } = target.lease;
    if (!tokens.refused(connectionId, first.generation)) return first.response;
    if (tokens.generationOf(connectionId) === first.generation) await leases.renewed(connectionId, deadlineMs);
    return (await callOnce(services, target, request, signal)).response;
  };
}

async function callOnce(
  { leases, egress }: CallServices,
  target: ProviderTarget,
  request: ProviderRequest,
  signal: AbortSignal | undefined,
): Promise<{ response: BufferedResponse; generation: number }> {
  const lease = await leases.lease(target.lease);
  try {
    const response = await egress.request({
      url: urlOf(target, request, lease),
      method: request.method,
      headers: {
        accept: 'application/json',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
        ...headerRecord(lease.attachment.headers),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      timeoutMs: BUFFERED_CALL_TIMEOUT_MS,
      responseBytesMax: PAGE_BYTES_MAX,
      ...(signal === undefined ? {} : { signal }),
    });
    lease.release(failureOf(response.status));
    return { response, generation: lease.generation };
  } catch (error) {
    lease.release(error instanceof IntegrationError ? error.code : 'invariant');
    throw error;
  }
}

/** What counts against the provider's circuit: its own faults, not ours and not the customer's. */
export function failureOf(status: number): string | null {
  return status >= 500 ? `answered ${status}` : null;
}

function urlOf(target: ProviderTarget, { path }: ProviderRequest, lease: Lease): string {
  const { query } = lease.attachment;
  return `${target.baseUrl}${path}${query === '' ? '' : `${path.includes('?') ? '&' : '?'}${query}`}`;
}

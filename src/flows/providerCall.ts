// One buffered call to a provider under a lease: attach the credential, send, and if the provider says 401 renew the
// token and try once more. Connectors get this as their `ProviderCall`; the proxy streams instead (`proxy.ts`).

import type { Lease } from '../../actors/lease.ts';
import type { TokenManager } from '../../actors/tokenManager.ts';
import { type Attachment, quotableOf } from '../auth/attach.ts';
import type { ProviderCall, ProviderRequest } from '../connectors/contract.ts';
import { countAttempt, countsOf } from '../core/counts.ts';
import { type ErrorCode, errorFacts, invariant } from '../core/errors.ts';
import type { ConnectionId } from '../core/ids.ts';
import { BUFFERED_CALL_TIMEOUT_MS, CALLER_WAIT_MS_MAX, PAGE_BYTES_MAX } from '../core/limits.ts';
import { without } from '../core/scrub.ts';
import { monotonicMs } from '../core/time.ts';
import { escapeXml } from '../core/xml.ts';
import type { BufferedResponse } from '../egress/buffered.ts';
import { headerRecord } from '../egress/headers.ts';
import { partOf } from '../egress/peek.ts';
import { withQuery } from '../egress/query.ts';
import type { CallPriority } from '../limits/fairQueue.ts';
import type { Answer } from '../limits/headers/said.ts';
import { partToLookAt, tellLimits } from './limitsTold.ts';
import { probeIfDue, soonerByProbe } from './quotaProbe.ts';
import type { Services } from './services.ts';
import { type ProviderTarget, targetOfCall } from './targets.ts';
import { beginClientSpan, errorTypeOf } from './tracing/client.ts';

type CallServices = Pick<Services, 'leases' | 'budgets' | 'tokens' | 'egress' | 'counts' | 'tracer' | 'clock' | 'log'>;

/** Calls of one target. Each takes a lease of its own. */
export function providerCalls(
  services: CallServices,
  target: ProviderTarget,
  priority: CallPriority,
  signal?: AbortSignal,
): ProviderCall {
  return async (request) => {
    // It asks beyond the share of background calls: it is what tells that there is room again.
    await probeIfDue(services, target, priority, (probe) =>
      callRenewing(services, target, 'interactive', probe, signal),
    );
    const { hasKinds, baseUrl } = target;
    const own = hasKinds ? targetOfCall(target, request.method, `${baseUrl}${request.path}`) : target;
    return callRenewing(services, own, priority, request, signal);
  };
}

async function callRenewing(
  services: CallServices,
  target: ProviderTarget,
  priority: CallPriority,
  request: ProviderRequest,
  signal: AbortSignal | undefined,
): Promise<BufferedResponse> {
  const { connectionId } = target.lease;
  const first = await callOnce(services, target, priority, request, signal);
  if (first.response.status !== 401) return first.response;
  const next = services.tokens.refused(connectionId, first.generation);
  if (next === 'none') {
    services.tokens.doubted(connectionId, first.generation);
    return first.response;
  }
  if (next === 'coming') {
    await services.leases.next(connectionId, first.generation, services.clock.nowMs() + CALLER_WAIT_MS_MAX);
  }
  const second = await callOnce(services, target, priority, request, signal);
  if (second.response.status === 401) refusedAgain(services.tokens, connectionId, second.generation);
  return second.response;
}

async function leaseFor(
  services: CallServices,
  target: ProviderTarget,
  priority: CallPriority,
  signal: AbortSignal | undefined,
): Promise<Lease> {
  try {
    return await services.leases.lease(target.lease, priority, { gone: () => signal });
  } catch (error) {
    throw soonerByProbe(services, target, priority, error);
  }
}

async function callOnce(
  services: CallServices,
  target: ProviderTarget,
  priority: CallPriority,
  request: ProviderRequest,
  signal: AbortSignal | undefined,
): Promise<{ response: BufferedResponse; generation: number }> {
  const { budgets, egress, tokens, counts, tracer, clock } = services;
  const lease = await leaseFor(services, target, priority, signal);
  const sentAtMs = monotonicMs();
  const { name } = target.declaration;
  const span = tracer === null ? null : beginClientSpan(tracer, null, request.method, target.baseUrl, name);
  const counted = countsOf(counts, target.declaration.name);
  try {
    const body = bodyOf(request, lease);
    const given = await egress.request({
      url: `${target.baseUrl}${withQuery(request.path, lease.attachment.query)}`,
      method: request.method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': request.xml === undefined ? 'application/json' : 'text/xml' }),
        ...request.headers,
        ...headerRecord(lease.attachment.headers),
        ...(span === null ? {} : { traceparent: span.traceparent }),
      },
      ...(body === undefined ? {} : { body }),
      timeoutMs: BUFFERED_CALL_TIMEOUT_MS,
      responseBytesMax: PAGE_BYTES_MAX,
      owner: target.customer,
      // What a circuit waits for should go now, or leave that to another call.
      mayWait: !lease.isProbe,
      ...(signal === undefined ? {} : { signal }),
    });
    const response = request.statusOf === undefined ? given : { ...given, status: request.statusOf(given) };
    countAttempt(counted, response.status, monotonicMs() - sentAtMs);
    span?.end({ 'http.response.status_code': response.status }, errorTypeOf(response.status));
    lease.answered(faultOfStatus(response.status));
    tellLimits(budgets, target, lease.marks, answerOf(target, response), clock.nowMs());
    if (response.status < 400) tokens.worked(target.lease.connectionId, lease.generation);
    return { response: tellable(response, lease.attachment), generation: lease.generation };
  } catch (error) {
    countAttempt(counted, 'broken', null);
    const { code } = errorFacts(error);
    span?.end({}, code);
    // Of a call that was given up, because the time for several was over, nobody knows how it would have gone.
    const fault = signal?.aborted === true ? null : faultOfError(code);
    if (fault !== null) lease.answered(fault);
    throw error;
  } finally {
    lease.release();
  }
}

function bodyOf({ body, xml }: ProviderRequest, { attachment }: Lease): string | undefined {
  if (xml === undefined) return body === undefined ? undefined : JSON.stringify(body);
  const header = headerRecord(attachment.headers)['authorization'] ?? '';
  invariant(header.startsWith('Bearer '), 'T-XMLTOKEN', 'XML is sent with bearer tokens only');
  return `${xml.beforeToken}${escapeXml(header.slice('Bearer '.length))}${xml.afterToken}`;
}

/** A call was refused with one token and with the next one too: the credential itself is in doubt. */
export function refusedAgain(
  tokens: Pick<TokenManager, 'refusedAgain' | 'doubted'>,
  connectionId: ConnectionId,
  generation: number,
): void {
  tokens.refusedAgain(connectionId, generation);
  tokens.doubted(connectionId, generation);
}

/** Connectors quote what a refusal says, and some providers quote the credential in it: the answer without that. */
export function tellable(response: BufferedResponse, attachment: Attachment): BufferedResponse {
  if (response.status < 400) return response;
  const text = response.body.toString();
  const told = without(text, quotableOf(attachment));
  return told === text ? response : { ...response, body: Buffer.from(told) };
}

/** A refusal may be told in the body; that of a page of records is not looked through, but for what is at its end. */
function answerOf(target: ProviderTarget, { status, headers, body }: BufferedResponse): Answer {
  if (status >= 400) return { status, headers, bodyText: body.toString() };
  const part = partToLookAt(target, status);
  const bodyText = part === null ? null : partOf(body, part);
  return bodyText === null ? { status, headers } : { status, headers, bodyText };
}

/** What of an answer counts against the provider's circuit: its own faults, not ours and not the customer's. */
export function faultOfStatus(status: number): string | null {
  return status >= 500 ? `answered ${status}` : null;
}

const PROVIDER_FAULTS: ReadonlySet<ErrorCode> = new Set([
  'network',
  'timeout',
  'outcome_unknown',
  'provider_malformed',
]);

/** The same of a call without an answer; null says nothing about the provider. */
export function faultOfError(code: ErrorCode): string | null {
  return PROVIDER_FAULTS.has(code) ? code : null;
}

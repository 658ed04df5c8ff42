// The proxy plane: reads who calls and which installation is meant from the headers, hands the call to the flow, and
// answers with a problem what never reached the provider. On node:http the response is written directly; elsewhere a
// `Response` carries it.

import type { IncomingMessage } from 'node:http';
import type { ReadableStream } from 'node:stream/web';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import { IntegrationError } from '../core/errors.ts';
import { type ProjectId, parseId } from '../core/ids.ts';
import { monotonicMs } from '../core/time.ts';
import type { ForwardOutcome } from '../egress/forward.ts';
import { headerValue } from '../egress/headers.ts';
import type { Sink } from '../egress/sink.ts';
import { NodeSink } from '../egress/sinkNode.ts';
import { WebSink } from '../egress/sinkWeb.ts';
import { type ProxyCall, proxy } from '../flows/proxy.ts';
import type { ProxyTarget } from '../flows/targets.ts';
import { type ApiKeys, requireFull } from './auth.ts';
import type { EdgeEnv, EdgeServices } from './context.ts';

/** A request with this header goes to the proxy, whatever its path: provider paths can look like ours. */
export const PROXY_VERSION_HEADER = 'x-amp-proxy-version';

export function proxyHandler(services: EdgeServices, keys: ApiKeys) {
  return (context: Context<EdgeEnv>): Promise<Response> => {
    const { incoming, outgoing } = context.env;
    if (incoming === undefined || outgoing === undefined) return proxyWeb(services, keys, context);
    const call: ProxyCall = {
      method: incoming.method ?? 'GET',
      path: incoming.url ?? '/',
      rawHeaders: incoming.rawHeaders,
      body: hasBody(incoming) ? incoming : null,
    };
    return run(services, keys, call, new NodeSink(outgoing)).then(() => RESPONSE_ALREADY_SENT);
  };
}

/** The response is there as soon as the provider's head is; the rest of the call goes on behind it. */
async function proxyWeb(services: EdgeServices, keys: ApiKeys, context: Context<EdgeEnv>): Promise<Response> {
  const request = context.req.raw;
  const sink = new WebSink(request.method, request.signal);
  const call: ProxyCall = {
    method: request.method,
    path: request.url.slice(new URL(request.url).origin.length),
    rawHeaders: [...request.headers].flat(),
    body: request.body as ReadableStream | null,
  };
  const ended = run(services, keys, call, sink).then((outcome) => {
    if (outcome.kind === 'clientGone') return new Response(null, { status: 499 });
    return sink.response;
  });
  return Promise.race([sink.response, ended]);
}

/** Rejects with whatever kept the call from the provider, as long as nothing was sent to the client. */
async function run(services: EdgeServices, keys: ApiKeys, call: ProxyCall, sink: Sink): Promise<ForwardOutcome> {
  const startedMs = monotonicMs();
  const target = targetOf(services, keys, call.rawHeaders);
  const outcome = await proxy(services, target, call, sink);
  logCall(services, target, call, outcome, monotonicMs() - startedMs);
  if (outcome.kind === 'failed' && !outcome.headSent) throw outcome.error;
  return outcome;
}

function targetOf({ targets }: EdgeServices, keys: ApiKeys, rawHeaders: readonly string[]): ProxyTarget {
  const caller = keys.caller(headerValue(rawHeaders, 'x-api-key'));
  requireFull(caller);
  if (headerValue(rawHeaders, PROXY_VERSION_HEADER) !== '1') throw wrongHeader(PROXY_VERSION_HEADER, 'must be 1');
  const named = headerValue(rawHeaders, 'x-amp-project-id');
  if (named === undefined) throw wrongHeader('x-amp-project-id', 'is required');
  if (parseId<ProjectId>(named, 'x-amp-project-id') !== caller.projectId) {
    throw new IntegrationError('not_found', 'no such project');
  }
  const installationId = headerValue(rawHeaders, 'x-amp-installation-id');
  if (installationId !== undefined) return targets.ofInstallation(caller.projectId, installationId);
  const integrationName = headerValue(rawHeaders, 'x-amp-integration-name');
  const groupRef = headerValue(rawHeaders, 'x-amp-group-ref');
  if (integrationName === undefined || groupRef === undefined) {
    throw wrongHeader('x-amp-installation-id', 'is required, or x-amp-integration-name with x-amp-group-ref');
  }
  return targets.ofGroup(caller.projectId, integrationName, groupRef);
}

function wrongHeader(name: string, detail: string): IntegrationError {
  return new IntegrationError('bad_request', `the header ${name} ${detail}`, {
    issues: [{ in: 'header', name, detail }],
  });
}

function hasBody(incoming: IncomingMessage): boolean {
  const { headers } = incoming;
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function logCall(
  { log }: EdgeServices,
  target: ProxyTarget,
  call: ProxyCall,
  outcome: ForwardOutcome,
  ms: number,
): void {
  const { installationId, declaration } = target;
  log.info({
    plane: 'proxy',
    installationId,
    provider: declaration.name,
    method: call.method,
    outcome: outcome.kind,
    status: 'status' in outcome ? outcome.status : undefined,
    ms: Math.round(ms * 10) / 10,
  });
}

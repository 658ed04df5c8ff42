// The proxy plane: reads who calls and which installation is meant from the headers, hands the call to the flow, and
// answers with a problem what never reached the provider. On node:http calls come here without Hono and the response is
// written directly; elsewhere Hono routes and a `Response` carries it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { IntegrationError } from '../core/errors.ts';
import { parseId } from '../core/ids.ts';
import { type Ms, toRfc1123Utc } from '../core/time.ts';
import type { CallFacts } from '../flows/callFacts.ts';
import {
  type CallEnding,
  isThrottleMode,
  type ProxyOutcome,
  proxyOverNode,
  proxyOverWeb,
  RATE_LIMITER_MODE,
} from '../flows/proxy.ts';
import type { ProxyServices } from '../flows/proxyRun.ts';
import type { ProxyTarget } from '../flows/targets.ts';
import { type ApiKeys, requireFull } from './auth.ts';
import { callFactsOf, type Header, proxiedCallEnded, proxiedCallRefused } from './calls.ts';
import type { EdgeServices } from './context.ts';
import { assertPlain, PROXY_VERSION_HEADER, providerPath } from './plane.ts';
import { problemResponse } from './problem.ts';
import { answerWith } from './server.ts';

/** nginx's status for a client that left; nobody receives it. */
const STATUS_CLIENT_GONE = 499;

/** Proxies a call of node:http and answers it, with a problem where it went nowhere. Throws nothing. */
export type NodeProxy = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** What a proxied call needs at the edge. */
type ProxyEdge = ProxyServices & Pick<EdgeServices, 'log'>;

/**
 * Who calls for which installation; a promise where that must be asked for. Rejects (or throws) with `unauthenticated`,
 * `forbidden`, `bad_request` and the codes of `Targets`.
 */
export type FindTarget = (header: Header) => ProxyTarget | Promise<ProxyTarget>;

/** Headers that a target is found by. */
export const TARGET_HEADERS = [
  'x-api-key',
  'upgrade',
  PROXY_VERSION_HEADER,
  'x-amp-project-id',
  'x-amp-installation-id',
  'x-amp-integration-name',
  'x-amp-group-ref',
] as const;

export function proxyOfNode(services: ProxyEdge, find: FindTarget): NodeProxy {
  return (incoming, outgoing) => new NodeCall(services, incoming, outgoing).start(find);
}

/** A call of node:http on its way. Callbacks and no promise: most calls wait for nothing but their provider. */
class NodeCall implements CallEnding {
  readonly #services: ProxyEdge;
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  readonly #header: Header;
  readonly #facts: CallFacts;
  #target: ProxyTarget | null = null;

  constructor(services: ProxyEdge, incoming: IncomingMessage, outgoing: ServerResponse) {
    const { headers, method } = incoming;
    this.#services = services;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#header = (name) => headers[name] as string | undefined;
    this.#facts = callFactsOf(services, this.#header, method);
  }

  start(find: FindTarget): void {
    try {
      assertPlain(this.#incoming);
      const found = find(this.#header);
      if (found instanceof Promise) void this.#goAfter(found);
      else this.#go(found);
    } catch (error) {
      this.refused(error);
    }
  }

  /** See CallEnding. */
  ended(outcome: ProxyOutcome): void {
    proxiedCallEnded(this.#services, this.#target as ProxyTarget, this.#incoming.method, outcome, this.#facts);
  }

  /** See CallEnding. */
  refused(error: unknown): void {
    const { log, clock } = this.#services;
    proxiedCallRefused(this.#services, this.#target, this.#incoming.method, error, this.#facts);
    const response = problemResponse(error, this.#facts.requestId, clock.nowMs(), log, 'proxied');
    answerWith(withRetryHeaders(response, error, this.#header), this.#incoming, this.#outgoing);
  }

  async #goAfter(found: Promise<ProxyTarget>): Promise<void> {
    try {
      this.#go(await found);
    } catch (error) {
      this.refused(error);
    }
  }

  #go(target: ProxyTarget): void {
    const { url = '/', headers } = this.#incoming;
    this.#target = target;
    const path = providerPath(url, headers.host);
    proxyOverNode(this.#services, target, this.#incoming, this.#outgoing, path, this.#facts, this);
  }
}

/** Proxies a WHATWG request. Answers with a problem what never reached the provider; never rejects. */
export async function proxyWeb(services: EdgeServices, keys: ApiKeys, request: Request): Promise<Response> {
  const header: Header = (name) => request.headers.get(name) ?? undefined;
  const { method } = request;
  const facts = callFactsOf(services, header, method);
  let target: ProxyTarget | null = null;
  try {
    const found = targetOf(services, keys, header);
    target = found;
    const { origin, host } = new URL(request.url);
    const path = providerPath(request.url.slice(origin.length), host);
    const { response, outcome } = proxyOverWeb(services, found, request, path, facts);
    const ended = outcome.then((result) => {
      proxiedCallEnded(services, found, method, result, facts);
      return result.kind === 'clientGone' ? new Response(null, { status: STATUS_CLIENT_GONE }) : response;
    });
    return await Promise.race([response, ended]);
  } catch (error) {
    proxiedCallRefused(services, target, method, error, facts);
    const response = problemResponse(error, facts.requestId, services.clock.nowMs(), services.log, 'proxied');
    return withRetryHeaders(response, error, header);
  }
}

/** Finds targets by what is stored. */
export function findTarget(services: Pick<EdgeServices, 'targets'>, keys: ApiKeys): (header: Header) => ProxyTarget {
  return (header) => targetOf(services, keys, header);
}

/** A target for somebody who keeps it until then, or until it is forgotten; null: for as long as he likes. */
export interface KeptTarget {
  readonly target: ProxyTarget;
  readonly untilMs: Ms | null;
}

/** The same for somebody who keeps it: a key that ends takes what it allowed along. */
export function targetToKeep(services: Pick<EdgeServices, 'targets'>, keys: ApiKeys): (header: Header) => KeptTarget {
  return (header) => {
    const target = targetOf(services, keys, header);
    return { target, untilMs: keys.caller(header('x-api-key')).expiresAtMs };
  };
}

function targetOf({ targets }: Pick<EdgeServices, 'targets'>, keys: ApiKeys, header: Header): ProxyTarget {
  const caller = keys.caller(header('x-api-key'));
  requireFull(caller);
  refuseUpgrade(header('upgrade'));
  if (header(PROXY_VERSION_HEADER) !== '1') throw wrongHeader(PROXY_VERSION_HEADER, 'must be 1');
  const named = header('x-amp-project-id');
  if (named === undefined) throw wrongHeader('x-amp-project-id', 'is required');
  if (named !== caller.projectId) {
    parseId(named, 'x-amp-project-id');
    throw new IntegrationError('not_found', 'no such project');
  }
  const installationId = header('x-amp-installation-id');
  if (installationId !== undefined) return targets.ofInstallation(caller.projectId, installationId);
  const integrationName = header('x-amp-integration-name');
  const groupRef = header('x-amp-group-ref');
  if (integrationName === undefined || groupRef === undefined) {
    throw wrongHeader('x-amp-installation-id', 'is required, or x-amp-integration-name with x-amp-group-ref');
  }
  return targets.ofGroup(caller.projectId, integrationName, groupRef);
}

/**
 * A WebSocket would wait for a 101 that never comes. Other offers may be passed over (RFC 9110 section 7.8): some
 * clients offer `h2c` on each connection.
 */
function refuseUpgrade(offer: string | undefined): void {
  if (offer === undefined || !offer.toLowerCase().includes('websocket')) return;
  throw new IntegrationError('bad_request', 'the proxy carries requests and answers, not WebSockets', {
    remedy: 'Open the WebSocket at the provider itself, or call its HTTP API.',
  });
}

/**
 * A caller in throttle mode is told of a 429 of ours as of a provider's: with the time until which calls are not sent.
 */
function withRetryHeaders(response: Response, error: unknown, header: Header): Response {
  if (response.status !== 429 || !(error instanceof IntegrationError) || error.retryAtMs === undefined) return response;
  if (header(PROXY_VERSION_HEADER) === undefined || !isThrottleMode(header(RATE_LIMITER_MODE))) return response;
  response.headers.set('X-Amp-Retry-After', toRfc1123Utc(error.retryAtMs));
  response.headers.set('X-Amp-Retryable', String(error.isRetryable));
  return response;
}

function wrongHeader(name: string, detail: string): IntegrationError {
  return new IntegrationError('bad_request', `the header ${name} ${detail}`, {
    issues: [{ in: 'header', name, detail }],
  });
}

// Which plane a request belongs to, before any routing. A proxied call is told by its header, by the name of the host
// or by a prefix of its path; everything else goes by path, which may begin with the name of its plane. Runs for every
// request: comparisons only.
// Invariant: a provider's path never reaches a route of ours, whatever it looks like.

import type { IncomingMessage } from 'node:http';
import { IntegrationError } from '../core/errors.ts';
import type { EdgeEnv } from './context.ts';

/** A request with this header goes to the proxy, whatever its path: provider paths can look like ours. */
export const PROXY_VERSION_HEADER = 'x-amp-proxy-version';

/** Paths that no URL can have, so that nothing but this file routes there. */
export const PROXY_PATH = '/ proxy';
export const MISFRAMED_PATH = '/ misframed';

const PREFIX = '/proxy';
/** Where one host serves every plane, clients with a base address for each may tell them by these. `/v1` follows. */
const PLANE_PREFIXES = ['/read', '/write', '/search'] as const;
const API = '/v1/';
/** Leftmost labels of the published hosts, with the stages that clients know. Other labels say nothing. */
const PROXY_LABELS: ReadonlySet<string> = new Set(['proxy', 'dev-proxy', 'staging-proxy']);

/** What a Host field may hold (RFC 9110 section 7.2): a name or an address, maybe with a port. */
const HOST = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d*)?$/i;
/** The last that was one: nearly all requests to a server name the same. */
let lastHost: string | null = null;

/**
 * The path that routes a request. The raw request tells it: node:http's where there is one, the WHATWG one elsewhere.
 */
export function routingPath(request: Request, options?: { env?: EdgeEnv['Bindings'] }): string {
  const incoming = options?.env?.incoming;
  if (incoming === undefined) return webPath(request);
  if (isMisframed(incoming)) return MISFRAMED_PATH;
  return isProxied(incoming) ? PROXY_PATH : withoutPlane(pathnameOf(request.url));
}

/** Whether a request of node:http belongs to the proxy. */
export function isProxied({ headers, url = '/' }: IncomingMessage): boolean {
  return headers[PROXY_VERSION_HEADER] !== undefined || hasPrefix(url) || isProxyHost(headers.host);
}

/**
 * Throws `bad_request` for a request of node:http that whoever reads it next could understand otherwise: in its
 * framing, its Host, or a backslash that some take for a slash. What becomes a WHATWG request is checked by that.
 */
export function assertPlain(incoming: IncomingMessage): void {
  if (isMisframed(incoming)) throw misframed();
  const { headers, url = '/' } = incoming;
  const { host = '' } = headers;
  if (host !== lastHost) {
    if (!HOST.test(host)) throw new IntegrationError('bad_request', 'the Host field names no host');
    lastHost = host;
  }
  const backslash = url.indexOf('\\');
  if (backslash === -1 || url.lastIndexOf('?', backslash) !== -1) return;
  throw new IntegrationError('bad_request', 'the path has a backslash');
}

/** Of a request that no plane takes. */
export function misframed(): IntegrationError {
  return new IntegrationError('bad_request', 'the request has several Host fields or a body of unknown framing');
}

/**
 * The path and query that go to the provider: as they came, without `/proxy` where the host serves every plane.
 * A provider's own `/proxy/…` is called as `/proxy/proxy/…` there.
 */
export function providerPath(target: string, host: string | undefined): string {
  if (!hasPrefix(target) || isProxyHost(host)) return target;
  const rest = target.slice(PREFIX.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** The proxy at an origin: an address under it is a proxied call by its path or its host, whatever its headers. */
export function proxyUrlAt(origin: string): string {
  return isProxyHost(new URL(origin).host) ? origin : `${origin}${PREFIX}`;
}

function webPath(request: Request): string {
  const pathname = pathnameOf(request.url);
  const { headers } = request;
  const isForProxy = headers.has(PROXY_VERSION_HEADER) || hasPrefix(pathname) || isProxyHost(new URL(request.url).host);
  return isForProxy ? PROXY_PATH : withoutPlane(pathname);
}

/** The planes' paths are as good without the prefix: what they share is told by method and body. */
function withoutPlane(pathname: string): string {
  if (pathname.startsWith(API)) return pathname;
  const prefix = PLANE_PREFIXES.find((name) => pathname.startsWith(name) && pathname.startsWith(API, name.length));
  return prefix === undefined ? pathname : pathname.slice(prefix.length);
}

function pathnameOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  const end = url.slice(start).search(/[?#]/);
  return end === -1 ? url.slice(start) : url.slice(start, start + end);
}

function hasPrefix(target: string): boolean {
  if (!target.startsWith(PREFIX)) return false;
  const next = target[PREFIX.length];
  return next === undefined || next === '/' || next === '?';
}

function isProxyHost(host: string | undefined): boolean {
  const dot = host === undefined ? -1 : host.indexOf('.');
  return host !== undefined && dot > 0 && PROXY_LABELS.has(host.slice(0, dot).toLowerCase());
}

/**
 * What two servers in a row could take for different requests: several Host fields (RFC 9112 section 3.2), a transfer
 * coding that the parser does not undo, or one from HTTP/1.0, which had none (section 6.1).
 */
function isMisframed({ headers, rawHeaders, httpVersionMinor }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && (httpVersionMinor === 0 || coding.toLowerCase() !== 'chunked')) return true;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

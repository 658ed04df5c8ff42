// The first step of every request: it is counted for its provider and meets the next planned fault that matches it.
// Mounted by `sandbox.ts` before all routes. Invariant: the control endpoints under `/__sandbox` never meet a fault.

import type { ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Next } from 'hono';
import { htmlAnswer, providerError, salesforceError } from './answers.ts';
import { type Provider, providerOf, type RequestContext, type SandboxContext } from './context.ts';
import type { MetFault } from './faults.ts';

const UNAVAILABLE_PAGE = '<!doctype html><title>Error</title><h1>Temporarily unavailable</h1>';
const LOGIN_PAGE = '<!doctype html><title>Log in</title><h1>Log in to continue</h1>';
const HALF_JSON = '{"results":[{"id":"1",';

export function providerOfRequest(c: RequestContext): Provider | null {
  return providerOf(c.req.path, c.req.header('authorization'));
}

export async function admit(context: SandboxContext, c: RequestContext, next: Next): Promise<Response | undefined> {
  const { path, method } = c.req;
  const provider = providerOfRequest(c);
  const isControl = path.startsWith('/__sandbox/');
  if (provider !== null && !isControl) context.counts.requestsByProvider[provider] += 1;
  const met = isControl ? null : context.faults.take({ provider, method, path });
  if (met !== null) return meet(c, next, provider, met);
  await next();
  return undefined;
}

async function meet(
  c: RequestContext,
  next: Next,
  provider: Provider | null,
  { fault, released }: MetFault,
): Promise<Response | undefined> {
  switch (fault.kind) {
    case 'status':
      if (fault.retryAfterSeconds !== undefined) c.header('retry-after', String(fault.retryAfterSeconds));
      if (fault.isHtml === true) return htmlAnswer(c, fault.status, UNAVAILABLE_PAGE);
      return providerError(c, provider, fault.status, `The sandbox was told to answer ${fault.status}.`);
    case 'lockedRow':
      return salesforceError(c, 400, 'UNABLE_TO_LOCK_ROW', 'unable to obtain exclusive access to this record');
    case 'html200':
      return htmlAnswer(c, 200, LOGIN_PAGE);
    case 'malformedJson':
      return c.newResponse(HALF_JSON, 200, { 'content-type': 'application/json' });
    case 'slowHead':
      await released;
      await next();
      return undefined;
    case 'reset':
      c.env.outgoing.destroy();
      return RESPONSE_ALREADY_SENT;
    case 'truncated':
      sendTruncated(c.env.outgoing);
      return RESPONSE_ALREADY_SENT;
    case 'rotateThenReset':
      await next();
      c.env.outgoing.destroy();
      // Hono merges a second response into the first, so the first one is dropped before.
      c.res = undefined;
      c.res = RESPONSE_ALREADY_SENT;
      return undefined;
  }
}

/** Sends a head that promises 4 KB, a part of them, and drops the connection once the part has left. */
function sendTruncated(outgoing: ServerResponse): void {
  outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': '4096' });
  outgoing.write(HALF_JSON, () => outgoing.destroy());
}

// A WHATWG `fetch` over buffered calls, for libraries that insist on fetching themselves (OAuth discovery, JWKS): the
// address guard, the time and the byte limits hold for them too. Invariant: redirects are returned, never followed.

import { IntegrationError } from '../core/errors.ts';
import { BUFFERED_CALL_TIMEOUT_MS, TOKEN_RESPONSE_BYTES_MAX } from '../core/limits.ts';
import type { BufferedResponse, OutgoingCall } from './buffered.ts';

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * Rejects with the IntegrationErrors of `request`, whatever `init.redirect` says. Responses are bounded as token
 * responses are: whoever fetches pages calls `request`.
 */
export function createFetch(request: (call: OutgoingCall) => Promise<BufferedResponse>): Fetch {
  return async (input, init) => {
    const asked = new Request(input, init);
    const response = await request({
      url: asked.url,
      method: asked.method,
      headers: Object.fromEntries(asked.headers),
      ...(asked.body === null ? {} : { body: new Uint8Array(await asked.arrayBuffer()) }),
      timeoutMs: BUFFERED_CALL_TIMEOUT_MS,
      responseBytesMax: TOKEN_RESPONSE_BYTES_MAX,
      signal: asked.signal,
    });
    return responseOf(response);
  };
}

function responseOf({ status, headers, body }: BufferedResponse): Response {
  return new Response(mayHaveBody(status) ? new Uint8Array(body) : null, { status, headers: { ...headers } });
}

/**
 * Whether a `Response` of this status may have a body (Fetch standard, "null body status"). Throws `provider_malformed`
 * for a status it cannot have at all: HTTP goes to 999 (LinkedIn answers scrapers with it), a Response to 599.
 */
export function mayHaveBody(status: number): boolean {
  if (status > 599) throw new IntegrationError('provider_malformed', `status ${status} is not an HTTP status`);
  return status !== 204 && status !== 205 && status !== 304;
}

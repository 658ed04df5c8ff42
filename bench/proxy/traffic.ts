// What goes over the wire in the proxy bench, shared by the processes that send, forward and answer it.

/** Of a response, and of a request that has a body. */
export const BODY_BYTES = 1024;

/** Client connections, each with one call at a time; the SUT has as many to the upstream. */
export const CONNECTIONS = 64;

/** One load: the requests that the connections send in turn, and for how long. */
export interface Load {
  readonly kind: 'run';
  readonly port: number;
  readonly requests: readonly string[];
  readonly durationMs: number;
}

export interface LoadOutcome {
  readonly completed: number;
  /** Answers that were not 200 with BODY_BYTES, and connections that broke. */
  readonly failed: number;
  readonly firstFailure: string | null;
  readonly elapsedMs: number;
}

/** The bytes of one request; `headers` are those of the caller. */
export function requestText(method: 'GET' | 'POST', path: string, headers: Readonly<Record<string, string>>): string {
  const body = method === 'POST' ? 'x'.repeat(BODY_BYTES) : '';
  const all = {
    host: '127.0.0.1',
    connection: 'keep-alive',
    accept: 'application/json',
    'user-agent': 'bench/1.0',
    ...headers,
    ...(body === '' ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

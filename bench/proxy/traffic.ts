// What goes over the wire in the proxy bench, shared by the processes that send, forward and answer it.

/** Of a response, and of a request that has a body. */
export const BODY_BYTES = 1024;

/** Client connections, each with one call at a time; the SUT has as many to the upstream. */
export const CONNECTIONS = 64;

/** Of a long body, by the piece. */
export const BULK_PIECE_BYTES = 65_536;
export const BULK_PIECE = Buffer.alloc(BULK_PIECE_BYTES, 'x');
/** Whoever takes a long body stops for so long in its middle. */
export const BULK_PAUSE_MS = 1500;

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

/** Whether the head of an answer is the one that the upstream gives. */
export function isGood(head: string): boolean {
  return head.startsWith('HTTP/1.1 200 ') && ANNOUNCED_LENGTH.test(head);
}

const ANNOUNCED_LENGTH = new RegExp(`content-length: ${BODY_BYTES}\\b`, 'i');

/** A load at a fixed rate. */
export interface Paced {
  readonly kind: 'paced';
  readonly port: number;
  readonly requests: readonly string[];
  readonly perSecond: number;
  readonly durationMs: number;
}

export interface PacedOutcome {
  /** Calls that were due. */
  readonly completed: number;
  /** Calls before them, one for each new connection. */
  readonly opened: number;
  readonly firstFailure: string | null;
  /** Of each call, from when it was due. */
  readonly latenciesMs: readonly number[];
  /** How late the generator itself sends one call of a hundred; it is in the latency. */
  readonly latenessMs: number;
}

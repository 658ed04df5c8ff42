// Which proxied calls may be sent again without asking the caller. Pure. Invariant: a call is sent again only if the
// provider certainly did not act on it, or said that it did not and acting twice would be the same as once.

import type { IntegrationError } from '../core/errors.ts';
import { RECONNECT_PAUSE_MS, RESENDS_MAX } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';

/** A call and what was made of it so far. */
export interface Sendable {
  readonly method: string;
  /** There is no body, or its bytes are still there. */
  readonly isReplayable: boolean;
  /** Times that it was sent again after a 429 or a 503. */
  readonly resends: number;
  /** The caller waits until then at most. */
  readonly deadlineMs: Ms;
}

/**
 * Idempotent methods (RFC 9110 section 9.2.2): 429 and 503 promise nothing about what was done before them. TRACE is
 * not forwarded at all.
 */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** The listener was not there, or the connection ended while it was set up. Wrong names and certificates stay wrong. */
const CONNECTION_LOST: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/**
 * When a call may be sent again that was answered with `status` and a `Retry-After`; null: the answer is the caller's.
 */
export function resendAtMs(call: Sendable, status: number, retryAtMs: Ms | null, nowMs: Ms): Ms | null {
  if (status !== 429 && status !== 503) return null;
  if (!IDEMPOTENT.has(call.method) || !call.isReplayable || call.resends >= RESENDS_MAX) return null;
  if (retryAtMs === null || retryAtMs > call.deadlineMs) return null;
  return Math.max(retryAtMs, nowMs);
}

/**
 * When a call may be sent again that ended without an answer; null: never. `network` says that no byte was written, so
 * the method does not matter.
 */
export function reconnectAtMs(call: Sendable, error: IntegrationError, nowMs: Ms): Ms | null {
  if (error.code !== 'network' || !call.isReplayable || !CONNECTION_LOST.has(codeOf(error.cause))) return null;
  const atMs = nowMs + RECONNECT_PAUSE_MS;
  return atMs <= call.deadlineMs ? atMs : null;
}

function codeOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : '';
}

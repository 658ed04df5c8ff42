// What a failed call to a provider means for whoever has to repeat it: come later, wait for the customer, count a
// failure, or give up. Pages of reads, looks at fields and batches of inboxes ask it; writes decide for themselves,
// because for them it matters whether something happened.

import { fullJitterMs } from '../core/backoff.ts';
import { ERROR_CODES, type ErrorCode, type ErrorFacts } from '../core/errors.ts';
import {
  READ_BACKOFF_BASE_MS,
  READ_BACKOFF_MS_MAX,
  READ_RETRY_AFTER_MS_MAX,
  REAUTH_WAIT_MS,
  UNREACHED_DEFERRALS_MAX,
} from '../core/limits.ts';
import type { Ms } from '../core/time.ts';

export type Setback =
  /** Nothing is wrong with what was asked. */
  | { readonly kind: 'deferred'; readonly retryAtMs: Ms }
  /** There is no grant. The credential actor tells when there is one; the wait covers news that crossed. */
  | { readonly kind: 'blocked'; readonly retryAtMs: Ms }
  /** Counts; `retryAtMs` is null where trying again cannot help. */
  | { readonly kind: 'failed'; readonly retryAtMs: Ms | null };

/**
 * What a builder or an operator has to mend costs no customer their place in a backfill, and whoever mends it should
 * not have to look for schedules that were paused by it.
 */
const PUTS_OFF: ReadonlySet<ErrorCode> = new Set([
  'budget_exhausted',
  'rate_limited',
  'circuit_open',
  'app_fault',
  'actor_paused',
  'snapshot_unreadable',
]);

/** Nothing was sent. It may be the network on our side, of which the provider knows nothing, or too much at a time. */
const UNREACHED: ReadonlySet<ErrorCode> = new Set(['network', 'timeout', 'overloaded']);

/** Of a try that did not end in time: it says nothing of the network, and may be too large ever to end. */
export function tooLate(error: ErrorFacts): ErrorFacts {
  return error.code === 'timeout' ? { ...error, code: 'outcome_unknown' } : error;
}

/** Decides by code; `attempt` counts failures in a row, `deferrals` what was put off in a row. */
export function setbackOf(
  { code, retryAtMs = 0 }: ErrorFacts,
  { attempt, deferrals }: { readonly attempt: number; readonly deferrals: number },
  nowMs: Ms,
): Setback {
  if (PUTS_OFF.has(code) || (UNREACHED.has(code) && deferrals < UNREACHED_DEFERRALS_MAX)) {
    const soonestAtMs = nowMs + fullJitterMs(deferrals, READ_BACKOFF_BASE_MS, READ_BACKOFF_MS_MAX);
    const askedAtMs = Math.min(retryAtMs, nowMs + READ_RETRY_AFTER_MS_MAX);
    return { kind: 'deferred', retryAtMs: Math.max(askedAtMs, soonestAtMs) };
  }
  if (code === 'auth_invalidated') return { kind: 'blocked', retryAtMs: nowMs + REAUTH_WAIT_MS };
  const backoffMs = fullJitterMs(attempt, READ_BACKOFF_BASE_MS, READ_BACKOFF_MS_MAX);
  return { kind: 'failed', retryAtMs: mayRetry(code) ? nowMs + backoffMs : null };
}

/** Reading changes nothing at the provider, so an unknown outcome may be tried again like any failure in between. */
function mayRetry(code: ErrorCode): boolean {
  return ERROR_CODES[code].isRetryable || code === 'outcome_unknown' || code === 'invariant';
}

/** Whether it is about the grant or a limit, ours too, so that another call of the same connection would fail alike. */
export function isOfConnection({ code }: ErrorFacts): boolean {
  return PUTS_OFF.has(code) || code === 'auth_invalidated' || code === 'overloaded';
}

/** Whether the same call may go well later. */
export function isPassing(error: ErrorFacts): boolean {
  return isOfConnection(error) || mayRetry(error.code);
}

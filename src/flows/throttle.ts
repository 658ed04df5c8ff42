// What providers said about coming back, by account: a caller in throttle mode (`x-amp-rate-limiter-mode`) is answered
// from here instead of being sent to a provider that has refused already. In memory only; a restart asks the provider
// again. Invariant: a hold ends, whatever the provider said.

import { LRUCache } from 'lru-cache';
import { RESENDS_WAITING_MAX, THROTTLE_ASSUMED_MS, THROTTLE_MS_MAX, THROTTLED_ACCOUNTS_MAX } from '../core/limits.ts';
import { type Clock, delay, type Ms, retryAfterAtMs, SECOND_MS } from '../core/time.ts';
import { headerValue } from '../egress/headers.ts';

/** What a refusal says about the next call. */
interface LimitSaid {
  readonly retryAtMs: Ms | null;
  /** The provider locks tokens out for abuse: sending again makes it worse. */
  readonly isLockedOut: boolean;
}

/** Until when an account is left alone. */
export interface Hold {
  readonly untilMs: Ms;
  readonly isRetryable: boolean;
}

/** Above it a number of seconds is a time since 1970, below it one from now on (30 years). */
const EPOCH_SECONDS_MIN = 1_000_000_000;

/** Holds of all accounts, and the calls that wait for one to end; one for the process. */
export class Throttle {
  readonly #holds = new LRUCache<string, Hold>({ max: THROTTLED_ACCOUNTS_MAX });
  #waiting = 0;

  /** Whether one more call may wait in memory. */
  get hasRoom(): boolean {
    return this.#waiting < RESENDS_WAITING_MAX;
  }

  /** Waits until then, or until `gone` aborts. */
  async wait(clock: Clock, untilMs: Ms, gone: AbortSignal): Promise<void> {
    this.#waiting += 1;
    await delay(clock, untilMs - clock.nowMs(), gone);
    this.#waiting -= 1;
  }

  /** The hold that lasts, or null. */
  holdOf(accountKey: string, nowMs: Ms): Hold | null {
    const hold = this.#holds.get(accountKey);
    if (hold === undefined) return null;
    if (nowMs < hold.untilMs) return hold;
    this.#holds.delete(accountKey);
    return null;
  }

  /** The provider answered 429; what it said last counts. */
  refused(accountKey: string, said: LimitSaid, nowMs: Ms): Hold {
    const askedMs = said.retryAtMs ?? nowMs + THROTTLE_ASSUMED_MS;
    const untilMs = Math.min(Math.max(askedMs, nowMs), nowMs + THROTTLE_MS_MAX);
    const hold = { untilMs, isRetryable: !said.isLockedOut };
    this.#holds.set(accountKey, hold);
    return hold;
  }
}

/**
 * What a 429 says: `Retry-After`, else `X-RateLimit-Reset` in seconds, from now on or since 1970. No provider says in
 * these two that it locks tokens out.
 */
export function limitSaid(rawHeaders: readonly string[], nowMs: Ms): LimitSaid {
  const retryAtMs = retryAfterAtMs(headerValue(rawHeaders, 'retry-after'), nowMs);
  return { retryAtMs: retryAtMs ?? resetAtMs(headerValue(rawHeaders, 'x-ratelimit-reset'), nowMs), isLockedOut: false };
}

function resetAtMs(value: string | undefined, nowMs: Ms): Ms | null {
  if (value === undefined || !/^\s*\d{1,10}(?:\.\d{1,9})?\s*$/.test(value)) return null;
  const seconds = Number(value);
  return seconds < EPOCH_SECONDS_MIN ? nowMs + seconds * SECOND_MS : seconds * SECOND_MS;
}

// What providers said about coming back, by account: a caller in throttle mode (`x-amp-rate-limiter-mode`) is answered
// from here instead of being sent to a provider that has refused already. In memory only; a restart asks the provider
// again. Invariant: a hold ends, whatever the provider said and whatever becomes of the clock.

import { RESENDS_WAITING_MAX, THROTTLE_ASSUMED_MS, THROTTLE_MS_MAX, THROTTLED_ACCOUNTS_MAX } from '../core/limits.ts';
import { recentlyUsed } from '../core/recent.ts';
import { type Clock, delay, type Ms, putBackMs } from '../core/time.ts';
import type { LimitsSaid } from '../limits/headers/said.ts';

/** Until when an account is left alone. */
export interface Hold {
  readonly untilMs: Ms;
  readonly isRetryable: boolean;
}

/** Holds of all accounts, and the calls that wait for one to end; one for the process. */
export class Throttle {
  readonly #holds = recentlyUsed<string, { untilMs: Ms; readonly isRetryable: boolean }>(THROTTLED_ACCOUNTS_MAX);
  readonly #seen = { seenAtMs: Number.NEGATIVE_INFINITY };
  readonly #told: (accountKey: string, hold: Hold) => void;
  #waiting = 0;

  /** `told` hears of each hold that an answer made here, for those who keep holds elsewhere. */
  constructor(told: (accountKey: string, hold: Hold) => void = () => {}) {
    this.#told = told;
  }

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
    this.#look(nowMs);
    const hold = this.#holds.get(accountKey);
    if (hold === undefined) return null;
    if (nowMs < hold.untilMs) return hold;
    this.#holds.delete(accountKey);
    return null;
  }

  /** The provider answered 429; what it said last counts. One that says no time ends none that was said. */
  refused(accountKey: string, said: Pick<LimitsSaid, 'retryAtMs' | 'isLockedOut'>, nowMs: Ms): Hold {
    const assumedMs = Math.max(nowMs + THROTTLE_ASSUMED_MS, this.holdOf(accountKey, nowMs)?.untilMs ?? 0);
    const askedMs = said.retryAtMs ?? assumedMs;
    const untilMs = Math.min(Math.max(askedMs, nowMs), nowMs + THROTTLE_MS_MAX);
    const hold = { untilMs, isRetryable: !said.isLockedOut };
    this.hold(accountKey, hold, nowMs);
    this.#told(accountKey, hold);
    return hold;
  }

  /** An answer made this hold elsewhere. */
  hold(accountKey: string, { untilMs, isRetryable }: Hold, nowMs: Ms): void {
    this.#look(nowMs);
    this.#holds.set(accountKey, { untilMs, isRetryable });
  }

  /** Of a clock that was put back, holds have no more left than when they were last looked at. */
  #look(nowMs: Ms): void {
    const backMs = putBackMs(this.#seen, nowMs);
    if (backMs === 0) return;
    for (const hold of this.#holds.values()) hold.untilMs -= backMs;
  }
}

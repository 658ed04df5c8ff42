// Leases: permission to make one provider call, with the credential attached and the budgets debited. Answered
// synchronously when the credential is usable and the budgets allow; otherwise the caller waits here, at most 15 s
// in memory (DESIGN decision 5). Invariants: no credential outside a lease; every lease is released exactly once.

import { LRUCache } from 'lru-cache';
import type { Attachment } from '../src/auth/attach.ts';
import type { ProviderDeclaration, QuotaScope } from '../src/catalog/schema.ts';
import { IntegrationError } from '../src/core/errors.ts';
import type { ConnectionId } from '../src/core/ids.ts';
import {
  BUDGETS_CACHED_MAX,
  CALLER_WAIT_MS_MAX,
  EXACT_WINDOW_CALLS_MAX,
  PLACE_LATENESS_MS_MAX,
} from '../src/core/limits.ts';
import { type Clock, delay, type Ms } from '../src/core/time.ts';
import { WaitingList } from '../src/core/waitingList.ts';
import { earliestAtMs, newSlidingWindow, type SlidingWindow, spend } from '../src/limits/slidingWindow.ts';
import type { Supervisor } from './supervisor.ts';
import type { OpenToken, TokenManager } from './tokenManager.ts';

/** Whom a call is made for and which limits it shares with others. Built once per connection by `leaseTarget`. */
export interface LeaseTarget {
  readonly connectionId: ConnectionId;
  /** The circuit that the call belongs to: provider and provider app. */
  readonly providerKey: string;
  readonly windows: readonly BudgetKey[];
  readonly concurrency: readonly BudgetKey[];
}

/** A declared limit with the key of those who share it. `windowMs` is 0 for a concurrency limit. */
interface BudgetKey {
  readonly key: string;
  readonly limit: number;
  readonly windowMs: Ms;
}

/** Permission for one call. */
export interface Lease {
  readonly attachment: Attachment;
  readonly generation: number;
  /** What came of the call, told as soon as it is known: what went wrong at the provider, or null. Once is enough. */
  answered(failure: string | null): void;
  /** Ends the lease; twice is harmless. A call that nobody answered counts for nothing. */
  release(): void;
}

interface Seats {
  taken: number;
  readonly waiting: WaitingList;
}

/** Turns the declared limits of a provider into the keys of one connection. */
export function leaseTarget(
  declaration: ProviderDeclaration,
  facts: { connectionId: ConnectionId; providerAppId: string | null; workspaceRef: string | null },
): LeaseTarget {
  const owner: Readonly<Record<QuotaScope, string>> = {
    providerApp: facts.providerAppId ?? 'none',
    externalAccount: facts.workspaceRef ?? facts.connectionId,
    user: facts.connectionId,
    sourceAddress: 'here',
  };
  const keyOf = ({ scope, name }: { scope: QuotaScope; name: string }) =>
    `${declaration.name}/${scope}/${owner[scope]}/${name}`;
  return {
    connectionId: facts.connectionId,
    // Without a provider app every customer has an address or a key of their own, whose failures are theirs alone.
    providerKey: `${declaration.name}/${facts.providerAppId ?? facts.connectionId}`,
    windows: declaration.quotas
      .filter(({ limit }) => limit <= EXACT_WINDOW_CALLS_MAX)
      .map((quota) => ({ key: keyOf(quota), limit: quota.limit, windowMs: quota.windowMs })),
    concurrency: declaration.concurrency.map((limit) => ({ key: keyOf(limit), limit: limit.limit, windowMs: 0 })),
  };
}

/** Grants leases; one for the process. */
export class Leases {
  readonly #tokens: TokenManager;
  readonly #supervisor: Supervisor;
  readonly #clock: Clock;
  readonly #windows = new LRUCache<string, SlidingWindow>({ max: BUDGETS_CACHED_MAX });
  readonly #seats = new Map<string, Seats>();

  constructor(tokens: TokenManager, supervisor: Supervisor, clock: Clock) {
    this.#tokens = tokens;
    this.#supervisor = supervisor;
    this.#clock = clock;
  }

  /**
   * A lease for one call; a promise of one if the caller must wait. Rejects (or throws) with `auth_invalidated`,
   * `budget_exhausted` or `circuit_open` with `retryAtMs`, `timeout` if no token came in time, `overloaded`.
   */
  lease(target: LeaseTarget): Lease | Promise<Lease> {
    const token = this.#tokens.usableToken(target.connectionId);
    // Asked before anything is spent: calls that cannot go should not leave others an empty budget.
    const heldUntilMs = this.#supervisor.heldUntilMs(target.providerKey);
    if (heldUntilMs !== null) throw held(target, heldUntilMs);
    const nowMs = this.#clock.nowMs();
    const deadlineMs = nowMs + CALLER_WAIT_MS_MAX;
    if (token === null) {
      this.#tokens.assertNextWithin(target.connectionId, deadlineMs);
      return this.#wait(target, null, deadlineMs);
    }
    const atMs = this.#takePlace(target, deadlineMs);
    if (atMs === nowMs && this.#hasSeats(target)) return this.#grant(target, token);
    return this.#wait(target, atMs, deadlineMs);
  }

  /**
   * A token, a seat and a place in the windows are looked for until all three are there. The place is `takenAtMs`, null
   * as long as none is taken; one that came too early for the others is given up for a later one, or calls would meet
   * those of the next window.
   */
  async #wait(target: LeaseTarget, takenAtMs: Ms | null, deadlineMs: Ms): Promise<Lease> {
    let placeAtMs = takenAtMs;
    for (;;) {
      const earlyMs = (placeAtMs ?? 0) - this.#clock.nowMs();
      if (earlyMs > 0) await delay(this.#clock, earlyMs);
      const full = target.concurrency.find(({ key, limit }) => (this.#seats.get(key)?.taken ?? 0) >= limit);
      if (full !== undefined) {
        await this.#until(deadlineMs, 'a free place', (signal, what) =>
          this.#seatsOf(full.key).waiting.wait(signal, what),
        );
        continue;
      }
      const token = this.#tokens.usableToken(target.connectionId);
      if (token === null) {
        this.#tokens.assertNextWithin(target.connectionId, deadlineMs);
        await this.renewed(target.connectionId, deadlineMs);
        continue;
      }
      const nowMs = this.#clock.nowMs();
      if (placeAtMs !== null && nowMs - placeAtMs < PLACE_LATENESS_MS_MAX) return this.#grant(target, token);
      placeAtMs = this.#takePlace(target, deadlineMs);
      if (placeAtMs === nowMs) return this.#grant(target, token);
    }
  }

  /**
   * Waits for another token than that of `generation`, which was refused. Rejects like `lease`, as soon as it is known
   * that none comes before `deadlineMs`.
   */
  async next(connectionId: ConnectionId, generation: number, deadlineMs: Ms): Promise<void> {
    while (this.#tokens.generationOf(connectionId) === generation) {
      this.#tokens.assertNextWithin(connectionId, deadlineMs);
      await this.renewed(connectionId, deadlineMs);
    }
  }

  /** Waits for the next change of a credential, until `deadlineMs` at most. Rejects with `timeout` or `overloaded`. */
  renewed(connectionId: ConnectionId, deadlineMs: Ms): Promise<void> {
    return this.#until(deadlineMs, 'a new access token', (signal, what) =>
      this.#tokens.changed(connectionId, signal, what),
    );
  }

  async #until(
    deadlineMs: Ms,
    what: string,
    wait: (signal: AbortSignal, what: string) => Promise<void>,
  ): Promise<void> {
    const late = new AbortController();
    const timer = this.#clock.timerAt(deadlineMs, () => late.abort());
    await wait(late.signal, what).finally(() => timer.cancel());
    if (late.signal.aborted) throw new IntegrationError('timeout', `the call waited too long for ${what}`);
  }

  #grant(target: LeaseTarget, token: OpenToken): Lease {
    const admission = this.#supervisor.admit(target.providerKey);
    if (typeof admission === 'object') throw held(target, admission.retryAtMs);
    for (const { key } of target.concurrency) this.#seatsOf(key).taken += 1;
    let isAnswered = false;
    let isReleased = false;
    return {
      attachment: token.attachment,
      generation: token.generation,
      answered: (failure) => {
        if (isAnswered) return;
        isAnswered = true;
        this.#supervisor.report(target.providerKey, admission, failure);
      },
      release: () => {
        if (isReleased) return;
        isReleased = true;
        for (const { key } of target.concurrency) this.#freeSeat(key);
      },
    };
  }

  /** Spends one call of every window and answers when it may go. Rejects with `budget_exhausted` after `deadlineMs`. */
  #takePlace(target: LeaseTarget, deadlineMs: Ms): Ms {
    const nowMs = this.#clock.nowMs();
    let atMs = nowMs;
    for (const budget of target.windows) atMs = Math.max(atMs, earliestAtMs(this.#windowOf(budget), nowMs));
    if (atMs > deadlineMs) {
      throw new IntegrationError('budget_exhausted', 'the calls that the provider allows are spent', {
        retryAtMs: atMs,
      });
    }
    for (const budget of target.windows) spend(this.#windowOf(budget), atMs);
    return atMs;
  }

  #windowOf({ key, limit, windowMs }: BudgetKey): SlidingWindow {
    let window = this.#windows.get(key);
    if (window === undefined) {
      window = newSlidingWindow(limit, windowMs);
      this.#windows.set(key, window);
    }
    return window;
  }

  #seatsOf(key: string): Seats {
    let seats = this.#seats.get(key);
    if (seats === undefined) {
      seats = { taken: 0, waiting: new WaitingList() };
      this.#seats.set(key, seats);
    }
    return seats;
  }

  #hasSeats(target: LeaseTarget): boolean {
    return target.concurrency.every(({ key, limit }) => (this.#seats.get(key)?.taken ?? 0) < limit);
  }

  #freeSeat(key: string): void {
    const seats = this.#seatsOf(key);
    seats.taken -= 1;
    seats.waiting.wakeAll();
    if (seats.taken === 0 && seats.waiting.isEmpty) this.#seats.delete(key);
  }
}

function held({ providerKey }: LeaseTarget, retryAtMs: Ms): IntegrationError {
  return new IntegrationError('circuit_open', `calls to ${providerKey} are held back: too many failed`, {
    publicDetail: 'the provider is failing; calls are held back for a moment',
    retryAtMs,
  });
}

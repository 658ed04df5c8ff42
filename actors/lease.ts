// Leases: permission to make one provider call, with the credential attached and the budgets debited. Answered
// synchronously when the credential is usable and the budgets allow; otherwise the caller waits here, at most 15 s
// in memory (DESIGN decision 5). Invariants: no credential outside a lease; every lease is released exactly once.

import type { Attachment } from '../src/auth/attach.ts';
import { countWait, type LeaseWaits, newLeaseWaits, type WaitReason } from '../src/core/counts.ts';
import { IntegrationError } from '../src/core/errors.ts';
import type { ConnectionId } from '../src/core/ids.ts';
import { CALLER_WAIT_MS_MAX } from '../src/core/limits.ts';
import { isMoveDue } from '../src/core/lookUp.ts';
import type { Clock, Ms } from '../src/core/time.ts';
import type { CallPriority } from '../src/limits/fairQueue.ts';
import { type Budget, type BudgetKey, exhausted, type Full, marksOf, type Turn } from './budgetState.ts';
import type { Budgets } from './budgets.ts';
import type { Circuit, CircuitView, Supervisor } from './supervisor.ts';
import type { OpenToken, TokenHolder, TokenManager } from './tokenManager.ts';

/** What `Leases` know of a target; made with it, so that all targets have one shape. */
export const KNOWN = Symbol('known');

/** Whom a call is made for and which limits it shares with others. Built once for a connection and kind. */
export interface LeaseTarget {
  readonly connectionId: ConnectionId;
  /** The circuit that the call belongs to: provider and provider app. */
  readonly providerKey: string;
  readonly budgets: readonly BudgetKey[];
  /** Of calls of a kind: not all of its budgets are those of other calls of the connection. */
  readonly isOfKind?: boolean;
  /** A slot spares each call a look-up; under a symbol, it stays behind when a target is posted to a thread. */
  [KNOWN]?: Known | null;
}

/** Permission for one call. */
export interface Lease {
  readonly attachment: Attachment;
  readonly generation: number;
  /** For `Budgets.learn`, of the budgets of the target. */
  readonly marks: readonly number[];
  /** The circuit waits for what comes of this call. */
  readonly isProbe: boolean;
  /** A call with this token has worked before; if so, another one that works is nothing to tell the token manager. */
  readonly isProven: boolean;
  /** What came of the call, told as soon as it is known: what went wrong at the provider, or null. Once is enough. */
  answered(failure: string | null): void;
  /** Ends the lease; twice is harmless. A call that nobody answered counts for nothing. */
  release(): void;
}

/** Whoever a call is for. */
export interface Caller {
  /** Aborts when they leave. Asked only where the call must wait. */
  gone(): AbortSignal | undefined;
}

/** A call that is made now, or one that is held for somebody who makes it later (`Budgets.hold`). */
type Timing = 'now' | 'later';

/** What was looked up for a target, so that the next call of it looks nothing up. */
interface Known {
  /** Those that know it. */
  readonly leases: Leases;
  readonly connectionId: ConnectionId;
  readonly keys: readonly BudgetKey[];
  readonly circuit: Circuit;
  readonly budgets: readonly Budget[];
  /** Of the token that the last call had. */
  holder: TokenHolder | null;
}

/** How long a caller waits. */
interface Patience {
  readonly timing: Timing;
  readonly deadlineMs: Ms;
  readonly gone: AbortSignal | undefined;
}

/** Grants leases; one for the process. */
export class Leases {
  readonly #tokens: TokenManager;
  readonly #supervisor: Supervisor;
  readonly #budgets: Budgets;
  readonly #clock: Clock;
  readonly #waits: LeaseWaits;

  /** What callers wait is counted in `waits`. */
  constructor(
    tokens: TokenManager,
    supervisor: Supervisor,
    budgets: Budgets,
    clock: Clock,
    waits: LeaseWaits = newLeaseWaits(),
  ) {
    this.#tokens = tokens;
    this.#supervisor = supervisor;
    this.#budgets = budgets;
    this.#clock = clock;
    this.#waits = waits;
  }

  /** Circuits that are not closed. */
  circuits(): readonly CircuitView[] {
    return this.#supervisor.circuits();
  }

  /**
   * A lease for one call; a promise of one if the caller must wait. Rejects (or throws) with `auth_invalidated`,
   * `budget_exhausted` or `circuit_open` with `retryAtMs`, `timeout` if no token came in time, `overloaded`, and
   * `app_fault` while the provider app is refused. A caller that leaves while it waits
   * leaves the queue at once (`timeout`), and nothing is spent.
   */
  lease(target: LeaseTarget, priority: CallPriority, caller?: Caller, timing: Timing = 'now'): Lease | Promise<Lease> {
    const known = this.#knownOf(target);
    const token = this.#tokens.usableToken(target.connectionId, known.holder);
    // Asked before anything is spent: calls that cannot go should not leave others an empty budget.
    this.#assertNotHeld(known.circuit);
    if (token === null) {
      const deadlineMs = this.#deadlineMs();
      this.#tokens.assertNextWithin(target.connectionId, deadlineMs);
      return this.#wait(target, priority, null, { timing, deadlineMs, gone: caller?.gone() });
    }
    known.holder = token.holder;
    const full = this.#budgets.tryTake(known.budgets, priority, null, timing === 'later', target.connectionId);
    if (full === null) return this.#grant(known, token, timing);
    const deadlineMs = this.#deadlineMs();
    assertInTime(full, deadlineMs);
    return this.#wait(target, priority, full, { timing, deadlineMs, gone: caller?.gone() });
  }

  #deadlineMs(): Ms {
    return this.#clock.nowMs() + CALLER_WAIT_MS_MAX;
  }

  /** A token and a call of every budget are looked for until all are there at the same time, and only then taken. */
  async #wait(target: LeaseTarget, priority: CallPriority, first: Full | null, caller: Patience): Promise<Lease> {
    const { timing, deadlineMs, gone } = caller;
    let full = first;
    let turn: Turn | null = null;
    for (;;) {
      if (gone?.aborted) throw new IntegrationError('timeout', 'whoever waited for the call has gone');
      if (full !== null) {
        const waiting = this.#budgets.turn(full.budget, priority, target.connectionId, deadlineMs, gone);
        turn = await this.#counted(full.budget.windowMs === 0 ? 'seats' : 'budget', waiting);
        full = null;
      }
      try {
        const token = this.#tokens.usableToken(target.connectionId);
        if (token !== null) {
          const known = this.#knownOf(target);
          this.#assertNotHeld(known.circuit);
          full = this.#budgets.tryTake(known.budgets, priority, turn, timing === 'later', target.connectionId);
          if (full === null) return this.#grant(known, token, timing);
          assertInTime(full, deadlineMs);
          continue;
        }
      } finally {
        turn?.end();
        turn = null;
      }
      this.#tokens.assertNextWithin(target.connectionId, deadlineMs);
      await this.#counted('token', this.renewed(target.connectionId, deadlineMs, gone));
    }
  }

  /** Counts a wait, however it ends. */
  async #counted<Outcome>(reason: WaitReason, wait: Promise<Outcome>): Promise<Outcome> {
    const sinceMs = this.#clock.nowMs();
    return await wait.finally(() => countWait(this.#waits, reason, this.#clock.nowMs() - sinceMs));
  }

  /**
   * Waits for another token than that of `generation`, which was refused. Rejects like `lease`, as soon as it is known
   * that none comes before `deadlineMs`.
   */
  async next(connectionId: ConnectionId, generation: number, deadlineMs: Ms): Promise<void> {
    while (this.#tokens.generationOf(connectionId) === generation) {
      this.#tokens.assertNextWithin(connectionId, deadlineMs);
      await this.#counted('token', this.renewed(connectionId, deadlineMs));
    }
  }

  /**
   * Waits for the next change of a credential, until `deadlineMs` at most or until `gone` aborts. Rejects with
   * `timeout` or `overloaded`.
   */
  async renewed(connectionId: ConnectionId, deadlineMs: Ms, gone?: AbortSignal | undefined): Promise<void> {
    const what = 'a new access token';
    const late = new AbortController();
    const giveUp = () => late.abort();
    const timer = this.#clock.timerAt(deadlineMs, giveUp);
    gone?.addEventListener('abort', giveUp);
    await this.#tokens.changed(connectionId, late.signal, what).finally(() => {
      timer.cancel();
      gone?.removeEventListener('abort', giveUp);
    });
    if (late.signal.aborted) throw new IntegrationError('timeout', `the call waited too long for ${what}`);
  }

  /** What a cache has forgotten is looked up again, and now and then all of it, so that caches know what is used. */
  #knownOf(target: LeaseTarget): Known {
    const known = target[KNOWN] ?? null;
    // Of these leases and of this target, which may be a copy of another.
    const isOwn = known?.leases === this && known.keys === target.budgets;
    if (!isOwn || !known.circuit.isKept || !areKept(known.budgets)) return this.#find(target);
    if (isMoveDue()) {
      this.#supervisor.circuit(target.providerKey);
      this.#budgets.used(target.budgets);
      known.holder = null;
    }
    return known;
  }

  #find(target: LeaseTarget): Known {
    const circuit = this.#supervisor.circuit(target.providerKey);
    const keys = target.budgets;
    const { connectionId } = target;
    const found = { leases: this, connectionId, keys, circuit, budgets: this.#budgets.opened(keys), holder: null };
    target[KNOWN] = found;
    return found;
  }

  #assertNotHeld(circuit: Circuit): void {
    const heldUntilMs = this.#supervisor.heldUntilMs(circuit);
    if (heldUntilMs !== null) throw held(circuit, heldUntilMs);
  }

  #admitted({ circuit, budgets, connectionId }: Known, timing: Timing): 'call' | 'probe' {
    try {
      const admission = this.#supervisor.admit(circuit);
      if (typeof admission === 'object') throw held(circuit, admission.retryAtMs);
      return admission;
    } catch (error) {
      // Its actor may be paused or unreadable; the seats of the call are not lost for that.
      giveBack(this.#budgets, budgets, timing, connectionId);
      throw error;
    }
  }

  /** The budgets are taken; they are given back with the lease, or here if there is none. */
  #grant(known: Known, token: OpenToken, timing: Timing): Lease {
    const admission = this.#admitted(known, timing);
    return new GrantedLease(known, token, admission, timing, this.#supervisor, this.#budgets);
  }
}

/** An object and no closures: one is made for each call. */
class GrantedLease implements Lease {
  readonly attachment: Attachment;
  readonly generation: number;
  readonly isProven: boolean;
  readonly marks: readonly number[];
  readonly #known: Known;
  readonly #admission: 'call' | 'probe';
  readonly #timing: Timing;
  readonly #supervisor: Supervisor;
  readonly #budgets: Budgets;
  #isAnswered = false;
  #isReleased = false;

  constructor(
    known: Known,
    token: OpenToken,
    admission: 'call' | 'probe',
    timing: Timing,
    supervisor: Supervisor,
    budgets: Budgets,
  ) {
    this.attachment = token.attachment;
    this.generation = token.generation;
    this.isProven = token.isProven;
    this.marks = marksOf(known.budgets);
    this.#known = known;
    this.#admission = admission;
    this.#timing = timing;
    this.#supervisor = supervisor;
    this.#budgets = budgets;
  }

  get isProbe(): boolean {
    return this.#admission === 'probe';
  }

  answered(failure: string | null): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#supervisor.report(this.#known.circuit, this.#admission, failure);
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (this.isProbe && !this.#isAnswered) this.#supervisor.unprobed(this.#known.circuit);
    giveBack(this.#budgets, this.#known.budgets, this.#timing, this.#known.connectionId);
  }
}

/** Seats that are sat on stay kept, and a window that was forgotten meanwhile has nothing to give back. */
function giveBack(budgets: Budgets, taken: readonly Budget[], timing: Timing, owner: ConnectionId): void {
  if (timing === 'now') budgets.release(taken);
  else budgets.settle(taken, { used: 0, ended: 0, returned: 1, seats: 1 }, owner);
}

function areKept(budgets: readonly Budget[]): boolean {
  for (const { isKept } of budgets) if (!isKept) return false;
  return true;
}

function assertInTime({ atMs, isPart }: Full, deadlineMs: Ms): void {
  if (atMs !== null && atMs > deadlineMs) throw exhausted(atMs, isPart);
}

function held({ providerKey }: Circuit, retryAtMs: Ms): IntegrationError {
  return new IntegrationError('circuit_open', `calls to ${providerKey} are held back: too many failed`, {
    publicDetail: 'the provider is failing; calls are held back for a moment',
    retryAtMs,
  });
}

// What one customer may take of a window that it shares with others (`src/limits/shares.ts`): between `budgets.ts`,
// which knows the windows, and whoever takes calls of them.

import type { QuotaScope } from '../src/catalog/quotas.ts';
import { CALLER_WAIT_MS_MAX } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import type { CallPriority } from '../src/limits/fairQueue.ts';
import { holdCalls, limitOf, wholeRoomAt } from '../src/limits/meter.ts';
import { holdPart, spendHeld, spendPart } from '../src/limits/parts.ts';
import { reservedOf, spendFor } from '../src/limits/quota.ts';
import { type Asker, callsOpen, changesAtMs, opensAtMs, want } from '../src/limits/shares.ts';
import type { Budget, Full, Held, Window } from './budgetState.ts';

/** Who takes calls; null where they are nobody's in particular. */
export type Owner = string | null;

/**
 * Whether customers who know nothing of each other share a window that is too long to queue for. One who brings an
 * application has its limits for itself.
 */
export function isShared(scope: QuotaScope, windowMs: Ms, providerAppId: string | null): boolean {
  if (windowMs <= CALLER_WAIT_MS_MAX) return false;
  return scope === 'sourceAddress' || (scope === 'providerApp' && providerAppId !== null);
}

/** `full` if it is, else whether the owner has had its part of the budget. Whoever gets no call wants one. */
export function fairlyFull(
  budget: Budget,
  full: Full | null,
  owner: Owner,
  priority: CallPriority,
  nowMs: Ms,
): Full | null {
  if (budget.kind === 'seats' || budget.shares === null || owner === null) return full;
  const { shares, meter } = budget;
  const asker = askerAt(budget, owner, priority);
  if (asker === null || callsOpen(shares, meter, asker, nowMs) >= 1) return full;
  const isSpent = full !== null && wholeRoomAt(meter, nowMs, asker.reserved) < 1;
  const partAtMs = isSpent ? nowMs : opensAtMs(shares, meter, asker, nowMs);
  const atMs = Math.max(full?.atMs ?? nowMs, partAtMs);
  want(shares, meter, asker, atMs, nowMs);
  return isSpent ? full : { budget: budget.key, atMs, isPart: true };
}

/** Whether a turn of theirs would be of use to those who wait; absent where they all may have any. */
export function mayGoOf(budget: Budget, nowMs: Ms): ((priority: CallPriority, owner: string) => boolean) | undefined {
  if (budget.kind === 'seats' || budget.shares === null) return undefined;
  const { shares, meter } = budget;
  return (priority, owner) => {
    const asker = askerAt(budget, owner, priority);
    return asker === null || callsOpen(shares, meter, asker, nowMs) >= 1;
  };
}

/** Of calls that are taken ahead, those that leave enough to others. */
export function fairly(budgets: readonly Budget[], held: Held, owner: Owner, nowMs: Ms): Held {
  let { calls } = held;
  for (const budget of budgets) {
    if (calls < 1 || budget.kind === 'seats' || budget.shares === null || owner === null) continue;
    const asker = askerAt(budget, owner, 'interactive');
    if (asker !== null) calls = Math.min(calls, callsOpen(budget.shares, budget.meter, asker, nowMs));
  }
  return calls === held.calls ? held : { calls, seats: held.seats };
}

/** Calls that are made now. */
export function spendAs(window: Window, priority: CallPriority, owner: Owner, nowMs: Ms, calls: number): void {
  spendFor(window, priority, nowMs, calls);
  window.sent += calls;
  if (window.shares !== null && owner !== null) spendPart(window.shares, window.meter, owner, priority, calls);
}

/** Calls that an edge thread makes later. */
export function holdAs({ meter, shares }: Window, owner: Owner, calls: number): void {
  holdCalls(meter, calls);
  if (shares !== null && owner !== null) holdPart(shares, meter, owner, calls);
}

/** Of those, it has made some, and others it will not make. */
export function settleAs(window: Window, owner: Owner, nowMs: Ms, used: number, returned: number): void {
  const { meter, shares } = window;
  holdCalls(meter, -(used + returned));
  spendFor(window, 'interactive', nowMs, used);
  window.sent += used;
  if (shares === null || owner === null) return;
  spendHeld(shares, meter, owner, used);
  holdPart(shares, meter, owner, -returned);
}

/** When an owner that has had its part may have more; `nowMs` where it is not that. */
export function partOpensAtMs(budget: Budget, owner: string, priority: CallPriority, nowMs: Ms): Ms {
  if (budget.kind === 'seats' || budget.shares === null) return nowMs;
  const { shares, meter } = budget;
  const asker = askerAt(budget, owner, priority);
  const isSpent = asker === null || wholeRoomAt(meter, nowMs, asker.reserved) < 1;
  if (isSpent || callsOpen(shares, meter, asker, nowMs) >= 1) return nowMs;
  return opensAtMs(shares, meter, asker, nowMs);
}

/** When those who wait though there is room are to be looked at again. */
export function nextLookAtMs({ shares, meter }: Window, nowMs: Ms): Ms {
  return shares === null ? nowMs : changesAtMs(meter);
}

/** Null where all may go on past the limit, or none is known. */
function askerAt({ meter, policy }: Window, owner: string, priority: CallPriority): Asker | null {
  const limit = limitOf(meter);
  if (!Number.isFinite(limit) || (priority === 'interactive' && policy.isSoft === true)) return null;
  return { owner, priority, reserved: reservedOf(limit, priority, policy.caps) };
}

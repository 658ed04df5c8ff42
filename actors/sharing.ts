// What one customer may take of a window that it shares with others (`src/limits/shares.ts`), between `budgets.ts`,
// which knows the windows, and whoever takes calls of them.

import { CALLER_WAIT_MS_MAX } from '../src/core/limits.ts';
import { type Ms, SECOND_MS } from '../src/core/time.ts';
import type { CallPriority } from '../src/limits/fairQueue.ts';
import { limitOf } from '../src/limits/meter.ts';
import { roomFor } from '../src/limits/quota.ts';
import { callsLeft, refuse, take } from '../src/limits/shares.ts';
import { sliceMsOf } from '../src/limits/slices.ts';
import type { Budget, Full, Window } from './budgetState.ts';

/** Who takes calls; null where it is nobody's business, as in probes. */
export type Owner = string | null;

/**
 * `full` if it is, else whether the owner has had its part of the budget. That changes as calls leave the window, and
 * sooner than anybody waits nothing is to be expected.
 */
export function fairlyFull(budget: Budget, full: Full | null, owner: Owner, priority: CallPriority, nowMs: Ms) {
  if (budget.kind === 'seats' || budget.shares === null || owner === null) return full;
  const limit = limitOf(budget.meter);
  const room = roomFor(budget, priority, nowMs);
  if (full === null && callsLeft(budget.shares, owner, { limit, room }, nowMs) >= 1) return null;
  refuse(budget.shares, owner, limit, nowMs);
  const atMs = nowMs + Math.max(sliceMsOf(budget.meter), CALLER_WAIT_MS_MAX + SECOND_MS);
  return full ?? { budget: budget.key, atMs };
}

/** Of calls that are taken ahead, those that leave enough to others. */
export function fairly(budgets: readonly Budget[], calls: number, owner: Owner, nowMs: Ms): number {
  let fair = calls;
  for (const budget of budgets) {
    if (budget.kind === 'seats' || budget.shares === null || owner === null) continue;
    const room = { limit: limitOf(budget.meter), room: roomFor(budget, 'interactive', nowMs) };
    fair = Math.min(fair, callsLeft(budget.shares, owner, room, nowMs));
  }
  return fair;
}

/** Counts calls as taken by their owner; fewer than 0 are given back. */
export function taken({ shares, meter }: Window, owner: Owner, calls: number, nowMs: Ms): void {
  if (shares !== null && owner !== null && calls !== 0) take(shares, owner, calls, limitOf(meter), nowMs);
}

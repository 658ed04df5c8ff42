// Who waits at a budget: joins its queue, and leaves it with a turn, at a deadline, or when whoever waits has gone.
// `budgets.ts` gives the turns.

import { IntegrationError } from '../src/core/errors.ts';
import { CALLERS_WAITING_MAX, CALLS_WAITING_PER_BUDGET_MAX } from '../src/core/limits.ts';
import type { Clock, Ms } from '../src/core/time.ts';
import type { CallPriority } from '../src/limits/fairQueue.ts';
import { type Budget, latenessOf, type Turn, type Waiter } from './budgetState.ts';
import { partOpensAtMs } from './sharing.ts';

/** Somebody who wants a turn. */
export interface Wanted {
  readonly priority: CallPriority;
  readonly owner: string;
  readonly deadlineMs: Ms;
  /** Aborts when they leave. */
  readonly gone?: AbortSignal | undefined;
}

/** Is in the queue when it returns. Rejects as `Budgets.turn` does. */
export function turnAt(budget: Budget, wanted: Wanted, clock: Clock): Promise<Turn> {
  const { priority, owner, deadlineMs, gone } = wanted;
  const { queue } = budget;
  if (queue.size >= CALLS_WAITING_PER_BUDGET_MAX || queue.countOf(owner) >= CALLERS_WAITING_MAX) {
    return Promise.reject(new IntegrationError('overloaded', 'too many calls wait for what the provider allows'));
  }
  return new Promise((resolve, reject) => {
    const leave = (error: IntegrationError) => {
      queue.remove(priority, owner, waiter);
      waiter.fail(error);
    };
    const late = clock.timerAt(deadlineMs, () => {
      const nowMs = clock.nowMs();
      leave(latenessOf(budget, priority, nowMs, partOpensAtMs(budget, owner, priority, nowMs)));
    });
    const abandon = () => leave(new IntegrationError('timeout', 'whoever waited for the call has gone'));
    const settled = () => {
      late.cancel();
      gone?.removeEventListener('abort', abandon);
    };
    const waiter: Waiter = {
      priority,
      owner,
      go: (turn) => {
        settled();
        resolve(turn);
      },
      fail: (error) => {
        settled();
        reject(error);
      },
    };
    gone?.addEventListener('abort', abandon);
    queue.push(priority, owner, waiter);
  });
}

/** A turn for who waited. `onEnd` is called once, when the turn is out no longer. */
export function newTurn(budget: Budget, { priority, owner }: Waiter, onEnd: () => void): Turn {
  let isEnded = false;
  const turn: Turn = {
    isUsed: false,
    end: () => {
      if (isEnded) return;
      isEnded = true;
      if (!turn.isUsed) budget.queue.giveBack(priority, owner);
      budget.turns -= 1;
      onEnd();
    },
  };
  return turn;
}

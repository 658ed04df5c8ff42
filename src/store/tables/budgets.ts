// What of a provider's limits is spent, for windows that outlive a process, and what was learned of them. A row is
// written before the calls that it counts are made: a crash counts them as spent.

import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

export const BUDGET_STATEMENTS = {
  'budgets.put': `INSERT INTO budgets (budgetKey, state, endsAtMs) VALUES (?, ?, ?)
    ON CONFLICT (budgetKey) DO UPDATE SET state = excluded.state, endsAtMs = excluded.endsAtMs`,
  'budgets.expire': 'DELETE FROM budgets WHERE budgetKey IN (SELECT value FROM json_each(?)) AND endsAtMs <= ?',
} as const;

/** `endsAtMs` is when nothing in it counts any more and nothing learned is worth keeping. */
export function putBudget(budgetKey: string, state: object, endsAtMs: Ms): RowWrite {
  return { statement: 'budgets.put', params: [budgetKey, JSON.stringify(state), endsAtMs] };
}

/** JSON of a `StoredMeter`; undefined if there is none. */
export function readBudget(reads: Reads, budgetKey: string): string | undefined {
  return reads.get<{ state: string }>('SELECT state FROM budgets WHERE budgetKey = ?', budgetKey)?.state;
}

export function readExpiredBudgets(reads: Reads, nowMs: Ms, limit: number): string[] {
  const sql = 'SELECT budgetKey FROM budgets WHERE endsAtMs <= ? ORDER BY endsAtMs LIMIT ?';
  return reads.all<{ budgetKey: string }>(sql, nowMs, limit).map(({ budgetKey }) => budgetKey);
}

export function expireBudgets(budgetKeys: readonly string[], nowMs: Ms): RowWrite {
  return { statement: 'budgets.expire', params: [JSON.stringify(budgetKeys), nowMs] };
}

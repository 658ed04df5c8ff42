// The budgets that the calls of an installation are debited from: what is spent of each, what is left to people, what
// was learned, and who waits.

import { IntegrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import { readInstallation } from '../../store/tables/installations.ts';
import type { Services } from '../services.ts';
import { budgetsOfTarget } from '../targets.ts';

export interface BudgetsView {
  readonly installationId: string;
  readonly provider: string;
  readonly budgets: readonly BudgetLine[];
}

/** One budget as it is published. */
export interface BudgetLine {
  readonly key: string;
  readonly name: string;
  /** 0: calls at the same time. */
  readonly windowMs: Ms;
  readonly limit: number;
  readonly isLearned: boolean;
  /** With what is held. */
  readonly spent: number;
  /** Calls that edge threads have in hand and have not made. */
  readonly held: number;
  readonly reservedForPeople: number;
  /** Calls an hour that reads and backfills get now; null where they are not spread. */
  readonly pacePerHour: number | null;
  readonly blockedUntil: string | null;
  /** Waiting calls by priority; only those of which there are some. */
  readonly waiting: JsonObject;
}

/** Rejects with `not_found`. */
export function budgetsOf(
  { store, targets, budgets }: Pick<Services, 'store' | 'targets' | 'budgets'>,
  id: string,
): BudgetsView {
  const installationId = id.replace(/^installation:/, '');
  const installation = readInstallation(store.reads, installationId);
  if (installation === undefined) throw new IntegrationError('not_found', 'there is no such installation');
  const target = targets.ofConnection(installation.connectionId);
  const keys = budgetsOfTarget(target);
  const views = budgets.view(keys);
  const lines = keys.flatMap(({ isOptional }, index): BudgetLine[] => {
    const { blockedUntilMs, waiting, ...facts } = views[index] as (typeof views)[number];
    // A limit that the account may have and that no answer has told is none.
    if (isOptional && !facts.isLearned) return [];
    const line = {
      ...facts,
      blockedUntil: blockedUntilMs === null ? null : toRfc3339(blockedUntilMs),
      waiting: Object.fromEntries(Object.entries(waiting).filter(([, count]) => count > 0)),
    };
    return [line];
  });
  return { installationId, provider: target.declaration.name, budgets: lines };
}

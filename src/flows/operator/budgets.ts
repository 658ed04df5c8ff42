// The budgets that the calls of an installation are debited from, and the one of its token endpoint: what is spent of
// each, what is left to people, what was learned, and who waits.

import type { BudgetView } from '../../../actors/budgetState.ts';
import { IntegrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import { readConnection } from '../../store/tables/connections.ts';
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
  /** The calls that it counts, where each path has a limit of its own. */
  readonly path?: string;
  /** Calls of the API, or renewals of tokens, of which schedules and backfills make none. */
  readonly counts: 'calls' | 'renewals';
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
  /** Waiting calls by priority; only those of which there are some. Renewals wait as `refresh`. */
  readonly waiting: JsonObject;
  /** How many of them are of the connection of this installation. */
  readonly ownWaiting: number;
  /** Of the calls spent, those of that connection; null where a customer is not kept to its part. */
  readonly ownSpent: number | null;
}

type Used = 'store' | 'targets' | 'budgets' | 'endpointBudget' | 'clock';

/** Rejects with `not_found`. */
export function budgetsOf(
  { store, targets, budgets, endpointBudget, clock }: Pick<Services, Used>,
  id: string,
): BudgetsView {
  const installationId = id.replace(/^installation:/, '');
  const installation = readInstallation(store.reads, installationId);
  if (installation === undefined) throw new IntegrationError('not_found', 'there is no such installation');
  const { connectionId } = installation;
  const target = targets.ofConnection(connectionId);
  const { declaration } = target;
  // Of paths with a limit each there may be hundreds: those that are called are of interest.
  const keys = budgetsOfTarget(target).filter((key) => key.path === undefined || budgets.isAtHand(key));
  const views = budgets.view(keys, connectionId);
  const lines = keys.flatMap(({ isOptional }, index): BudgetLine[] => {
    const view = views[index] as BudgetView;
    // A limit that the account may have and that no answer has told is none.
    return isOptional && !view.isLearned ? [] : [lineOf(view, 'calls')];
  });
  const connection = readConnection(store.reads, connectionId);
  const endpoint = connection && endpointBudget.viewFor(declaration, connection, clock.nowMs());
  if (endpoint) lines.push(lineOf(endpoint, 'renewals'));
  return { installationId, provider: declaration.name, budgets: lines };
}

function lineOf({ blockedUntilMs, waiting, ...facts }: BudgetView, counts: BudgetLine['counts']): BudgetLine {
  return {
    ...facts,
    counts,
    blockedUntil: blockedUntilMs === null ? null : toRfc3339(blockedUntilMs),
    waiting: Object.fromEntries(Object.entries(waiting).filter(([, count]) => count > 0)),
  };
}

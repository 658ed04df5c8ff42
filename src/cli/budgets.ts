// `tenon budgets INSTALLATION`: what of the provider's limits is spent, what is left to people, and who waits. Counters
// are in the memory of the server that makes the calls, so there is nothing to see without one.

import process from 'node:process';
import { IntegrationError } from '../core/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, type Ms, SECOND_MS } from '../core/time.ts';
import type { BudgetLine, BudgetsView } from '../flows/operator/budgets.ts';
import type { ViewOptions } from './actor.ts';
import { widthOf } from './layout.ts';
import { ask, segmentOf, withOperator } from './operator.ts';
import { printLine, styled } from './print.ts';

/** Rejects with `not_found`, and with `conflict` where no server runs. */
export async function showBudgets(
  env: Readonly<Record<string, string | undefined>>,
  installationId: string,
  options: ViewOptions,
): Promise<void> {
  const view = await withOperator(env, options, (operator) =>
    ask<BudgetsView>(operator, {
      method: 'GET',
      path: `/installations/${segmentOf(installationId)}/budgets`,
      offline: () => {
        throw new IntegrationError('conflict', 'no server runs on the data folder, so nothing is spent or waited for');
      },
    }),
  );
  if (options.json === true) printLine(JSON.stringify(view, null, 2));
  else for (const line of budgetLines(view)) printLine(line);
}

/** Aligned columns; the header and what is full stand out on a terminal. */
export function budgetLines({ provider, budgets }: BudgetsView): string[] {
  if (budgets.length === 0)
    return [`No limit of ${provider} is known, or none of the calls that it counts were made lately.`];
  const rows = budgets.map((budget) => [
    `${budget.name}${budget.path === undefined ? '' : ` ${budget.path}`} (${scopeOf(budget)})`,
    windowText(budget.windowMs),
    spentText(budget),
    budget.isLearned ? 'learned' : 'declared',
    sharesText(budget),
    waitingText(budget),
  ]);
  const header = ['budget', 'window', 'spent', 'limit is', 'reads get', 'waiting'];
  const widths = header.map((title, column) => widthOf([title, ...rows.map((row) => row[column] ?? '')]));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    styled('dim', line(header), process.stdout),
    ...rows.map((row, index) => emphasised(line(row), budgets[index])),
  ];
}

function emphasised(text: string, budget: BudgetLine | undefined): string {
  const isFull = budget !== undefined && (budget.blockedUntil !== null || budget.spent >= budget.limit);
  return isFull ? styled('yellow', text, process.stdout) : text;
}

/** `<provider>/<scope>/<owner>/<name>` */
function scopeOf({ key }: BudgetLine): string {
  return key.split('/')[1] ?? '';
}

function windowText(windowMs: Ms): string {
  if (windowMs === 0) return 'at once';
  const units: readonly (readonly [Ms, string])[] = [
    [DAY_MS, 'd'],
    [HOUR_MS, 'h'],
    [MINUTE_MS, 'min'],
    [SECOND_MS, 's'],
  ];
  const [unitMs, unit] = units.find(([ms]) => windowMs % ms === 0) ?? [1, 'ms'];
  return `${windowMs / unitMs} ${unit}`;
}

function spentText({ spent, limit, held, ownSpent }: BudgetLine): string {
  const own = ownSpent === null || spent === 0 ? [] : [`${ownSpent} its own`];
  return [`${Math.round(spent)} of ${limit}`, ...(held === 0 ? [] : [`${held} held`]), ...own].join(', ');
}

/** Up to where reads and backfills spend, and how fast. */
function sharesText({ counts, limit, reservedForPeople, pacePerHour }: BudgetLine): string {
  if (counts === 'renewals') return 'renewals only';
  const upTo = `up to ${limit - reservedForPeople}`;
  return pacePerHour === null ? upTo : `${upTo}, ${Math.floor(pacePerHour)} an hour`;
}

function waitingText({ waiting, ownWaiting, blockedUntil }: BudgetLine): string {
  const counts = Object.entries(waiting).map(([priority, count]) => `${count} ${priority}`);
  if (counts.length > 0) counts.push(`${ownWaiting} of them its own`);
  const until = blockedUntil === null ? [] : [`until ${blockedUntil}`];
  return [...counts, ...until].join(', ');
}

// `tenon grants list|release|confirm`: provider apps whose customers are held back, and an operator's decision about
// them. Without a server it is taken for the next start.

import { type Ms, systemClock } from '../core/time.ts';
import {
  type Decided,
  decideGrants,
  type GrantDecision,
  type HeldAppsPage,
  type HeldAppView,
  listHeldApps,
} from '../flows/operator/grants.ts';
import { atRest } from './atRest.ts';
import { whenText, wrapped } from './layout.ts';
import { ask, type OperatorOptions, segmentOf, withOperator } from './operator.ts';
import { printLine, styled } from './print.ts';
import type { ListOptions } from './quarantine.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A screenful. */
const LIST_LIMIT = 50;

export async function listGrants(env: Env, options: ListOptions): Promise<void> {
  const { cursor = '' } = options;
  const page = await withOperator(env, options, (operator) =>
    ask(operator, {
      method: 'GET',
      path: `/provider-apps?limit=${LIST_LIMIT}&cursor=${encodeURIComponent(cursor)}`,
      offline: ({ look }) => listHeldApps(look, LIST_LIMIT, cursor),
    }),
  );
  if (options.json === true) printLine(JSON.stringify(page, null, 2));
  else printPage(page, cursor !== '', systemClock.nowMs());
}

/** Rejects with `not_found`, and with `conflict` where there is nothing to decide. */
export async function decideAboutGrants(
  env: Env,
  id: string,
  decision: GrantDecision,
  options: OperatorOptions,
): Promise<void> {
  await withOperator(env, options, async (operator) => {
    const { held, ...decided } = await ask<Decided>(operator, {
      method: 'POST',
      path: `/provider-apps/${segmentOf(id)}/${decision}`,
      offline: async (folder) => decideGrants(await atRest(folder), id, decision),
    });
    const does = decision === 'release' ? 'tries again' : 'is asked to connect again';
    const when = operator.kind === 'server' ? '' : ' when the server starts';
    printLine(`${styled('green', decided.id)}: ${customersText(held)} held, each ${does}${when}`);
  });
}

function printPage({ providerApps, cursor }: HeldAppsPage, isFurther: boolean, nowMs: Ms): void {
  if (providerApps.length === 0) printLine(isFurther ? 'nothing more is held' : 'no grants are held');
  for (const app of providerApps) printApp(app, nowMs);
  if (cursor !== null) printLine(`more: tenon grants list --cursor ${cursor}`);
}

function printApp(app: HeldAppView, nowMs: Ms): void {
  const { id, provider, projectId, state, since, nextProbeAt, believedAt, probes, candidates, lastError, held } = app;
  const what = state === 'faulty' ? 'the provider refuses the provider app' : 'grants were refused together';
  printLine(`${styled('bold', id)}  ${provider}  project ${projectId}`);
  printLine(`  ${styled('red', state)} since ${whenText(since, nowMs, 'an unknown time')}: ${what}`);
  if (lastError !== null) printLine(`  it said: ${wrapped(lastError, '  ')}`);
  printLine(`  ${customersText(held)} held; tried ${probes} times, next ${whenText(nextProbeAt, nowMs, 'never')}`);
  if (believedAt !== null) printLine(`  believed ${whenText(believedAt, nowMs, 'never')}`);
  if (candidates.length > 0) printLine(`  tried first: ${wrapped(candidates.join(' '), '  ')}`);
}

function customersText(count: number): string {
  return count === 1 ? '1 customer' : `${count} customers`;
}

// `tenon why INSTALLATION`: what it waits for, since when, whose fault it is and what to do, in one paragraph.

import { whyOf } from '../flows/operator/why.ts';
import type { ViewOptions } from './actor.ts';
import { wrapped } from './layout.ts';
import { ask, segmentOf, withOperator } from './operator.ts';
import { printLine } from './print.ts';

/** Rejects with `not_found`, naming near ids. */
export async function explainInstallation(
  env: Readonly<Record<string, string | undefined>>,
  installationId: string,
  options: ViewOptions,
): Promise<void> {
  const view = await withOperator(env, options, (operator) =>
    ask(operator, {
      method: 'GET',
      path: `/installations/${segmentOf(installationId)}/why`,
      offline: ({ look }) => whyOf(look, installationId),
    }),
  );
  printLine(options.json === true ? JSON.stringify(view, null, 2) : wrapped(view.text));
}

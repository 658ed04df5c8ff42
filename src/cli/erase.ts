// `tenon erase installation ID`: removes one installation and everything that it ever made.

import { Runtime } from '../../actors/runtime.ts';
import { silentLog } from '../core/log.ts';
import { systemClock } from '../core/time.ts';
import { type Erased, eraseRows } from '../flows/operator/erase.ts';
import { ask, type DataFolder, type OperatorOptions, segmentOf, withOperator } from './operator.ts';
import { printLine, styled } from './print.ts';

export interface EraseCommandOptions extends OperatorOptions {
  readonly keepConnection?: boolean | undefined;
}

/** Rejects with `not_found` if there is nothing of it. May be called again after it was interrupted. */
export async function erase(
  env: Readonly<Record<string, string | undefined>>,
  installationId: string,
  options: EraseCommandOptions,
): Promise<void> {
  const isConnectionKept = options.keepConnection === true;
  const path = `/installations/${segmentOf(installationId)}?keepConnection=${isConnectionKept}`;
  const erased = await withOperator(env, options, (operator) =>
    ask(operator, {
      method: 'DELETE',
      path,
      offline: (folder) => eraseOffline(folder, installationId, isConnectionKept),
    }),
  );
  printErased(erased);
}

async function eraseOffline(folder: DataFolder, installationId: string, isConnectionKept: boolean): Promise<Erased> {
  const store = await folder.store();
  const runtime = new Runtime({ store, clock: systemClock, log: silentLog() });
  return eraseRows({ store, runtime }, installationId, { isConnectionKept });
}

function printErased({ installationId, connectionId, rows }: Erased): void {
  printLine(`${styled('green', 'erased')}  installation ${installationId}`);
  const width = Math.max(...Object.keys(rows).map((table) => table.length));
  for (const [table, count] of Object.entries(rows)) {
    if (count > 0) printLine(`  ${table.padEnd(width)}  ${count}`);
  }
  printLine();
  if (connectionId === null) printLine('Its connection is kept: another installation uses it, or you said so.');
  printLine('Backups that were made before still hold it, and log lines still name it.');
}

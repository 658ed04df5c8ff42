// Decisions of an operator while no server runs: rows are changed here, and what follows happens at the next start.

import { Runtime } from '../../actors/runtime.ts';
import { silentLog } from '../core/log.ts';
import type { Look } from '../flows/operator/look.ts';
import type { DataFolder } from './operator.ts';

/** What the flows of decisions take. */
export interface AtRest {
  readonly runtime: Runtime;
  readonly look: Look;
}

/** A runtime over the folder that performs nothing. Rejects as `DataFolder.store`. */
export async function atRest({ look, store }: DataFolder): Promise<AtRest> {
  const runtime = new Runtime({ store: await store(), clock: look.clock, log: silentLog() });
  await runtime.stop();
  return { runtime, look };
}

// What the sandbox did so far, as numbers: for tests, benches and the demo to check themselves against.

import type { JsonObject } from '../core/json.ts';
import type { Provider, SandboxContext } from './context.ts';
import type { GrantCounts } from './grants.ts';
import type { WebhookCounts } from './webhooks.ts';

export interface SandboxStats extends GrantCounts, WebhookCounts {
  readonly requestsByProvider: Readonly<Record<Provider, number>>;
  readonly recordsServed: number;
  readonly rateLimited: number;
  readonly faultsMet: number;
  /** Accounts that were ever mentioned, up to the bound. */
  readonly accounts: number;
}

export function statsOf(context: SandboxContext): SandboxStats & JsonObject {
  const { requestsByProvider, recordsServed, rateLimited } = context.counts;
  return {
    ...context.grants.counts(),
    ...context.webhooks.counts,
    requestsByProvider: { ...requestsByProvider },
    recordsServed,
    rateLimited,
    faultsMet: context.faults.met,
    accounts: context.accounts.count,
  };
}

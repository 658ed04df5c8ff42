// Changes to simulated records from outside the simulated API: what makes an incremental read find something. Called
// by `Sandbox.change` and the control endpoint. Invariant: a change is all or nothing up to the overlay's bound.

import { IntegrationError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { SANDBOX_OVERLAY_ROWS_MAX } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';
import type { Provider, SandboxContext } from './context.ts';
import { freshdeskIdOf } from './freshdesk.ts';
import { issueNumberOf } from './githubObjects.ts';
import { hubspotIdOf } from './hubspotObjects.ts';
import type { ObjectRows } from './records.ts';
import { buildSalesforceObjects, salesforceIdOf } from './salesforceObjects.ts';
import { slackChannelIdOf, slackUserIdOf } from './slackObjects.ts';
import { stripeIdOf } from './stripe.ts';

export interface Change {
  readonly kind: 'create' | 'modify' | 'remove';
  readonly provider: Provider;
  /** HubSpot portal, Slack workspace, GitHub login, Salesforce or Freshdesk host labels. */
  readonly account: string;
  /** As the provider spells it: `contacts`, `Account`. */
  readonly object: string;
  readonly count: number;
  /** The first record to modify or remove; 0 if absent. Removed ones are passed over. */
  readonly fromIndex?: number;
  /** When it happened; now if absent. */
  readonly atMs?: Ms;
  /** Written into every changed record. */
  readonly values?: JsonObject;
}

/**
 * Ids of the changed records; who asked for webhooks is told. Rejects with `not_found` for an unknown object,
 * `bad_request` beyond the overlay.
 */
export function applyChange(context: SandboxContext, change: Change): readonly string[] {
  const rows = context.accounts.of(change.provider, change.account).rows(change.object);
  if (rows === null) throw new IntegrationError('not_found', `${change.provider} has no object ${change.object}`);
  if (rows.overlayByIndex().length + change.count > SANDBOX_OVERLAY_ROWS_MAX) {
    throw new IntegrationError('bad_request', `at most ${SANDBOX_OVERLAY_ROWS_MAX} changed records per object`);
  }
  const atMs = change.atMs ?? context.clock.nowMs();
  const ids = changedIndexes(rows, change, atMs).map((index) => idOf(change.provider, change.object, index));
  context.webhooks.tell(context.accounts.of(change.provider, change.account), change, ids, atMs);
  return ids;
}

function changedIndexes(rows: ObjectRows, change: Change, atMs: Ms): readonly number[] {
  const { kind, count, values = {} } = change;
  if (kind === 'create') return Array.from({ length: count }, () => rows.create(atMs, values).index);
  const changed: number[] = [];
  const end = rows.indexEnd;
  for (let index = change.fromIndex ?? 0; index < end && changed.length < count; index += 1) {
    const isChanged = kind === 'modify' ? rows.modify(index, atMs, values) !== null : rows.remove(index, atMs);
    if (isChanged) changed.push(index);
  }
  return changed;
}

/** The id under which a provider shows the record at an index. */
function idOf(provider: Provider, object: string, index: number): string {
  switch (provider) {
    case 'hubspot':
      return hubspotIdOf(index);
    case 'salesforce':
      return salesforceIdOf(SALESFORCE_PREFIXES.get(object) ?? '', index);
    case 'stripe':
      return stripeIdOf(index);
    case 'freshdesk':
      return freshdeskIdOf(index);
    case 'slack':
      return object === 'users' ? slackUserIdOf(index) : slackChannelIdOf(index);
    case 'github':
      return String(issueNumberOf(index));
  }
}

const SALESFORCE_PREFIXES: ReadonlyMap<string, string> = new Map(
  [...buildSalesforceObjects(0).values()].map((object) => [object.name, object.keyPrefix]),
);

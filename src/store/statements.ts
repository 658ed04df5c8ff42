// Every statement the writer may run, by name. A batch names statements instead of carrying SQL, so that what
// can happen to the database is this list.

import { invariant } from '../core/errors.ts';
import { ACCOUNT_STATEMENTS } from './tables/accounts.ts';
import { BUDGET_STATEMENTS } from './tables/budgets.ts';
import { CATALOG_STATEMENTS } from './tables/catalog.ts';
import { CONNECTION_STATEMENTS } from './tables/connections.ts';
import { EFFECT_STATEMENTS } from './tables/effects.ts';
import { EXPIRY_STATEMENTS } from './tables/expiry.ts';
import { FIELD_SNAPSHOT_STATEMENTS } from './tables/fieldSnapshots.ts';
import { INBOX_STATEMENTS } from './tables/inbox.ts';
import { INSTALLATION_STATEMENTS } from './tables/installations.ts';
import { INTEGRATION_STATEMENTS } from './tables/integrations.ts';
import { KEY_STATEMENTS } from './tables/keys.ts';
import { OUTBOX_STATEMENTS } from './tables/outbox.ts';
import { PARTY_NAME_STATEMENTS } from './tables/partyNames.ts';
import { QUARANTINE_STATEMENTS } from './tables/quarantine.ts';
import { RECEIVER_STATEMENTS } from './tables/receivers.ts';
import { ROLLOUT_STATEMENTS } from './tables/rollout.ts';
import { SEALED_STATEMENTS } from './tables/sealed.ts';
import { SNAPSHOT_STATEMENTS } from './tables/snapshots.ts';
import { SUBSCRIPTION_STATEMENTS } from './tables/subscriptions.ts';
import { TOPIC_STATEMENTS } from './tables/topics.ts';
import { UPLOAD_STATEMENTS } from './tables/uploads.ts';
import { WRITE_STATEMENTS } from './tables/writes.ts';

export const STATEMENTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...SNAPSHOT_STATEMENTS,
    ...EFFECT_STATEMENTS,
    ...QUARANTINE_STATEMENTS,
    ...ACCOUNT_STATEMENTS,
    ...KEY_STATEMENTS,
    ...TOPIC_STATEMENTS,
    ...UPLOAD_STATEMENTS,
    ...SUBSCRIPTION_STATEMENTS,
    ...WRITE_STATEMENTS,
    ...INBOX_STATEMENTS,
    ...RECEIVER_STATEMENTS,
    ...BUDGET_STATEMENTS,
    ...CONNECTION_STATEMENTS,
    ...PARTY_NAME_STATEMENTS,
    ...INSTALLATION_STATEMENTS,
    ...EXPIRY_STATEMENTS,
    ...FIELD_SNAPSHOT_STATEMENTS,
    ...ROLLOUT_STATEMENTS,
    ...INTEGRATION_STATEMENTS,
    ...OUTBOX_STATEMENTS,
    ...SEALED_STATEMENTS,
    ...CATALOG_STATEMENTS,
  }).map(([name, sql]) => [name, positional(name, sql)]),
);

/** Rows carry their values in order. To the driver `?1` is a name: each row would be refused as if it conflicted. */
function positional(name: string, sql: string): string {
  invariant(!/\?\d/.test(sql), 'T-1005', `${name} numbers its parameters`);
  return sql;
}

// What a trial stands on: the simulated providers behind a front that keeps books, the builder's endpoint, and the
// folder and settings that every process of Tenon gets. What was opened is closed in reverse order.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SECOND_MS } from '../../src/core/time.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { Builder, RECORDS } from './builder.ts';
import { type Front, startFront } from './front.ts';
import { type Inbox, startInbox } from './inbox.ts';
import { Ledger } from './ledger.ts';
import { Load } from './load.ts';
import { Trigger } from './moments.ts';

/** Most lives of a process refresh several. Tenon does not use a token in its last second: calls may stall so long. */
const ACCESS_TOKEN_LIFETIME_MS = 3 * SECOND_MS;

export interface Stage {
  readonly folder: string;
  readonly dataFolder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly front: Front;
  readonly inbox: Inbox;
  readonly ledger: Ledger;
  readonly builder: Builder;
  readonly load: Load;
  readonly trigger: Trigger;
}

export async function openStage(
  opened: AsyncDisposableStack,
  roll: (sides: number) => number,
  life: () => number,
): Promise<Stage> {
  const trigger = new Trigger(roll);
  const sandbox = await startSandbox({
    autoConsent: true,
    hubspotContacts: RECORDS.hubspot,
    salesforceAccounts: RECORDS.salesforce,
    accessTokenLifetimeMs: ACCESS_TOKEN_LIFETIME_MS,
    hubspotRequestsPer10s: null,
    hubspotSearchesPerSecond: null,
  });
  opened.defer(() => sandbox.close());
  const onRefresh: Parameters<typeof startFront>[0]['onRefresh'] = (moment) => trigger.refreshed(moment);
  const front = await startFront({ sandboxPort: sandbox.port, roll, life, onRefresh });
  opened.defer(() => front.close());
  const inbox = await startInbox(roll, () => trigger.happened('message'));
  opened.defer(() => inbox.close());
  const ledger = new Ledger();
  const builder = new Builder(ledger, () => trigger.happened('acknowledged'));
  opened.defer(() => builder.close());
  const folder = mkdtempSync(join(tmpdir(), 'tenon-crash-'));
  const dataFolder = join(folder, 'data');
  mkdirSync(dataFolder, { mode: 0o700 });
  const catalogFile = join(folder, 'catalog.json');
  const catalog = JSON.stringify(sandbox.catalogOverrides()).replaceAll(`:${sandbox.port}`, `:${front.port}`);
  writeFileSync(catalogFile, catalog);
  const env = { TENON_DATA_DIR: dataFolder, TENON_EGRESS_ALLOW: '127.0.0.1/32', TENON_CATALOG_FILE: catalogFile };
  return { folder, dataFolder, env, front, inbox, ledger, builder, load: new Load(builder, roll), trigger };
}

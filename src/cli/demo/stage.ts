// Everything that the demo runs on: a folder of its own, the simulated providers, the builder's webhook receiver, the
// Tenon process, and a client for all of them. Invariant: what was opened is closed and removed again, in reverse
// order, however the demo ends.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { SECOND_MS } from '../../core/time.ts';
import { parseAllowList } from '../../egress/address.ts';
import { createEgress, type Egress } from '../../egress/egress.ts';
import { type Receiver, startReceiver } from '../../sandbox/receiver.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { ToldChanges } from './changed.ts';
import { RECORDS_EACH } from './customers.ts';
import { Server } from './server.ts';

/** So short that several end while calls are proxied. */
const ACCESS_TOKEN_LIFETIME_MS = 3 * SECOND_MS;
/**
 * The kill may fall between Salesforce's answer to a refresh and its commit. An org without a grace would then want the
 * customer to connect again, which is not what is shown here.
 */
const REFRESH_GRACE_MS = 30 * SECOND_MS;

export interface Stage {
  readonly folder: string;
  readonly logFile: string;
  readonly databaseFile: string;
  readonly sandbox: Sandbox;
  readonly receiver: Receiver;
  /** What messages at a path of the receiver must be signed with; filled when destinations are made. */
  readonly signingSecrets: Map<string, string>;
  readonly toldChanges: ToldChanges;
  readonly server: Server;
  readonly egress: Egress;
}

/** Opens all but the Tenon process, which is started by a step of its own. `opened` is where to close it. */
export async function openStage(opened: AsyncDisposableStack): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-demo-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const sandbox = await startSandbox({
    autoConsent: true,
    hubspotContacts: RECORDS_EACH,
    salesforceAccounts: RECORDS_EACH,
    accessTokenLifetimeMs: ACCESS_TOKEN_LIFETIME_MS,
    refreshGraceMs: REFRESH_GRACE_MS,
  });
  opened.defer(() => sandbox.close());
  const signingSecrets = new Map<string, string>();
  const toldChanges = new ToldChanges();
  const receiver = await startReceiver({
    secretFor: (path) => signingSecrets.get(path) ?? null,
    onMessage: (message) => toldChanges.take(message),
  });
  opened.defer(() => receiver.close());
  const egress = createEgress({ allowList: parseAllowList('127.0.0.1/32') });
  opened.defer(() => egress.close());
  const catalogFile = join(folder, 'catalog.json');
  writeFileSync(catalogFile, JSON.stringify(sandbox.catalogOverrides()));
  const dataFolder = join(folder, 'data');
  const logFile = join(folder, 'tenon.log');
  const server = new Server({ dataFolder, catalogFile, logFile });
  const lastResort = () => {
    server.abandon();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', lastResort);
  opened.defer(() => void process.off('exit', lastResort));
  opened.defer(() => server.stop());
  const databaseFile = join(dataFolder, 'tenon.db');
  return { folder, logFile, databaseFile, sandbox, receiver, signingSecrets, toldChanges, server, egress };
}

// What people do: customers connect, builders install, pause, deploy and delete, products call. Everybody tries again
// after a failure, as people do, and writes down what was promised to them.

import { actorIdOf, type ProjectId } from '../../src/core/ids.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { MINUTE_MS, type Ms, SECOND_MS } from '../../src/core/time.ts';
import { authorize } from '../../src/flows/connect/authorize.ts';
import { finishAuthorization } from '../../src/flows/connect/callback.ts';
import { deployManifest } from '../../src/flows/install/deploy.ts';
import { createInstallation, removeInstallation } from '../../src/flows/install/installations.ts';
import { providerCalls } from '../../src/flows/providerCall.ts';
import type { Services } from '../../src/flows/services.ts';
import type { Reads } from '../../src/store/port.ts';
import { type ConnectionRow, readConnections } from '../../src/store/tables/connections.ts';
import { type InstallationRow, readInstallations, readIntegration } from '../../src/store/tables/installations.ts';
import type { Account } from './accounts.ts';
import type { Grants } from './grants.ts';
import type { Process } from './process.ts';
import type { Rolls } from './rolls.ts';
import type { Weather } from './weather.ts';
import type { World } from './world.ts';

export interface CustomerParts {
  readonly world: World;
  readonly weather: Weather;
  readonly rolls: Rolls;
  readonly process: Process;
  /** Rows that were promised to be there, or to be gone, as `table id`. */
  readonly promised: Map<string, boolean>;
  readonly grants: Grants;
}

/** Who a customer is, and what is installed for them; two integrations share one connection. */
export interface CustomerFacts {
  readonly projectId: ProjectId;
  readonly provider: 'hubspot' | 'salesforce';
  readonly groupRef: string;
  readonly account: Account;
  readonly integrations: readonly string[];
}

export class Customer {
  readonly facts: CustomerFacts;
  #patientUntilMs: Ms = 0;
  readonly #parts: CustomerParts;

  constructor(parts: CustomerParts, facts: CustomerFacts) {
    this.#parts = parts;
    this.facts = facts;
  }

  /** Until the weather is calm. */
  async live(): Promise<void> {
    const { world, weather, rolls } = this.#parts;
    await world.sleep(rolls.below(MINUTE_MS));
    await this.#untilDone(() => this.connect());
    for (const integration of this.facts.integrations) await this.#untilDone(() => this.#install(integration));
    while (!weather.isCalm) {
      await world.sleep(rolls.between(SECOND_MS, 4 * MINUTE_MS));
      if (weather.isCalm) return;
      await this.#act();
    }
  }

  /** After the weather has become calm: whatever asks for somebody's hand gets it. */
  async repair(): Promise<void> {
    const { process } = this.#parts;
    const reads = process.running?.services.store.reads;
    if (reads === undefined) return;
    const { projectId, provider, groupRef } = this.facts;
    const [connection] = readConnections(reads, projectId, { provider, groupRef });
    if (connection === undefined || connection.status === 'bad_credentials') await this.connect();
    for (const integration of this.facts.integrations) {
      const [installed] = this.#installed(integration);
      if (installed === undefined) await this.#install(integration);
      else if (hasPausedRead(reads, installed)) await this.#switch(installed, 'reads.resumed');
    }
  }

  /** What the customer still lacks; null when nothing. */
  get lacks(): string | null {
    const missing = this.facts.integrations.find((integration) => this.#installed(integration).length === 0);
    return missing === undefined ? null : `${this.facts.groupRef} has not installed ${missing}`;
  }

  async connect(): Promise<boolean> {
    const connection = await this.#connect(this.#parts.rolls.between(SECOND_MS, 20 * SECOND_MS));
    if (connection === null) return false;
    this.#parts.promised.set(`connections ${connection.connectionId}`, true);
    return true;
  }

  /** Connects again while a refresh is under way, and at once asks for the next token. */
  async connectInHaste(connectionId: string): Promise<void> {
    const { nowMs } = this.#parts.world;
    if (nowMs < this.#patientUntilMs) return;
    this.#patientUntilMs = nowMs + MINUTE_MS;
    const connection = await this.#connect(this.#parts.rolls.below(100));
    if (connection?.connectionId !== connectionId) return;
    const event = { type: 'refresh.requested', generation: connection.generation, isRefused: true };
    await this.#parts.process.call(`${this.facts.groupRef} needs a token`, ({ runtime }) =>
      runtime.send(actorIdOf('credential', connectionId), event),
    );
  }

  async #connect(consentMs: Ms): Promise<ConnectionRow | null> {
    const { world, process, grants } = this.#parts;
    const { projectId, provider, groupRef, account } = this.facts;
    const workspace = { value: groupRef, source: 'input' } as const;
    const identity = {
      projectId,
      provider,
      groupRef,
      groupName: groupRef,
      consumerRef: 'ada',
      consumerName: 'Ada',
      metadata: provider === 'salesforce' ? { workspace } : {},
    };
    const address = await process.call(`${groupRef} authorizes`, (services) => authorize(services, identity, {}));
    if (address.kind !== 'ok') return null;
    await world.sleep(consentMs);
    const state = new URL(address.value).searchParams.get('state') ?? '';
    const code = grants.consent(account.name);
    const connected = await process.call(`${groupRef} connects`, (services) =>
      finishAuthorization(services, { state, code }),
    );
    return connected.kind === 'ok' ? connected.value : null;
  }

  async #act(): Promise<void> {
    const { rolls } = this.#parts;
    const integration = rolls.pick(this.facts.integrations);
    const [installed] = this.#installed(integration);
    const action = rolls.below(16);
    if (action === 0) await this.connect();
    else if (installed === undefined) await this.#install(integration);
    else if (action === 1) await this.#remove(installed);
    else if (action < 4) await this.#pauseAWhile(installed);
    else if (action < 7) this.facts.account.change();
    else await this.#calls(installed);
  }

  async #untilDone(attempt: () => Promise<boolean>): Promise<void> {
    const { world, weather, rolls } = this.#parts;
    while (!weather.isCalm && !(await attempt())) await world.sleep(rolls.between(5 * SECOND_MS, MINUTE_MS));
  }

  #installed(integration: string): InstallationRow[] {
    const reads = this.#parts.process.running?.services.store.reads;
    const { projectId, groupRef } = this.facts;
    const row = reads === undefined ? undefined : readIntegration(reads, projectId, integration);
    if (reads === undefined || row === undefined) return [];
    return readInstallations(reads, projectId, { integrationId: row.integrationId, groupRef });
  }

  async #install(integration: string): Promise<boolean> {
    if (this.#installed(integration).length > 0) return true;
    const { process, promised } = this.#parts;
    const { projectId, provider, groupRef } = this.facts;
    const installed = await process.call(`${groupRef} installs ${integration}`, async (services) => {
      const row = readIntegration(services.store.reads, projectId, integration);
      if (row === undefined) throw new Error('the template deploys every integration');
      return createInstallation(services, row, { groupRef, content: { provider } });
    });
    if (installed.kind !== 'ok') return false;
    promised.set(`installations ${installed.value.installationId}`, true);
    promised.set(`connections ${installed.value.connectionId}`, true);
    return true;
  }

  async #remove(row: InstallationRow): Promise<void> {
    const { process, promised } = this.#parts;
    const { groupRef } = this.facts;
    promised.delete(`installations ${row.installationId}`);
    promised.delete(`connections ${row.connectionId}`);
    const removed = await process.call(`${groupRef} removes`, (services) => removeInstallation(services, row));
    if (removed.kind === 'ok') promised.set(`installations ${row.installationId}`, false);
  }

  async #pauseAWhile(row: InstallationRow): Promise<void> {
    const { world, rolls } = this.#parts;
    await this.#switch(row, 'reads.paused');
    await world.sleep(rolls.between(SECOND_MS, 5 * MINUTE_MS));
    await this.#switch(row, 'reads.resumed');
  }

  async #switch({ installationId }: InstallationRow, type: 'reads.paused' | 'reads.resumed'): Promise<void> {
    const actorId = actorIdOf('installation', installationId);
    await this.#parts.process.call(`${this.facts.groupRef} ${type}`, ({ runtime }) =>
      runtime.send(actorId, { type, objects: null }),
    );
  }

  /** A few calls of the product at the same time. */
  async #calls({ installationId }: InstallationRow): Promise<void> {
    const { rolls, process } = this.#parts;
    const { projectId, groupRef } = this.facts;
    const one = () =>
      process.call(`${groupRef} calls`, async (services) => {
        const target = services.targets.ofInstallation(projectId, installationId);
        const response = await providerCalls(services, target, 'interactive')({ method: 'GET', path: '/echo' });
        return response.status;
      });
    await Promise.all(Array.from({ length: rolls.between(1, 4) }, one));
  }
}

function hasPausedRead(reads: Reads, { installationId }: InstallationRow): boolean {
  const sql = `SELECT 1 FROM snapshots WHERE actorId GLOB ? AND state ->> '$.value' = 'paused'`;
  return reads.get(sql, `read:${installationId}/*`) !== undefined;
}

/** A builder who changes the manifest now and then. */
export async function deployNowAndThen(parts: CustomerParts, projectId: ProjectId): Promise<void> {
  const { world, weather, rolls, process, promised } = parts;
  for (;;) {
    await world.sleep(rolls.between(2 * MINUTE_MS, 30 * MINUTE_MS));
    if (weather.isCalm) return;
    const source = manifestOf(rolls.below(MANIFESTS), rolls.below(SCHEDULES.length));
    const deployed = await process.call('deploy', (services) =>
      deployManifest(services, projectId, source, 'amp.yaml'),
    );
    if (deployed.kind !== 'ok') continue;
    for (const { revisionId } of deployed.value.integrations) promised.set(`revisions ${revisionId}`, true);
  }
}

/** Somebody's event comes twice, or without need. */
export async function sendNeedlessEvents({ world, weather, rolls, process }: CustomerParts): Promise<void> {
  for (;;) {
    await world.sleep(rolls.between(SECOND_MS, 2 * MINUTE_MS));
    if (weather.isCalm) return;
    if (!weather.strikes('spurious')) continue;
    await process.call('a needless event', (services) => needlessEvent(services, rolls));
  }
}

async function needlessEvent({ store, runtime }: Services, rolls: Rolls): Promise<void> {
  const rows = store.reads.all<{ actorId: string }>(`SELECT actorId FROM snapshots WHERE state <> '' ORDER BY actorId`);
  if (rows.length === 0) return;
  const { actorId } = rolls.pick(rows);
  const connections = store.reads.all<ConnectionRow>('SELECT * FROM connections');
  const generation = connections.find(({ connectionId }) => actorId.endsWith(connectionId))?.generation ?? 1;
  const events = [
    { type: 'alarm.fired' },
    { type: 'refresh.requested', generation, isRefused: rolls.isOneIn(2) },
    { type: 'refresh.requested', generation: generation - 1, isRefused: true },
  ];
  const isLane = actorId.startsWith('delivery:');
  await runtime.send(actorId as never, isLane ? { type: 'outbox.appended' } : rolls.pick(events));
}

export const MANIFESTS = 4;
export const SCHEDULES = ['*/10 * * * *', '*/15 * * * *', '3,33 * * * *'] as const;

/** One of a few manifests with the same integrations, which differ in their objects and schedules. */
export function manifestOf(variant: number, schedule: number): string {
  const object = (objectName: string): JsonObject => ({
    objectName,
    enabled: 'always',
    destination: 'hook',
    schedule: SCHEDULES[schedule] ?? SCHEDULES[0],
    backfill: { defaultPeriod: { fullHistory: true } },
    requiredFields: [{ fieldName: objectName === 'contacts' ? 'email' : 'name' }],
  });
  const integration = (name: string, provider: string, ...objects: string[]): JsonObject => ({
    name,
    provider,
    proxy: { enabled: true },
    read: { objects: objects.map(object) },
  });
  const integrations = [
    integration('crm', 'hubspot', ...(variant === 1 ? ['contacts', 'companies'] : ['contacts'])),
    integration('second', 'hubspot', variant === 2 ? 'companies' : 'contacts'),
    integration('org', 'salesforce', 'account', ...(variant === 3 ? ['contact'] : [])),
  ];
  return JSON.stringify({ specVersion: '1.0.0', integrations });
}

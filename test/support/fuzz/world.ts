// What the calls of a fuzz run are about: things of every kind, made again where a call has deleted them, credentials
// of every kind, and all rows that a refused call must leave as they were.

import { newId } from '../../../src/core/ids.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { hashApiKey, readApiKey } from '../../../src/store/tables/accounts.ts';
import { bearer, type Credential, customerToken, rsaPem, storeKey, storeProject } from '../credentials.ts';
import type { Tenon } from '../tenon.ts';

export const CALLERS = ['builder', 'full', 'frontend', 'customer', 'stranger', 'nobody'] as const;
export type CallerKind = (typeof CALLERS)[number];

/** In no answer but those to who asks for credentials. */
export const SECRETS = ['sk-of-acme', 'sk-of-rival', 'secret-for-app-hubspot'];

export const MANIFEST = `specVersion: 1.0.0
integrations:
  - name: crm
    provider: hubspot
    proxy: {enabled: true}
    read:
      objects:
        - objectName: contacts
          destination: hook
          requiredFields: [{fieldName: email}]
          optionalFieldsAuto: all
    write: {objects: [{objectName: contacts}]}
  - {name: pay, provider: stripe, proxy: {enabled: true}}
`;

/** Written by actors in their own time, or by everybody's first call. */
const OWN_TIME = new Set([
  ...['meta', 'snapshots', 'effects', 'quarantine', 'checkpoints', 'operations', 'outbox', 'lanes', 'blobs'],
  ...['catalogEntries', 'budgets', 'writeRequests', 'inbox'],
]);
const OWN_TIME_COLUMNS = new Set(['status', 'healthStatus', 'updatedAtMs', 'disabledAtMs']);

/** By the name of the parameter that takes it, what there is in the project; the first one is the most useful. */
const IDS: Readonly<Record<string, string>> = {
  integrationId: "SELECT integrationId AS id FROM integrations WHERE projectId = ? ORDER BY name <> 'crm', name",
  integrationIdOrName: "SELECT name AS id FROM integrations WHERE projectId = ? ORDER BY name <> 'pay', name",
  installationId: `SELECT installationId AS id FROM installations JOIN integrations USING (integrationId)
    WHERE installations.projectId = ? ORDER BY name <> 'crm', groupRef`,
  connectionId: `SELECT connectionId AS id FROM connections WHERE projectId = ?
    ORDER BY provider <> 'hubspot', groupRef <> 'acme'`,
  revisionId: `SELECT revisions.revisionId AS id FROM revisions JOIN integrations USING (integrationId)
    WHERE projectId = ? ORDER BY name <> 'crm', revisions.createdAtMs DESC`,
  destination: "SELECT name AS id FROM destinations WHERE projectId = ? ORDER BY name = 'hook'",
  destinationId: "SELECT destinationId AS id FROM destinations WHERE projectId = ? ORDER BY name = 'hook'",
  topicId: 'SELECT topicId AS id FROM topics WHERE projectId = ?',
  apiKey: "SELECT 'sha256:' || keyHash AS id FROM apiKeys WHERE projectId = ? ORDER BY label <> 'spare'",
  keyId: 'SELECT jwtKeyId AS id FROM jwtKeys WHERE projectId = ? ORDER BY createdAtMs DESC',
  providerAppId: "SELECT providerAppId AS id FROM providerApps WHERE projectId = ? ORDER BY provider = 'hubspot'",
  operationId: 'SELECT operationId AS id FROM operations WHERE projectId = ?',
  orgId: 'SELECT orgId AS id FROM projects WHERE projectId = ?',
};

export class World {
  readonly tenon: Tenon;
  readonly #strangersKey: string;
  readonly #keys = new Map<string, string>();
  #kid = '';

  constructor(tenon: Tenon, strangersKey: string) {
    this.tenon = tenon;
    this.#strangersKey = strangersKey;
  }

  static async create(tenon: Tenon): Promise<World> {
    const other = await storeProject(tenon, 'others');
    return new World(tenon, await storeKey(tenon, { projectId: other }));
  }

  #has(sql: string): boolean {
    return this.tenon.running.services.store.reads.get(sql, this.tenon.projectId) !== undefined;
  }

  /** Makes what is missing, with the credentials that it is made and called with. */
  async replenish(): Promise<void> {
    const { tenon } = this;
    const { reads } = tenon.running.services.store;
    for (const scope of ['builder', 'full', 'frontend']) {
      const row = readApiKey(reads, hashApiKey(this.#keys.get(scope) ?? ''));
      const isGood = row?.isActive === 1 && row.scopes === JSON.stringify([scope]);
      if (!isGood) this.#keys.set(scope, await storeKey(tenon, { scopes: [scope] }));
    }
    const make = async (path: string, body: JsonObject) => {
      const headers = bearer(this.#keys.get('builder') ?? '');
      const answer = await tenon.api('POST', tenon.inProject(path), body, headers);
      if (answer.status >= 300) throw new Error(`the world could not make ${path}: ${answer.text}`);
      return answer.json as JsonObject;
    };
    const has = (table: string, condition: string) =>
      this.#has(`SELECT 1 FROM ${table} WHERE projectId = ? AND ${condition}`);
    if (!has('jwtKeys', `isActive = 1 AND jwtKeyId = '${this.#kid}'`)) {
      const key = await make('/jwt-keys', { label: 'own', algorithm: 'RS256', publicKeyPem: rsaPem });
      this.#kid = String(key['kid']);
    }
    if (!has('apiKeys', "label = 'spare'")) await make('/api-keys', { label: 'spare' });
    for (const name of ['hook', 'spare']) {
      const metadata = { url: `${tenon.receiver.origin}/${name}` };
      if (!has('destinations', `name = '${name}'`)) await make('/destinations', { name, type: 'webhook', metadata });
    }
    if (!has('topics', '1')) await make('/topics', { name: 'alerts' });
    const [topicId = ''] = this.ids('topicId');
    const [destinationId = ''] = this.ids('destinationId');
    if (!has('eventTopicRoutes', '1'))
      await make('/notification-event-topic-routes', { eventType: 'write.async.done', topicId });
    if (!has('topicDestinationRoutes', '1')) await make('/topic-destination-routes', { topicId, destinationId });
    for (const provider of ['hubspot', 'salesforce']) {
      const app = { provider, clientId: `app-${provider}`, clientSecret: `secret-for-app-${provider}` };
      const scopes = ['crm.objects.contacts.read', 'crm.schemas.contacts.write'];
      if (!has('providerApps', `provider = '${provider}'`)) await make('/provider-apps', { ...app, scopes });
    }
    await this.#install();
  }

  async #install(): Promise<void> {
    const { tenon } = this;
    const headers = bearer(this.#keys.get('builder') ?? '');
    const has = (sql: string) => this.#has(sql);
    for (const name of ['crm', 'pay']) {
      if (has(`SELECT 1 FROM integrations WHERE projectId = ? AND name = '${name}'`)) continue;
      const path = tenon.inProject('/integrations:batch');
      const answer = await tenon.api('PUT', path, { sourceYaml: MANIFEST }, headers);
      if (answer.status >= 300) throw new Error(`the world could not deploy: ${answer.text}`);
    }
    for (const groupRef of ['acme', 'rival']) {
      if (has(`SELECT 1 FROM connections WHERE projectId = ? AND provider = 'stripe' AND groupRef = '${groupRef}'`))
        continue;
      const typed = { provider: 'stripe', apiKey: `sk-of-${groupRef}`, groupRef, consumerRef: 'ada' };
      await tenon.api('POST', tenon.inProject('/connections:generate'), typed, headers);
    }
    const isConnected = "SELECT 1 FROM connections WHERE projectId = ? AND provider = 'hubspot' AND groupRef = 'acme'";
    if (!has(isConnected)) {
      const body = { projectIdOrName: tenon.projectId, provider: 'hubspot', groupRef: 'acme', consumerRef: 'ada' };
      await tenon.browse((await tenon.api('POST', '/oauth-connect', body, headers)).text);
    }
    const isInstalled = `SELECT 1 FROM installations JOIN integrations USING (integrationId)
      WHERE installations.projectId = ? AND name = 'crm' AND groupRef = 'acme'`;
    if (has(isInstalled)) return;
    const path = tenon.inProject('/integrations/crm/installations?skipSampling=true');
    const content = { provider: 'hubspot', read: { objects: { contacts: {} } } };
    const answer = await tenon.api('POST', path, { groupRef: 'acme', config: { content } }, headers);
    if (answer.status >= 300) throw new Error(`the world could not install: ${answer.text}`);
  }

  /** Ids that a parameter of this name takes. */
  ids(name: string): readonly string[] {
    const { reads } = this.tenon.running.services.store;
    const sql = IDS[name];
    if (sql === undefined) return [];
    return reads.all<{ id: string }>(sql, this.tenon.projectId).map(({ id }) => id);
  }

  /** The same of routes, of which there are two kinds. */
  routes(table: string): readonly string[] {
    const { reads } = this.tenon.running.services.store;
    const sql = `SELECT routeId AS id FROM ${table} WHERE projectId = ?`;
    return reads.all<{ id: string }>(sql, this.tenon.projectId).map(({ id }) => id);
  }

  async credential(kind: CallerKind): Promise<Credential> {
    if (kind === 'nobody') return { 'x-api-key': newId<string>() };
    if (kind === 'stranger') return { 'x-api-key': this.#strangersKey };
    if (kind === 'customer') return bearer(await customerToken(this.#kid, { groupRef: 'acme', consumerRef: 'ada' }));
    const key = this.#keys.get(kind) ?? '';
    return kind === 'builder' ? bearer(key) : { 'x-api-key': key };
  }

  /** All rows that only a call may change, whole. */
  rows(): Readonly<Record<string, readonly string[]>> {
    const { reads } = this.tenon.running.services.store;
    const tables = reads.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
    const names = tables.map(({ name }) => name).filter((name) => !OWN_TIME.has(name) && !name.startsWith('sqlite'));
    return Object.fromEntries(names.map((name) => [name, reads.all<JsonObject>(`SELECT * FROM ${name}`).map(textOf)]));
  }
}

function textOf(row: JsonObject): string {
  const kept = Object.entries(row).filter(([column]) => !OWN_TIME_COLUMNS.has(column));
  return JSON.stringify(kept);
}

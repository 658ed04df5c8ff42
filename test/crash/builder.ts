// A builder and the builder's customers, over the published API only. Every change goes through here and into the
// ledger: before it is asked for, and again when it was acknowledged.

import { parseAllowList } from '../../src/egress/address.ts';
import { createEgress } from '../../src/egress/egress.ts';
import { hubspotIdOf } from '../../src/sandbox/hubspotObjects.ts';
import { salesforceIdOf } from '../../src/sandbox/salesforceObjects.ts';
import { integration, readObject } from '../support/drive.ts';
import type { Inbox } from './inbox.ts';
import { KINDS, type Kind, type Ledger, type Listed } from './ledger.ts';

export type ProviderName = 'hubspot' | 'salesforce';

/** Records of each customer's account. HubSpot's come in pages of a hundred. */
export const RECORDS: Readonly<Record<ProviderName, number>> = { hubspot: 300, salesforce: 500 };
export const OBJECTS: Readonly<Record<ProviderName, string>> = { hubspot: 'contacts', salesforce: 'account' };
const SAMPLE_PATHS: Readonly<Record<ProviderName, string>> = {
  hubspot: `/crm/v3/objects/contacts/${hubspotIdOf(0)}`,
  salesforce: '/services/data/v60.0/limits',
};
const PROVIDERS: readonly ProviderName[] = ['hubspot', 'salesforce'];
const YEARLY = { schedule: '0 0 1 1 *' };
const REDIRECTS_MAX = 10;

export interface Customer {
  readonly name: string;
  readonly provider: ProviderName;
  readonly connectionId: string;
  /** Null until its integration is installed. */
  readonly installationId: string | null;
  readonly status: string;
}

/** An answer of the API that was not the one that was hoped for. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Wire {
  readonly id: string;
  readonly name: string;
  readonly provider: ProviderName;
  readonly status: string;
  readonly group: { readonly groupRef: string };
  readonly connection: { readonly id: string };
  readonly latestRevision: { readonly content: { readonly displayName: string } };
  readonly secrets: { readonly webhookSigningKey: string };
}

export function recordIdsOfAccount(provider: ProviderName): string[] {
  const idOf = provider === 'hubspot' ? hubspotIdOf : (index: number) => salesforceIdOf('001', index);
  return Array.from({ length: RECORDS[provider] }, (_, index) => idOf(index));
}

export class Builder {
  readonly #ledger: Ledger;
  readonly #onAcknowledged: () => void;
  readonly #browser = createEgress({ allowList: parseAllowList('127.0.0.1/32') });
  #origin = '';
  #apiKey = '';
  #projectId = '';
  #names = 0;

  constructor(ledger: Ledger, onAcknowledged: () => void) {
    this.#ledger = ledger;
    this.#onAcknowledged = onAcknowledged;
  }

  /** Where the present process serves, and with which key. */
  meets(server: { readonly origin: string; readonly apiKey: string; readonly projectId: string }): void {
    this.#origin = server.origin;
    this.#apiKey = server.apiKey;
    this.#projectId = server.projectId;
  }

  /** What every later change stands on. */
  async setUp(inbox: Inbox): Promise<void> {
    for (const provider of PROVIDERS) {
      const clientId = `app-${provider}`;
      const scopes = provider === 'hubspot' ? ['crm.objects.contacts.read'] : [];
      const app = { provider, clientId, clientSecret: `secret-for-${clientId}`, scopes };
      await this.#call('POST', '/provider-apps', app);
    }
    await this.addDestination('hook', `${inbox.origin}/hook`);
    const { secrets } = await this.#call<Wire>('GET', '/destinations/hook?includeSecrets=true');
    inbox.secrets.set('/hook', secrets.webhookSigningKey);
    await this.deploy();
  }

  async addDestination(name: string, url: string): Promise<string> {
    this.#ledger.asks('destination', name);
    const { id } = await this.#call<Wire>('POST', '/destinations', { name, type: 'webhook', metadata: { url } });
    this.#acknowledged(() => this.#ledger.made('destination', { id, name }));
    return id;
  }

  async removeDestination(id: string): Promise<void> {
    this.#ledger.asksDeletion('destination', id);
    await this.#call('DELETE', `/destinations/${id}`);
    this.#acknowledged(() => this.#ledger.deleted('destination', id));
  }

  /** Every version differs in a name that is shown, so that each is a revision that installations take over. */
  async deploy(): Promise<void> {
    const version = this.#ledger.asksDeploy();
    const integrations = PROVIDERS.map((provider) => ({
      ...integration(provider, readObject(OBJECTS[provider], YEARLY)),
      displayName: `Version ${version}`,
    }));
    const sourceYaml = JSON.stringify({ specVersion: '1.0.0', integrations });
    await this.#call('PUT', '/integrations:batch', { sourceYaml });
    this.#acknowledged(() => this.#ledger.deployed(version));
  }

  /** A customer who was never there before. */
  newName(prefix: string): string {
    this.#names += 1;
    return `${prefix}-${this.#names}`;
  }

  async connect(provider: ProviderName): Promise<Customer> {
    const name = this.newName(provider);
    const body = { projectIdOrName: this.#projectId, provider, groupRef: name, consumerRef: 'ada' };
    const workspace = provider === 'salesforce' ? { providerWorkspaceRef: name } : {};
    this.#ledger.asks('connection', name);
    await this.#browse(await this.#api<string>('POST', '/oauth-connect', { ...body, ...workspace }));
    this.#ledger.promised('connection', name);
    const [connection] = await this.#call<Wire[]>('GET', `/connections?provider=${provider}&groupRef=${name}`);
    if (connection === undefined) throw new Error(`${name} was told that it is connected, and is not`);
    this.#acknowledged(() => this.#ledger.made('connection', { id: connection.id, name }));
    return { name, provider, connectionId: connection.id, installationId: null, status: connection.status };
  }

  /** Consent once more, for a grant that is gone. */
  async reconnect({ connectionId }: Customer): Promise<void> {
    await this.#browse(await this.#call<string>('PATCH', `/connections/${connectionId}:oauth-update`));
    this.#acknowledged(() => {});
  }

  /** Starts the customer's backfill. */
  async install({ name, provider, connectionId }: Customer): Promise<void> {
    const content = { provider, read: { objects: { [OBJECTS[provider]]: {} } } };
    this.#ledger.asks('installation', name);
    const path = `/integrations/${provider}/installations`;
    const { id } = await this.#call<Wire>('POST', path, { groupRef: name, connectionId, config: { content } });
    this.#acknowledged(() => this.#ledger.made('installation', { id, name }));
  }

  /** The installation goes, and its connection with it. */
  async remove({ provider, connectionId, installationId }: Customer): Promise<void> {
    if (installationId === null) return;
    this.#ledger.asksDeletion('installation', installationId);
    this.#ledger.asksDeletion('connection', connectionId);
    await this.#call('DELETE', `/integrations/${provider}/installations/${installationId}`);
    this.#acknowledged(() => {
      this.#ledger.deleted('installation', installationId);
      this.#ledger.deleted('connection', connectionId);
    });
  }

  /** A call through the proxy; its status. Rejects if a good answer is not the provider's. */
  async proxy({ provider, installationId }: Customer, signal: AbortSignal): Promise<number> {
    const answer = await fetch(this.#origin + SAMPLE_PATHS[provider], {
      headers: {
        'x-api-key': this.#apiKey,
        'x-amp-proxy-version': '1',
        'x-amp-project-id': this.#projectId,
        'x-amp-installation-id': installationId ?? '',
      },
      signal,
    });
    const text = await answer.text();
    const expected = provider === 'hubspot' ? `"id":"${hubspotIdOf(0)}"` : 'DailyApiRequests';
    if (answer.status === 200 && !text.includes(expected)) throw new Error(`a proxied call was answered with ${text}`);
    return answer.status;
  }

  /** Everything that Tenon lists, of each kind. */
  async lists(): Promise<{ readonly listed: ReadonlyMap<Kind, readonly Listed[]>; readonly customers: Customer[] }> {
    const [destinations, connections, ...installed] = await Promise.all([
      this.#call<Wire[]>('GET', '/destinations'),
      this.#call<Wire[]>('GET', '/connections'),
      ...PROVIDERS.map((provider) => this.#call<Wire[]>('GET', `/integrations/${provider}/installations`)),
    ]);
    const installations = installed.flat();
    const byConnection = new Map(installations.map(({ id, connection }) => [connection.id, id]));
    const customers = connections.map(({ id, provider, status, group }) => {
      const installationId = byConnection.get(id) ?? null;
      return { name: group.groupRef, provider, connectionId: id, installationId, status };
    });
    const grouped = (rows: readonly Wire[]) => rows.map(({ id, group }) => ({ id, name: group.groupRef }));
    const rows = [destinations, grouped(connections), grouped(installations)];
    return { listed: new Map(KINDS.map((kind, index) => [kind, rows[index] ?? []])), customers };
  }

  /** The version of the manifest that is the latest. Rejects if its integrations are of different ones. */
  async deployedVersion(): Promise<number> {
    const integrations = await this.#call<Wire[]>('GET', '/integrations');
    const names = new Set(integrations.map(({ latestRevision }) => latestRevision.content.displayName));
    const [name = '', ...others] = names;
    if (others.length > 0) throw new Error(`a deployment is there by half: ${[...names].join(', ')}`);
    return Number(name.replace('Version ', ''));
  }

  /** Statuses of an installation's operations. */
  async operations({ provider, installationId }: Customer): Promise<string[]> {
    const path = `/integrations/${provider}/installations/${installationId}/operations`;
    return (await this.#call<{ results: Wire[] }>('GET', path)).results.map(({ status }) => status);
  }

  async isReady(): Promise<boolean> {
    return (await fetch(`${this.#origin}/ready`)).status === 200;
  }

  close(): Promise<void> {
    return this.#browser.close();
  }

  #acknowledged(note: () => void): void {
    note();
    this.#onAcknowledged();
  }

  #call<T>(method: string, path: string, body?: object): Promise<T> {
    return this.#api(method, `/projects/${this.#projectId}${path}`, body);
  }

  async #api<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await fetch(`${this.#origin}/v1${path}`, {
      method,
      headers: { 'x-api-key': this.#apiKey, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Refused(answer.status, `${method} ${path} was answered ${answer.status}: ${text}`);
    return (/^application\/json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : text) as T;
  }

  /** Follows redirects as a browser does; the last page must be a good one. */
  async #browse(address: string): Promise<void> {
    let url = address;
    for (let hops = 0; hops <= REDIRECTS_MAX; hops += 1) {
      const limits = { timeoutMs: 10_000, responseBytesMax: 1_048_576 };
      const { status, headers } = await this.#browser.request({ url, method: 'GET', headers: {}, ...limits });
      if (status === 200) return;
      const { location } = headers;
      if (status < 300 || status >= 400 || location === undefined)
        throw new Refused(status, `a page of status ${status}`);
      url = new URL(location, url).href;
    }
    throw new Error('the authorization was redirected without end');
  }
}

// A whole Tenon in this process, as `tenon serve` starts it, with a simulated provider and a webhook receiver behind
// it: what end-to-end tests and the smoke test stand on. Knows nothing of the test runner, so that Deno can run it
// too; a test says `await using tenon = await startTenon()`.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CREDENTIAL_PURPOSE } from '../../actors/tokenManager.ts';
import { type Credential, parseCredential } from '../../src/auth/credential.ts';
import { readConfig } from '../../src/config.ts';
import type { IntegrationError } from '../../src/core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts';
import { type Log, silentLog } from '../../src/core/log.ts';
import { type Clock, systemClock } from '../../src/core/time.ts';
import { parseAllowList } from '../../src/egress/address.ts';
import { createEgress } from '../../src/egress/egress.ts';
import { type Running, start } from '../../src/main.ts';
import { type Receiver, startReceiver } from '../../src/sandbox/receiver.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { readCredential } from '../../src/store/tables/connections.ts';
import { announceServer } from './servers.ts';

/** What a test may choose; everything has a default that makes the short call work. */
export interface TenonOptions {
  /** Options of the simulated provider. Small accounts and consent without a page unless said otherwise. */
  readonly sandbox?: SandboxOptions;
  /** Catalog fields by provider, laid over those that point at the sandbox. */
  readonly overrides?: JsonObject;
  /** `TENON_*` variables besides those that are set here. */
  readonly env?: Readonly<Record<string, string>>;
  /** Drives Tenon, the sandbox and the receiver; the wall clock if absent. */
  readonly clock?: Clock;
  /** `inThread` unless said otherwise: no worker to wait for, and a fake clock's `flush` sees every commit. */
  readonly writer?: 'thread' | 'inThread';
  readonly log?: Log;
}

/** One answer of the API, read to its end. `json` is null where the body is not JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: JsonValue;
}

/** A page as a browser without scripts ends on it. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

/** Whom `connect` connects. */
export interface Customer {
  readonly groupRef?: string;
  readonly consumerRef?: string;
  /** The workspace that was typed, e.g. a Salesforce domain. */
  readonly workspace?: string;
}

/** The parts of a published object that tests look at most; the rest is there too. */
export type Published = JsonObject & { readonly id: string };

export class Tenon {
  readonly sandbox: Sandbox;
  readonly receiver: Receiver;
  /** Holds the catalog file and, in `data`, the store. */
  readonly folder: string;
  readonly projectId: string;
  readonly apiKey: string;
  /** What `onFatal` was told; empty in every healthy test. */
  readonly fatal: readonly IntegrationError[];
  readonly #start: () => Promise<Running>;
  readonly #secrets: Map<string, string>;
  readonly #browser = createEgress({ allowList: parseAllowList('127.0.0.1/32') });
  #running: Running | null;

  constructor(parts: TenonParts, running: Running, key: { readonly projectId: string; readonly apiKey: string }) {
    this.sandbox = parts.sandbox;
    this.receiver = parts.receiver;
    this.folder = parts.folder;
    this.fatal = parts.fatal;
    this.#secrets = parts.secrets;
    this.#start = parts.start;
    this.#running = running;
    this.projectId = key.projectId;
    this.apiKey = key.apiKey;
  }

  get running(): Running {
    if (this.#running === null) throw new Error('this Tenon is stopped');
    return this.#running;
  }

  /** `http://127.0.0.1:<port>` */
  get origin(): string {
    return `http://127.0.0.1:${this.running.port}`;
  }

  /** A path inside the project: `inProject('/connections')`. */
  inProject(path: string): string {
    return `/projects/${this.projectId}${path}`;
  }

  /** Calls the API below `/v1` with the project's key. A string body is sent as it is. */
  async api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    const response = await fetch(`${this.origin}/v1${path}`, {
      method,
      headers: { 'x-api-key': this.apiKey, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: jsonOf(text) };
  }

  /** Like `api`, for calls that must work: the JSON of the answer, or an error that quotes it. */
  async ok<T = Published>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text, json } = await this.api(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${text}`);
    return (json ?? text) as T;
  }

  /** Deploys a manifest; its integrations in order. `query` is e.g. `?destructive=true`. */
  deploy(sourceYaml: string, query = ''): Promise<Published[]> {
    return this.ok('PUT', this.inProject(`/integrations:batch${query}`), { sourceYaml });
  }

  /** Makes a webhook destination that the receiver answers, and tells the receiver its secret. */
  async addWebhook(name: string): Promise<Published> {
    const url = `${this.receiver.origin}/${name}`;
    const made = await this.ok('POST', this.inProject('/destinations'), { name, type: 'webhook', metadata: { url } });
    const path = this.inProject(`/destinations/${name}?includeSecrets=true`);
    const { secrets } = await this.ok<{ secrets: { webhookSigningKey: string } }>('GET', path);
    this.#secrets.set(`/${name}`, secrets.webhookSigningKey);
    return made;
  }

  /** Registers the builder's OAuth client; the sandbox takes every id with the secret `secret-for-<id>`. */
  addProviderApp(
    provider: string,
    clientId = `app-${provider}`,
    clientSecret = `secret-for-${clientId}`,
    scopes: readonly string[] = provider === 'hubspot' ? ['crm.objects.contacts.read'] : [],
  ): Promise<Published> {
    return this.ok('POST', this.inProject('/provider-apps'), { provider, clientId, clientSecret, scopes });
  }

  /** The address of the provider's consent page for a customer. */
  authorizeUrl(provider: string, customer: Customer = {}): Promise<string> {
    const { groupRef = 'acme', consumerRef = 'ada', workspace } = customer;
    const body = { projectIdOrName: this.projectId, provider, groupRef, consumerRef };
    return this.ok('POST', '/oauth-connect', {
      ...body,
      ...(workspace === undefined ? {} : { providerWorkspaceRef: workspace }),
    });
  }

  /**
   * Connects a customer through OAuth without a browser and answers the connection. Makes a provider app if the
   * project has none. Rejects with the words of the last page if it did not work.
   */
  async connect(provider: string, customer: Customer = {}): Promise<Published> {
    const apps = await this.ok<Published[]>('GET', this.inProject('/provider-apps'));
    if (!apps.some((app) => app['provider'] === provider)) await this.addProviderApp(provider);
    const page = await this.browse(await this.authorizeUrl(provider, customer));
    if (page.status !== 200) throw new Error(`connecting ended on ${page.url} with ${page.status}: ${page.text}`);
    const groupRef = encodeURIComponent(customer.groupRef ?? 'acme');
    const path = this.inProject(`/connections?provider=${provider}&groupRef=${groupRef}`);
    const [connection] = await this.ok<Published[]>('GET', path);
    if (connection === undefined)
      throw new Error(`the callback page says yes, but there is no connection: ${page.text}`);
    return connection;
  }

  /**
   * Installs an integration, named as in the manifest. `content` is the config, which names at least the provider. No
   * record is read as a sample: tests count what is read.
   */
  install(integration: string, content: JsonObject, groupRef = 'acme'): Promise<Published> {
    const path = this.inProject(`/integrations/${integration}/installations?skipSampling=true`);
    return this.ok('POST', path, { groupRef, config: { content } });
  }

  /** A proxied call for an installation, not read yet. */
  proxy(installationId: string, path: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('x-api-key', this.apiKey);
    headers.set('x-amp-proxy-version', '1');
    headers.set('x-amp-project-id', this.projectId);
    headers.set('x-amp-installation-id', installationId);
    return fetch(`${this.origin}${path}`, { redirect: 'manual', ...init, headers });
  }

  /** One step of a browser, through `*.localhost` too. `location` is where the page sends it, or null. */
  async visit(url: string): Promise<Page & { readonly location: string | null }> {
    const call = { url, method: 'GET', headers: {}, timeoutMs: 10_000, responseBytesMax: 1_048_576 };
    const { status, headers, body } = await this.#browser.request(call);
    const location = status >= 300 && status < 400 ? (headers['location'] ?? null) : null;
    return { url, status, text: body.toString(), location: location === null ? null : new URL(location, url).href };
  }

  /** Follows redirects to the last page. */
  async browse(url: string): Promise<Page> {
    let page = await this.visit(url);
    for (let hops = 0; page.location !== null; hops++) {
      if (hops === 10) throw new Error(`${url} redirects without end`);
      page = await this.visit(page.location);
    }
    return page;
  }

  /** The stored credential of a connection, opened: for what must not be seen anywhere else. */
  credentialOf(connectionId: string): Credential {
    const { store, vault } = this.running.services;
    const row = readCredential(store.reads, connectionId);
    if (row === undefined) throw new Error(`connection ${connectionId} has no credential`);
    const place = { connectionId, generation: row.generation, purpose: CREDENTIAL_PURPOSE };
    return parseCredential(vault.open(row.sealed, place).toString());
  }

  /** Stops Tenon alone; the sandbox, the receiver and the data stay. */
  async halt(): Promise<void> {
    const { running } = this;
    this.#running = null;
    await running.stop();
  }

  /** Starts Tenon again on its data, at another port. */
  async resume(): Promise<void> {
    this.#running = await this.#start();
  }

  /** Stops everything and removes the data. */
  async stop(): Promise<void> {
    if (this.#running !== null) await this.halt();
    await this.#browser.close();
    await this.receiver.close();
    await this.sandbox.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

interface TenonParts {
  readonly sandbox: Sandbox;
  readonly receiver: Receiver;
  readonly folder: string;
  readonly fatal: readonly IntegrationError[];
  readonly secrets: Map<string, string>;
  readonly start: () => Promise<Running>;
}

/** Starts a sandbox, a receiver and a Tenon that calls nothing else. */
export async function startTenon(options: TenonOptions = {}): Promise<Tenon> {
  const { clock = systemClock, overrides = {}, env = {}, writer = 'inThread', log = silentLog() } = options;
  const sandbox = await startSandbox({
    clock,
    autoConsent: true,
    hubspotContacts: 250,
    salesforceAccounts: 250,
    ...options.sandbox,
  });
  const secrets = new Map<string, string>();
  const receiver = await startReceiver({ clock, secretFor: (path) => secrets.get(path) ?? null });
  const folder = mkdtempSync(join(tmpdir(), 'tenon-e2e-'));
  const catalogFile = join(folder, 'catalog.json');
  writeFileSync(catalogFile, JSON.stringify(laidOver(sandbox.catalogOverrides(), overrides)));
  const config = readConfig({
    TENON_DATA_DIR: join(folder, 'data'),
    TENON_PORT: '0',
    TENON_EGRESS_ALLOW: '127.0.0.1/32',
    TENON_CATALOG_FILE: catalogFile,
    ...env,
  });
  const fatal: IntegrationError[] = [];
  const parts = {
    sandbox,
    receiver,
    folder,
    fatal,
    secrets,
    async start() {
      const running = await start({ config, log, clock, writer, onFatal: (error) => fatal.push(error) });
      announceServer(`http://127.0.0.1:${running.port}`);
      return running;
    },
  };
  const running = await parts.start();
  if (running.firstKey === null) throw new Error('a new data folder must come with a first key');
  return new Tenon(parts, running, running.firstKey);
}

/** Objects merge, everything else replaces. */
function laidOver(below: JsonObject, above: JsonObject): JsonObject {
  const merged: Record<string, JsonValue | undefined> = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const under = merged[name];
    merged[name] = isJsonObject(under) && isJsonObject(value) ? laidOver(under, value) : value;
  }
  return merged;
}

function jsonOf(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
}

// What all routes of one sandbox share: options, clock, accounts with their records, grants, faults and counts.
// Built once by `sandbox.ts`. Invariant: accounts share nothing, so that a token of one never shows rows of another.

import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import { SANDBOX_ACCOUNTS_MAX } from '../core/limits.ts';
import { recentlyUsed } from '../core/recent.ts';
import type { Clock, Ms } from '../core/time.ts';
import { CustomFields } from './customFields.ts';
import type { FaultPlan } from './faults.ts';
import { seedOf } from './generate.ts';
import type { Grants } from './grants.ts';
import { HubspotAssociations } from './hubspotAssociations.ts';
import { ObjectRows } from './records.ts';
import { RollingWindow, type WindowOptions } from './rollingWindow.ts';
import type { Selection } from './selection.ts';
import type { WebhookSender } from './webhooks.ts';

export const PROVIDERS = ['hubspot', 'salesforce', 'stripe', 'freshdesk', 'slack', 'github'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** Records per object, by provider and object name. */
export type RecordCounts = Readonly<Record<Provider, Readonly<Record<string, number>>>>;

/** A vendor's own limits; null switches one off. */
export interface SandboxLimits {
  readonly hubspotRequestsPer10s: number | null;
  readonly hubspotSearchesPerSecond: number | null;
  readonly salesforceRequestsPerDay: number;
  /** How old the count in `Sforce-Limit-Info` may be. */
  readonly salesforceUsageLagMs: number;
  /** Of an org at the same time; the vendor counts only long ones. */
  readonly salesforceRequestsAtOnce: number | null;
  readonly freshdeskRequestsPerMinute: number | null;
  readonly githubRequestsPerHour: number;
}

/** An open query cursor: its rows are fixed when the query runs. */
export interface Cursor {
  readonly objectName: string;
  readonly fieldNames: readonly string[];
  readonly selection: Selection;
  readonly total: number;
}

/** One HubSpot portal, Salesforce org, Slack workspace, GitHub user, Stripe or Freshdesk account. */
export class Account {
  readonly provider: Provider;
  readonly name: string;
  /** Open query cursors by locator, oldest first. */
  readonly cursors = new Map<string, Cursor>();
  readonly customFields = new CustomFields();
  /** Between records of a HubSpot portal. */
  readonly associations = new HubspotAssociations();
  readonly #seed: number;
  readonly #counts: Readonly<Record<string, number>>;
  readonly #anchorMs: Ms;
  readonly #clock: Clock;
  readonly #rows = new Map<string, ObjectRows>();
  readonly #windows = new Map<string, RollingWindow>();

  constructor(provider: Provider, name: string, world: World) {
    this.provider = provider;
    this.name = name;
    this.#seed = seedOf(`${provider}/${name}`, world.seed);
    this.#counts = world.counts[provider];
    this.#anchorMs = world.anchorMs;
    this.#clock = world.clock;
  }

  /** A number of the account that never changes, e.g. the portal id. */
  get number(): number {
    return 20_000_000 + (this.#seed % 70_000_000);
  }

  /** The rows of an object of the provider; null where it has no such object. */
  rows(objectName: string): ObjectRows | null {
    if (!Object.hasOwn(this.#counts, objectName)) return null;
    let rows = this.#rows.get(objectName);
    if (rows === undefined) {
      const seed = seedOf(objectName, this.#seed);
      rows = new ObjectRows({ seed, baseCount: this.#counts[objectName] ?? 0, anchorMs: this.#anchorMs });
      this.#rows.set(objectName, rows);
    }
    return rows;
  }

  /** The account's limiter of that name, made at its first use. */
  window(name: string, options: WindowOptions): RollingWindow {
    const window = this.#windows.get(name) ?? new RollingWindow(this.#clock, options);
    this.#windows.set(name, window);
    return window;
  }
}

export interface World {
  readonly seed: number;
  readonly counts: RecordCounts;
  readonly anchorMs: Ms;
  readonly clock: Clock;
}

export class Accounts {
  readonly #world: World;
  readonly #accounts = recentlyUsed<string, Account>(SANDBOX_ACCOUNTS_MAX);

  constructor(world: World) {
    this.#world = world;
  }

  get count(): number {
    return this.#accounts.size;
  }

  /** The account of that name, made at its first mention. */
  of(provider: Provider, name: string): Account {
    const key = `${provider}/${name}`;
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = new Account(provider, name, this.#world);
      this.#accounts.set(key, account);
    }
    return account;
  }
}

export interface SandboxCounts {
  readonly requestsByProvider: Record<Provider, number>;
  recordsServed: number;
  rateLimited: number;
}

export interface SandboxContext {
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly faults: FaultPlan;
  readonly limits: SandboxLimits;
  readonly counts: SandboxCounts;
  readonly webhooks: WebhookSender;
  readonly recordCounts: RecordCounts;
  /** Whether authorization requests are granted at once instead of showing the consent page. */
  readonly isAutoConsent: boolean;
}

/** `account` is set by each provider's authentication. */
export interface SandboxEnv {
  readonly Bindings: HttpBindings;
  readonly Variables: { account: Account };
}

export type SandboxApp = Hono<SandboxEnv>;
export type RequestContext = Context<SandboxEnv>;

const PATHS: readonly (readonly [prefix: string, provider: Provider])[] = [
  ['/crm/', 'hubspot'],
  ['/crm-object-schemas/', 'hubspot'],
  ['/oauth/v2/', 'slack'],
  ['/oauth/', 'hubspot'],
  ['/account-info/', 'hubspot'],
  ['/integrations/', 'hubspot'],
  ['/services/', 'salesforce'],
  ['/v1/', 'stripe'],
  ['/api/v2/', 'freshdesk'],
  ['/api/', 'slack'],
  ['/upload/', 'slack'],
  ['/login/oauth/', 'github'],
  ['/user', 'github'],
  ['/repos/', 'github'],
  ['/repositories/', 'github'],
  ['/rate_limit', 'github'],
];

/** Whose API a request means: by its path, and by its kind of credential where all providers share the path. */
export function providerOf(path: string, authorization: string | undefined): Provider | null {
  for (const [prefix, provider] of PATHS) if (path.startsWith(prefix)) return provider;
  if (authorization === undefined) return null;
  if (authorization.startsWith('Basic ')) return 'freshdesk';
  if (authorization.startsWith('Bearer sk_')) return 'stripe';
  if (authorization.startsWith('Bearer xox')) return 'slack';
  if (authorization.startsWith('Bearer gho_')) return 'github';
  return authorization.startsWith('Bearer 00D') ? 'salesforce' : 'hubspot';
}

/** Not an org but where people log in who do not name theirs. */
export const LOGIN_LABEL = 'login';

/** The labels before `.localhost` in the Host header, e.g. `acme--dev.sandbox`; `default` where there are none. */
export function accountLabelsOf(host: string | undefined): string {
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase();
  return name.endsWith('.localhost') && name.length > '.localhost'.length
    ? name.slice(0, -'.localhost'.length)
    : 'default';
}

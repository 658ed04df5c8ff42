// A provider simulator over real HTTP: HubSpot, Salesforce, Slack, GitHub, Stripe and Freshdesk on one loopback port,
// with their own authorization servers, paging, limits and errors, and faults on demand. Started by the demo, tests and
// benches.
// Invariant: it holds no list of records and nothing in it grows without a bound.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { IntegrationError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { SANDBOX_BODY_BYTES_MAX, SANDBOX_KEEP_ALIVE_MS, SANDBOX_RECORDS_MAX } from '../core/limits.ts';
import { type Clock, HOUR_MS, MINUTE_MS, systemClock } from '../core/time.ts';
import { admit, providerOfRequest } from './admission.ts';
import { providerError } from './answers.ts';
import { applyChange, type Change } from './changes.ts';
import {
  Accounts,
  LOGIN_LABEL,
  PROVIDERS,
  type RecordCounts,
  type SandboxApp,
  type SandboxContext,
} from './context.ts';
import { buildControl } from './control.ts';
import { buildEcho } from './echo.ts';
import { FaultPlan } from './faults.ts';
import { buildFreshdesk } from './freshdesk.ts';
import { buildGithub } from './github.ts';
import { Grants, type OAuthProvider } from './grants.ts';
import { buildHubspot } from './hubspot.ts';
import { buildOAuth } from './oauth.ts';
import { buildSalesforce } from './salesforce.ts';
import { channelEntitiesOf } from './salesforceChannels.ts';
import { dailyWindow } from './salesforceLimits.ts';
import { buildSlack } from './slack.ts';
import { type SandboxStats, statsOf } from './stats.ts';
import { buildStripe } from './stripe.ts';
import { WebhookSender, type WebhookTarget } from './webhooks.ts';

export interface SandboxOptions {
  /** 0 or absent for any free port. */
  readonly port?: number;
  /** Same seed, same records. */
  readonly seed?: number;
  readonly clock?: Clock;
  readonly hubspotContacts?: number;
  readonly hubspotCompanies?: number;
  readonly salesforceAccounts?: number;
  readonly salesforceContacts?: number;
  readonly slackChannels?: number;
  readonly slackUsers?: number;
  readonly githubIssues?: number;
  /** Of every provider whose tokens end; the documented ones if absent. */
  readonly accessTokenLifetimeMs?: number;
  /** How long Salesforce still takes a rotated refresh token; 0 if absent. */
  readonly refreshGraceMs?: number;
  /** Null switches a limit off. */
  readonly hubspotRequestsPer10s?: number | null;
  readonly hubspotSearchesPerSecond?: number | null;
  readonly salesforceRequestsPerDay?: number;
  /** How old the count that Salesforce tells may be; 0 if absent. */
  readonly salesforceUsageLagMs?: number;
  readonly salesforceRequestsAtOnce?: number | null;
  readonly freshdeskRequestsPerMinute?: number | null;
  readonly githubRequestsPerHour?: number;
  /** Grants authorization requests at once, for clients without a browser. */
  readonly autoConsent?: boolean;
  /** Client secrets by id; every client id with the secret `secret-for-<client id>` if absent. */
  readonly clients?: Readonly<Record<string, string>>;
}

export interface Sandbox {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly port: number;
  readonly faults: FaultPlan;
  /** Catalog fields, by provider, that make a runtime call this sandbox instead of the vendors. */
  catalogOverrides(): JsonObject;
  stats(): SandboxStats;
  /** Creates, modifies or removes records behind the API; the ids of the changed ones. */
  change(change: Change): readonly string[];
  /** Tells an address of every change from now on, as the provider would. */
  sendWebhooks(target: WebhookTarget): void;
  /** Resolves when all webhooks of the changes so far were taken or given up. */
  webhooksSent(): Promise<void>;
  /** Other apps of a Salesforce org make so many calls now. */
  spendSalesforceDay(org: string, requests: number): void;
  /** Makes every access token issued so far expire now; how many there were. */
  expireAccessTokens(): number;
  /** What has a Salesforce org send its changes, e.g. `EventRelayConfig acme RUN`, in the order it was made. */
  channelEntities(org: string): readonly string[];
  /** Ends every grant of an account, as its admin would; how many there were. */
  revokeGrants(provider: OAuthProvider, account: string): number;
  /** Releases held requests, drops every connection and stops listening. May be called once. */
  close(): Promise<void>;
}

/** Rejects with `bad_request` for counts beyond SANDBOX_RECORDS_MAX and with the system's error for a taken port. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const context = buildContext(options);
  // The listener puts a faster Response in place of the global one, which Deno's own server, if there is one in this
  // process, does not take.
  const overrideGlobalObjects = !('Deno' in globalThis);
  const server = createServer(getRequestListener(buildApp(context).fetch, { overrideGlobalObjects }));
  server.keepAliveTimeout = SANDBOX_KEEP_ALIVE_MS;
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    port,
    faults: context.faults,
    catalogOverrides: () => catalogOverrides(origin, port),
    stats: () => statsOf(context),
    change: (change) => applyChange(context, change),
    sendWebhooks: (target) => context.webhooks.add(target),
    webhooksSent: () => context.webhooks.sent(),
    spendSalesforceDay: (org, requests) => {
      dailyWindow(context, context.accounts.of('salesforce', org)).add(requests);
    },
    expireAccessTokens: () => context.grants.expireAccessTokens(),
    channelEntities: (org) => channelEntitiesOf(context.accounts.of('salesforce', org)),
    revokeGrants: (provider, account) => context.grants.revokeAccount(provider, account),
    close: () => close(server, context),
  };
}

async function close(server: Server, context: SandboxContext): Promise<void> {
  context.faults.clear();
  await context.webhooks.close();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

function buildContext(options: SandboxOptions): SandboxContext {
  const clock = options.clock ?? systemClock;
  const recordCounts = recordCountsOf(options);
  const lifetimeMs = options.accessTokenLifetimeMs;
  return {
    clock,
    recordCounts,
    accounts: new Accounts({ seed: options.seed ?? 1, counts: recordCounts, anchorMs: clock.nowMs(), clock }),
    grants: new Grants(clock, {
      lifetimesMs: {
        hubspot: lifetimeMs ?? 30 * MINUTE_MS,
        salesforce: lifetimeMs ?? 2 * HOUR_MS,
        slack: lifetimeMs ?? 12 * HOUR_MS,
        github: Number.POSITIVE_INFINITY,
      },
      refreshGraceMs: options.refreshGraceMs ?? 0,
      clients: options.clients ?? null,
    }),
    faults: new FaultPlan(),
    webhooks: new WebhookSender(clock),
    limits: {
      hubspotRequestsPer10s: orDefault(options.hubspotRequestsPer10s, 110),
      hubspotSearchesPerSecond: orDefault(options.hubspotSearchesPerSecond, 5),
      salesforceRequestsPerDay: options.salesforceRequestsPerDay ?? 100_000,
      salesforceUsageLagMs: options.salesforceUsageLagMs ?? 0,
      salesforceRequestsAtOnce: options.salesforceRequestsAtOnce ?? null,
      freshdeskRequestsPerMinute: orDefault(options.freshdeskRequestsPerMinute, 700),
      githubRequestsPerHour: options.githubRequestsPerHour ?? 5000,
    },
    counts: {
      requestsByProvider: { hubspot: 0, salesforce: 0, stripe: 0, freshdesk: 0, slack: 0, github: 0 },
      recordsServed: 0,
      rateLimited: 0,
    },
    isAutoConsent: options.autoConsent ?? false,
  };
}

function orDefault(limit: number | null | undefined, documented: number): number | null {
  return limit === undefined ? documented : limit;
}

function recordCountsOf(options: SandboxOptions): RecordCounts {
  const counts: RecordCounts = {
    hubspot: {
      contacts: options.hubspotContacts ?? 5000,
      companies: options.hubspotCompanies ?? 500,
      deals: 300,
      tickets: 200,
    },
    salesforce: {
      Account: options.salesforceAccounts ?? 5000,
      Contact: options.salesforceContacts ?? 5000,
      Lead: 500,
      Opportunity: 500,
    },
    stripe: { customers: 500 },
    freshdesk: { tickets: 500, contacts: 300 },
    slack: { channels: options.slackChannels ?? 120, users: options.slackUsers ?? 300, messages: 0 },
    github: { issues: options.githubIssues ?? 250 },
  };
  for (const provider of PROVIDERS) {
    for (const [object, count] of Object.entries(counts[provider])) {
      if (Number.isSafeInteger(count) && count >= 0 && count <= SANDBOX_RECORDS_MAX) continue;
      throw new IntegrationError('bad_request', `${provider} ${object}: between 0 and ${SANDBOX_RECORDS_MAX} records`);
    }
  }
  return counts;
}

function buildApp(context: SandboxContext): SandboxApp {
  const app: SandboxApp = new Hono();
  const limitBody = bodyLimit({
    maxSize: SANDBOX_BODY_BYTES_MAX,
    onError: (c) => providerError(c, providerOfRequest(c), 413, `The body is above ${SANDBOX_BODY_BYTES_MAX} bytes.`),
  });
  app.use('*', (c, next) => admit(context, c, next));
  // The echo endpoints read bodies as streams, whatever their length; all others hold them in memory.
  app.route('/', buildEcho(context));
  // As the vendors do, for clients that ask for it.
  app.use('*', compress());
  app.use('*', (c, next) => (c.req.method === 'GET' ? next() : limitBody(c, next)));
  app.route('/', buildControl(context));
  app.route('/', buildOAuth(context));
  app.route('/', buildHubspot(context));
  app.route('/', buildSalesforce(context));
  app.route('/', buildStripe(context));
  app.route('/', buildFreshdesk(context));
  app.route('/', buildSlack(context));
  app.route('/', buildGithub(context));
  app.notFound((c) => providerError(c, providerOfRequest(c), 404, 'There is no such endpoint in the sandbox.'));
  app.onError((thrown, c) => {
    const isOurs = thrown instanceof IntegrationError;
    const message = isOurs ? thrown.publicDetail : `The sandbox failed: ${thrown.message}`;
    return providerError(c, providerOfRequest(c), isOurs ? thrown.status : 500, message);
  });
  return app;
}

function catalogOverrides(origin: string, port: number): JsonObject {
  const accountOrigin = `http://{{.workspace}}.localhost:${port}`;
  const loginOrigin = `http://${LOGIN_LABEL}.localhost:${port}`;
  return {
    hubspot: {
      baseURL: origin,
      oauth2Opts: { authURL: `${origin}/oauth/authorize`, tokenURL: `${origin}/oauth/v1/token` },
      modules: { crm: { baseURL: `${origin}/crm` } },
      authHealthCheck: { url: `${origin}/integrations/v1/me` },
    },
    salesforce: {
      baseURL: accountOrigin,
      oauth2Opts: {
        authURL: `${accountOrigin}/services/oauth2/authorize`,
        tokenURL: `${accountOrigin}/services/oauth2/token`,
      },
      modules: { crm: { baseURL: accountOrigin } },
      authHealthCheck: { url: `${accountOrigin}/services/oauth2/userinfo` },
      tenon: {
        commonLogin: {
          authUrl: `${loginOrigin}/services/oauth2/authorize`,
          tokenUrl: `${loginOrigin}/services/oauth2/token`,
        },
      },
    },
    stripe: { baseURL: origin },
    freshdesk: { baseURL: accountOrigin },
    slack: {
      baseURL: `${origin}/api`,
      oauth2Opts: { authURL: `${origin}/oauth/v2/authorize`, tokenURL: `${origin}/api/oauth.v2.access` },
      tenon: {
        accountLookup: {
          method: 'POST',
          url: `${origin}/api/auth.test`,
          values: [{ name: 'teamId', path: 'team_id' }],
          workspaceRefPath: 'team_id',
        },
      },
    },
    github: {
      baseURL: origin,
      oauth2Opts: {
        authURL: `${origin}/login/oauth/authorize`,
        tokenURL: `${origin}/login/oauth/access_token`,
      },
    },
  };
}

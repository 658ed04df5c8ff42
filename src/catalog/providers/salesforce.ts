// Salesforce. OAuth 2 with PKCE on the My Domain host; the app must be installed in the org first. Partner apps get
// single-use refresh tokens that die after 30 idle days; reuse revokes everything. One daily call budget per org,
// shared by all apps.

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { batchWrites, pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const salesforce = {
  name: 'salesforce',
  displayName: 'Salesforce',
  category: 'CRM',
  sources: [
    'https://developer.salesforce.com/docs/platform/isvforce/guide/secure-code-ac-eca.md',
    'https://help.salesforce.com/s/articleView?id=xcloud.connected_app_limit_idle_ttl.htm&language=en_US&type=5',
    'https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_refresh_token_flow.htm&type=5',
  ],
  baseUrl: 'https://{{.workspace}}.my.salesforce.com',
  isHostOfAccount: true,
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCodePKCE',
    authUrl: 'https://{{.workspace}}.my.salesforce.com/services/oauth2/authorize',
    authUrlParams: { prompt: 'login' },
    tokenUrl: 'https://{{.workspace}}.my.salesforce.com/services/oauth2/token',
    commonLogin: {
      authUrl: 'https://login.salesforce.com/services/oauth2/authorize',
      tokenUrl: 'https://login.salesforce.com/services/oauth2/token',
    },
    areScopesRequired: false,
    isWorkspaceRequired: true,
    tokenMetadata: { consumerRefField: 'id', scopesField: 'scope', workspaceRefField: 'instance_url' },
    tokens: {
      clientAuthentication: 'requestBody',
      rotation: 'singleUseRevoking',
      idleLifetimeMs: 30 * DAY_MS,
      lifetimeMs: 2 * HOUR_MS,
      revocationUrl: 'https://{{.workspace}}.my.salesforce.com/services/oauth2/revoke',
    },
  },
  defaultModule: 'crm',
  modules: {
    'account-engagement': {
      displayName: 'Salesforce Marketing Cloud Account Engagement (Pardot)',
      baseUrl: 'https://pi.pardot.com',
      support: supports('read', 'write'),
    },
    'account-engagement-demo': {
      displayName: 'Salesforce Demo Marketing Cloud Account Engagement (Pardot)',
      baseUrl: 'https://pi.demo.pardot.com',
      support: supports('read', 'write'),
    },
    crm: {
      displayName: 'Salesforce',
      baseUrl: 'https://{{.workspace}}.my.salesforce.com',
      support: {
        ...supports('read', 'write', 'delete', 'proxy', 'subscribe', 'search', 'bulkUpsert', 'bulkDelete'),
        ...batchWrites(100),
      },
      subscribeRequirements: { postProcess: true, registration: true, subscribeByAPI: true },
    },
  },
  support: supports('read', 'write', 'delete', 'proxy', 'subscribe', 'search', 'bulkUpsert', 'bulkDelete'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Subdomain',
      docsURL: 'https://help.salesforce.com/s/articleView?language=en_US&id=sf.faq_domain_name_what.htm&type=5',
      moduleDependencies: { 'account-engagement': {}, 'account-engagement-demo': {}, crm: {} },
    },
    {
      name: 'businessUnitId',
      displayName: 'Business Unit ID',
      docsURL: 'https://developer.salesforce.com/docs/marketing/pardot/guide/authentication.html',
      prompt:
        'Only for Account Engagement (Pardot): the 18 characters beginning with `0Uv` that ' +
        'Business Unit Setup shows for the unit you want to connect.',
      moduleDependencies: { 'account-engagement': {}, 'account-engagement-demo': {} },
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  authHealthCheck: {
    method: 'GET',
    successStatusCodes: [200],
    url: 'https://{{.workspace}}.my.salesforce.com/services/oauth2/userinfo',
  },
  providerApp: {
    authQueryParams: [],
    params: [
      {
        name: 'packageInstallURL',
        displayName: 'External Client App Install URL',
        docsURL: 'https://help.salesforce.com/s/articleView?id=sf.distribution_installing_packages.htm&type=5',
        prompt:
          'Only with an External Client App: the link under which customers install your managed ' +
          'package. They must install it before they can sign in.',
      },
    ],
  },
  media: pictures('v1722470590/media/salesforce_1722470589.svg', 'v1722470590/media/salesforce_1722470589.svg'),
  quotas: [
    {
      // An org has 100,000 and more for each licence; the smallest edition with an API has 15,000, and every answer
      // tells which. It is a rolling day, may be exceeded by an unpublished amount, and the count in the answers lags.
      name: 'daily',
      scope: 'externalAccount',
      limit: 15_000,
      windowMs: DAY_MS,
      caps: { background: 0.8, write: 0.95 },
      isSpread: true,
      lagMs: MINUTE_MS,
      isSoft: true,
      pause: { firstMs: 15 * MINUTE_MS, longestMs: HOUR_MS },
    },
    {
      // Set by an admin for one connected app.
      name: 'perApp',
      scope: 'appInAccount',
      limit: 1_000_000,
      windowMs: DAY_MS,
      caps: { background: 0.8, write: 0.95 },
      lagMs: MINUTE_MS,
      isOptional: true,
    },
  ],
  // 25 calls of 20 seconds and more for all apps together, 5 in Developer and trial orgs; how long a call will take is
  // not known before. Five places are left to others.
  concurrency: [{ name: 'longRunning', scope: 'externalAccount', limit: 20, startsAt: 5 }],
  rateHeaders: { family: 'salesforce', quotas: { daily: 'daily', perApp: 'perApp', concurrent: 'longRunning' } },
  quotaProbe: {
    path: '/services/data/v60.0/limits',
    everyMs: HOUR_MS,
    quotas: [{ name: 'daily', limitPath: 'DailyApiRequests.Max', remainingPath: 'DailyApiRequests.Remaining' }],
  },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

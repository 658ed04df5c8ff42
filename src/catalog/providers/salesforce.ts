// Salesforce. OAuth 2 with PKCE on the My Domain host; the app must be installed in the org first. Partner apps get
// single-use refresh tokens that die after 30 idle days; reuse revokes everything. One daily call budget per org,
// shared by all apps.

import { DAY_MS, HOUR_MS } from '../../core/time.ts';
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
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCodePKCE',
    authUrl: 'https://{{.workspace}}.my.salesforce.com/services/oauth2/authorize',
    authUrlParams: { prompt: 'login' },
    tokenUrl: 'https://{{.workspace}}.my.salesforce.com/services/oauth2/token',
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
  quotas: [],
  concurrency: [{ name: 'longRunning', scope: 'externalAccount', limit: 25 }],
  rateHeaders: { family: 'salesforce', quotas: { concurrent: 'longRunning' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

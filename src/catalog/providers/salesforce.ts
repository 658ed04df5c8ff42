// Salesforce. Login and API live on the customer's My Domain. With rotation switched on a refresh token works
// once, using it twice revokes the grant, and it dies after 30 idle days. An org has one daily quota shared by
// all of its apps, learned from `Sforce-Limit-Info`, and takes 25 long-running requests at a time.
// Source: https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta

import { DAY_MS } from '../../core/time.ts';
import type { Support } from '../providerInfo.ts';
import type { ProviderDeclaration } from '../schema.ts';

const MY_DOMAIN = 'https://{{.workspace}}.my.salesforce.com';
const ICON = 'https://res.cloudinary.com/dycvts6vp/image/upload/v1722470590/media/salesforce_1722470589.svg';

const support = {
  read: true,
  write: true,
  delete: true,
  proxy: true,
  subscribe: true,
  search: { operators: { equals: true } },
  bulkWrite: { insert: false, update: false, upsert: true, delete: true },
} as const satisfies Support;

const accountEngagementSupport = {
  read: true,
  write: true,
  delete: false,
  proxy: false,
  subscribe: false,
  search: { operators: { equals: false } },
  bulkWrite: { insert: false, update: false, upsert: false, delete: false },
} as const satisfies Support;

export const salesforce = {
  name: 'salesforce',
  displayName: 'Salesforce',
  category: 'CRM',
  baseUrl: MY_DOMAIN,
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCodePKCE',
    authUrl: `${MY_DOMAIN}/services/oauth2/authorize`,
    authUrlParams: { prompt: 'login' },
    tokenUrl: `${MY_DOMAIN}/services/oauth2/token`,
    areScopesRequired: false,
    isWorkspaceRequired: true,
    tokenMetadata: { consumerRefField: 'id', workspaceRefField: 'instance_url', scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'singleUseRevoking', idleLifetimeMs: 30 * DAY_MS },
  },
  defaultModule: 'crm',
  modules: {
    crm: {
      displayName: 'Salesforce',
      baseUrl: MY_DOMAIN,
      support: {
        ...support,
        batchWrite: {
          create: { supported: true, defaultRecordLimit: 100 },
          update: { supported: true, defaultRecordLimit: 100 },
          upsert: { supported: false },
          delete: { supported: false },
        },
      },
      subscribeRequirements: { registration: true, postProcess: true, subscribeByAPI: true },
    },
    'account-engagement': {
      displayName: 'Salesforce Marketing Cloud Account Engagement (Pardot)',
      baseUrl: 'https://pi.pardot.com',
      support: accountEngagementSupport,
    },
    'account-engagement-demo': {
      displayName: 'Salesforce Demo Marketing Cloud Account Engagement (Pardot)',
      baseUrl: 'https://pi.demo.pardot.com',
      support: accountEngagementSupport,
    },
  },
  support,
  inputs: [
    {
      name: 'workspace',
      displayName: 'Subdomain',
      docsURL: 'https://help.salesforce.com/s/articleView?language=en_US&id=sf.faq_domain_name_what.htm&type=5',
      moduleDependencies: { crm: {}, 'account-engagement': {}, 'account-engagement-demo': {} },
    },
    {
      name: 'businessUnitId',
      displayName: 'Business Unit ID',
      docsURL: 'https://developer.salesforce.com/docs/marketing/pardot/guide/authentication.html',
      prompt:
        'Business Unit ID is the 18-character ID that starts with 0Uv, ' +
        'found in Business Unit Setup within Salesforce Setup or Marketing Setup.',
      moduleDependencies: { 'account-engagement': {}, 'account-engagement-demo': {} },
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  authHealthCheck: { url: `${MY_DOMAIN}/services/oauth2/userinfo`, method: 'GET', successStatusCodes: [200] },
  providerApp: {
    authQueryParams: [],
    params: [
      {
        name: 'packageInstallURL',
        displayName: 'External Client App Install URL',
        docsURL: 'https://docs.withampersand.com/provider-guides/salesforce#6-build-the-package-install-url',
        prompt:
          'If you are using External Client Apps (instead of Connected Apps) to connect your Salesforce account, ' +
          'enter the package install URL that the UI library should show to your users to install your ' +
          'Salesforce managed package.',
      },
    ],
  },
  media: { regular: { iconURL: ICON, logoURL: ICON }, darkMode: { iconURL: ICON, logoURL: ICON } },
  quotas: [],
  concurrency: [{ name: 'longRunning', scope: 'externalAccount', limit: 25 }],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

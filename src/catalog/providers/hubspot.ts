// HubSpot. Refresh tokens stay valid; access tokens live 30 minutes. Marketplace apps may send 110 requests per
// 10 seconds to each account, and search has a lower limit of its own.
// Source: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines

import { SECOND_MS } from '../../core/time.ts';
import type { Support } from '../providerInfo.ts';
import type { ProviderDeclaration } from '../schema.ts';

const MEDIA = 'https://res.cloudinary.com/dycvts6vp/image/upload';

const support = {
  read: true,
  write: true,
  delete: true,
  proxy: true,
  subscribe: true,
  search: { operators: { equals: true } },
  bulkWrite: { insert: false, update: false, upsert: false, delete: false },
} as const satisfies Support;

export const hubspot = {
  name: 'hubspot',
  displayName: 'HubSpot',
  category: 'CRM',
  baseUrl: 'https://api.hubapi.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.hubspot.com/oauth/authorize',
    tokenUrl: 'https://api.hubapi.com/oauth/v1/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable' },
  },
  defaultModule: 'crm',
  modules: {
    crm: {
      displayName: 'HubSpot CRM',
      baseUrl: 'https://api.hubapi.com/crm',
      support: {
        ...support,
        proxy: false,
        batchWrite: {
          create: { supported: true, defaultRecordLimit: 100 },
          update: { supported: true, defaultRecordLimit: 100 },
          upsert: { supported: false },
          delete: { supported: false },
        },
      },
    },
  },
  support,
  inputs: [],
  postAuthentication: [{ name: 'ownerId', moduleDependencies: { crm: {} } }],
  isPostAuthenticationRequired: true,
  authHealthCheck: {
    url: 'https://api.hubapi.com/integrations/v1/me',
    method: 'GET',
    successStatusCodes: [200],
  },
  providerApp: {
    authQueryParams: [
      {
        name: 'optional_scope',
        displayName: 'Optional Scopes',
        docsURL: 'https://developers.hubspot.com/docs/api/working-with-oauth#scopes',
        prompt:
          'Optional HubSpot scopes that users can grant during OAuth, ' +
          'these must also be configured in your HubSpot app.',
      },
    ],
    params: [],
  },
  media: {
    regular: {
      iconURL: `${MEDIA}/v1722479285/media/hubspot_1722479284.svg`,
      logoURL: `${MEDIA}/v1722479265/media/hubspot_1722479265.svg`,
    },
    darkMode: {
      iconURL: `${MEDIA}/v1722479285/media/hubspot_1722479284.svg`,
      logoURL: `${MEDIA}/v1722479245/media/hubspot_1722479244.svg`,
    },
  },
  quotas: [{ name: 'burst', scope: 'externalAccount', limit: 110, windowMs: 10 * SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

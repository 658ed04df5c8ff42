// Sellsy API v2. OAuth 2 with PKCE on login.sellsy.com; a private app only admits staff of the Sellsy account that
// registered it. Call quotas are documented in the reference and answered with 429.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const sellsy = {
  name: 'sellsy',
  displayName: 'Sellsy',
  category: 'CRM',
  sources: ['https://docs.sellsy.com/api/v2/#section/Authentication', 'https://docs.sellsy.com/api/v2/#section/Quotas'],
  baseUrl: 'https://api.sellsy.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCodePKCE',
    authUrl: 'https://login.sellsy.com/oauth2/authorization',
    tokenUrl: 'https://login.sellsy.com/oauth2/access-tokens',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722470988/media/sellsy_1722470988.jpg',
    'v1722471227/media/sellsy_1722471226.svg',
    'v1722470945/media/sellsy_1722470945.svg',
    'v1722471161/media/sellsy_1722471161.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

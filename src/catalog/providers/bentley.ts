// Bentley. iTwin Platform: OAuth 2 through Bentley IMS with the itwin-platform scope (offline_access for a refresh
// token). Access tokens are short-lived JWTs. Limits depend on the subscription tier; a 429 has code
// RateLimitExceeded and Retry-After.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const bentley = {
  name: 'bentley',
  displayName: 'Bentley',
  category: 'other',
  sources: [
    'https://developer.bentley.com/apis/overview/authorization',
    'https://developer.bentley.com/tutorials/authorize-webapp',
  ],
  baseUrl: 'https://api.bentley.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://ims.bentley.com/connect/authorize',
    tokenUrl: 'https://ims.bentley.com/connect/token',
    areScopesRequired: true,
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
  media: pictures('v1773044816/media/bentley.com_1773044816.jpg', 'v1773044793/media/bentley.com_1773044790.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

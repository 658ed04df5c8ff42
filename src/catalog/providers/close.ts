// Close. OAuth 2; access tokens live 1 hour, each refresh replaces the refresh token and the old one must be thrown
// away. Needs offline_access. Limits per endpoint group in the RateLimit header (limit, remaining, reset). Paths end
// with a slash.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const close = {
  name: 'close',
  displayName: 'Close',
  category: 'CRM',
  sources: [
    'https://developer.close.com/api/overview/oauth-authentication',
    'https://developer.close.com/api/overview/rate-limits',
  ],
  baseUrl: 'https://api.close.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.close.com/oauth2/authorize',
    tokenUrl: 'https://api.close.com/oauth2/token/',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { consumerRefField: 'user_id', scopesField: 'scope', workspaceRefField: 'organization_id' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'singleUseRevoking' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  authHealthCheck: { method: 'GET', successStatusCodes: [200], url: 'https://api.close.com/api/v1/me' },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722513593/media/const%20Close%20Provider%20%3D%20%22close%22_1722513594.png',
    'v1722513650/media/const%20Close%20Provider%20%3D%20%22close%22_1722513652.svg',
    'v1722513593/media/const%20Close%20Provider%20%3D%20%22close%22_1722513594.png',
    'v1722513669/media/const%20Close%20Provider%20%3D%20%22close%22_1722513670.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

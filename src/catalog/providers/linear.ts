// Linear. OAuth 2, GraphQL only. Since April 2026 access tokens live 24 hours and every refresh issues a new refresh
// token, so store it at once. Limits count requests and query complexity per hour; exceeding them gives HTTP 400 with
// code RATELIMITED.

import { HOUR_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const linear = {
  name: 'linear',
  displayName: 'Linear',
  category: 'developer tools',
  sources: ['https://linear.app/developers/oauth-2-0-authentication', 'https://linear.app/developers/rate-limiting'],
  baseUrl: 'https://api.linear.app/graphql',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://linear.app/oauth/authorize',
    tokenUrl: 'https://api.linear.app/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', scopeSeparator: ',', rotation: 'singleUseRevoking' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1747233254/media/api.linear.app_1747233252.jpg',
    'v1747230046/media/api.linear.app_1747230045.svg',
    'v1747229975/media/api.linear.app_1747229974.svg',
    'v1747230013/media/api.linear.app_1747230012.svg',
  ),
  quotas: [{ name: 'perHour', scope: 'user', limit: 1200, windowMs: HOUR_MS }],
  concurrency: [],
  rateHeaders: { family: 'linear', quotas: { requests: 'perHour' } },
  hiddenErrors: [{ path: 'errors', codePath: 'errors.0.extensions.code', messagePath: 'errors.0.message' }],
} as const satisfies ProviderDeclaration;

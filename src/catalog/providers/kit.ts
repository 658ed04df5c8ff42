// Kit (ConvertKit) API v4. OAuth 2 with refresh tokens; 600 requests per 60 seconds for each access token. A 429
// carries the plain text 'Retry later' and no Retry-After header. Bulk endpoints and purchases accept OAuth only.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const kit = {
  name: 'kit',
  displayName: 'Kit',
  category: 'marketing automation',
  sources: [
    'https://developers.kit.com/api-reference/oauth-refresh-token-flow',
    'https://developers.kit.com/api-reference/rate-limits',
  ],
  baseUrl: 'https://api.kit.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.kit.com/oauth/authorize',
    tokenUrl: 'https://app.kit.com/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
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
    'https://kit.com/favicon.ico',
    'https://media.kit.com/images/logos/kit-logo-soft-black.svg',
    'https://kit.com/favicon.ico',
    'https://media.kit.com/images/logos/kit-logo-warm-white.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 600, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

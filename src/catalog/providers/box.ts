// Box. OAuth 2; access tokens live 60 minutes, a refresh token works once and dies after 60 days. Limit about 1,000
// calls per minute per user, 240 uploads per minute, search 6 per second; 429 with retry-after. Uploads go to
// upload.box.com.

import { DAY_MS, MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const box = {
  name: 'box',
  displayName: 'Box',
  category: 'productivity',
  sources: [
    'https://developer.box.com/guides/authentication/tokens/refresh',
    'https://developer.box.com/guides/api-calls/permissions-and-errors/rate-limits/',
  ],
  baseUrl: 'https://api.box.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://account.box.com/api/oauth2/authorize',
    tokenUrl: 'https://api.box.com/oauth2/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: {
      clientAuthentication: 'requestBody',
      rotation: 'singleUseRevoking',
      idleLifetimeMs: 60 * DAY_MS,
      revocationUrl: 'https://api.box.com/oauth2/revoke',
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722407405/media/const%20Box%20Provider%20%3D%20%22box%22_1722407406.jpg',
    'v1722407291/media/const%20Box%20Provider%20%3D%20%22box%22_1722407291.svg',
    'v1722407417/media/const%20Box%20Provider%20%3D%20%22box%22_1722407417.jpg',
    'v1722407337/media/const%20Box%20Provider%20%3D%20%22box%22_1722407338.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 1000, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

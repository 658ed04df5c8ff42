// Instagram. OAuth 2; the code yields a one-hour token, a second call swaps it for a 60-day token. No refresh token:
// the long token itself is extended at graph.instagram.com/refresh_access_token once it is 24 hours old. Once
// expired, the user must sign in again.

import { HOUR_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const instagram = {
  name: 'instagram',
  displayName: 'Instagram',
  category: 'marketing automation',
  sources: [
    'https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login',
    'https://developers.facebook.com/documentation/instagram-platform/reference/access_token',
    'https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token',
  ],
  baseUrl: 'https://graph.instagram.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.instagram.com/oauth/authorize',
    tokenUrl: 'https://api.instagram.com/oauth/access_token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'user_id' },
    tokens: { clientAuthentication: 'requestBody', scopeSeparator: ',', rotation: 'stable', lifetimeMs: HOUR_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722063710/media/instagram_1722063708.svg', 'v1722063710/media/instagram_1722063708.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

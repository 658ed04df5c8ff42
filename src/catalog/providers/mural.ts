// Mural. OAuth 2 code grant with scopes; short-lived access tokens, and each refresh returns a new refresh token to
// store. 25 requests a second per user across all apps, and 10,000 a minute per app across all users.

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const mural = {
  name: 'mural',
  displayName: 'Mural',
  category: 'productivity',
  sources: ['https://developers.mural.co/public/docs/oauth', 'https://developers.mural.co/public/docs/rate-limiting'],
  baseUrl: 'https://app.mural.co/api',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.mural.co/api/public/v1/authorization/oauth2/',
    tokenUrl: 'https://app.mural.co/api/public/v1/authorization/oauth2/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722469525/media/mural_1722469525.svg', 'v1722469499/media/mural_1722469498.svg'),
  quotas: [
    { name: 'perSecondUser', scope: 'user', limit: 25, windowMs: SECOND_MS },
    { name: 'perMinuteApp', scope: 'providerApp', limit: 10000, windowMs: MINUTE_MS },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

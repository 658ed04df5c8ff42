// Salesloft. OAuth 2 code flow; access tokens live 2 hours and every refresh brings a new refresh token, so store
// both. 600 cost points a minute per team, deep pages cost up to 30 points each.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const salesloft = {
  name: 'salesloft',
  displayName: 'Salesloft',
  category: 'sales engagement',
  sources: [
    'https://developers.salesloft.com/docs/platform/api-basics/oauth-authentication/',
    'https://developers.salesloft.com/docs/platform/api-basics/rate-limits/',
  ],
  baseUrl: 'https://api.salesloft.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://accounts.salesloft.com/oauth/authorize',
    tokenUrl: 'https://accounts.salesloft.com/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy', 'subscribe'),
  subscribeRequirements: { subscribeByAPI: true },
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722330218/media/salesloft_1722330216.jpg',
    'v1722330274/media/salesloft_1722330273.svg',
    'v1722330218/media/salesloft_1722330216.jpg',
    'v1722330241/media/salesloft_1722330240.svg',
  ),
  quotas: [{ name: 'costPerMinute', scope: 'externalAccount', limit: 600, windowMs: MINUTE_MS }],
  concurrency: [],
  rateHeaders: { family: 'salesloft', quotas: { cost: 'costPerMinute' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

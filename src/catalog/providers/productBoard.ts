// Productboard. OAuth 2 with refresh tokens for registered apps. 50 requests a second per access token, with
// X-RateLimit-* headers and Retry-After on 429. The v1 API needs an X-Version: 1 header.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const productBoard = {
  name: 'productBoard',
  displayName: 'Productboard',
  category: 'productivity',
  sources: [
    'https://developer.productboard.com/docs/how-to-integrate-with-productboard-via-oauth2-developer-documentation',
    'https://developer.productboard.com/reference/rate-limits',
  ],
  baseUrl: 'https://api.productboard.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.productboard.com/oauth2/authorize',
    tokenUrl: 'https://app.productboard.com/oauth2/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1726225706/media/productboard.com/_1726225707.svg',
    'v1726225798/media/productboard.com/_1726225799.svg',
    'v1726225706/media/productboard.com/_1726225707.svg',
    'v1726225776/media/productboard.com/_1726225777.svg',
  ),
  quotas: [{ name: 'perSecond', scope: 'user', limit: 50, windowMs: SECOND_MS }],
  concurrency: [],
  rateHeaders: { family: 'generic', quotas: { '': 'perSecond' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

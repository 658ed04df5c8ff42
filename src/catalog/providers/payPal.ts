// PayPal. Client credentials with the client in a Basic header; tokens live about 9 hours and there is no refresh
// token. Reuse the token: frequent minting gets throttled. Limits are unpublished and adaptive; expect 429
// RATE_LIMIT_REACHED.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const payPal = {
  name: 'payPal',
  displayName: 'PayPal',
  category: 'finance',
  sources: ['https://developer.paypal.com/api/rest/authentication/'],
  baseUrl: 'https://api-m.paypal.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'clientCredentials',
    tokenUrl: 'https://api-m.paypal.com/v1/oauth2/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'basicHeader', rotation: 'stable' },
  },
  defaultModule: 'root',
  modules: {},
  support: supports(),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1760967524/media/paypal.com_1760967523.svg',
    'v1760967578/media/paypal.com_1760967577.svg',
    'v1760967524/media/paypal.com_1760967523.svg',
    'v1760967555/media/paypal.com_1760967555.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

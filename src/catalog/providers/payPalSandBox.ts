// PayPal sandbox on api-m.sandbox.paypal.com, with its own app credentials and test accounts. Same client credentials
// grant with a Basic header as live.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const payPalSandBox = {
  name: 'payPalSandBox',
  displayName: 'PayPal SandBox',
  category: 'finance',
  sources: ['https://developer.paypal.com/api/rest/authentication/', 'https://developer.paypal.com/tools/sandbox/'],
  variantOf: 'payPal',
  baseUrl: 'https://api-m.sandbox.paypal.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'clientCredentials',
    tokenUrl: 'https://api-m.sandbox.paypal.com/v1/oauth2/token',
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

// Braintree. GraphQL API, basic auth with public key and private key, plus a Braintree-Version date header. Failures
// come as 200 with an errors list. The published base URL is the sandbox; production is payments.braintree-api.com
// with other keys.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const braintree = {
  name: 'braintree',
  displayName: 'Braintree',
  category: 'finance',
  sources: ['https://developer.paypal.com/braintree/graphql/guides/making_api_calls'],
  baseUrl: 'https://payments.sandbox.braintree-api.com/graphql',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722460381/media/braintree_1722460380.png',
    'v1722460360/media/braintree_1722460359.svg',
    'v1722460381/media/braintree_1722460380.png',
    'v1722460341/media/braintree_1722460339.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [{ path: 'errors', codePath: 'errors.0.extensions.errorClass', messagePath: 'errors.0.message' }],
} as const satisfies ProviderDeclaration;

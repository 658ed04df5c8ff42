// Adyen (test). OAuth 2 with PKCE on the test hosts; test data and credentials are separate from live. Merchant
// accounts made before November 2023 must ask support for the OAuth apps manage role. The API host depends on the API
// called, for example management-test.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const adyenTest = {
  name: 'adyenTest',
  displayName: 'Adyen Test',
  category: 'finance',
  sources: ['https://docs.adyen.com/development-resources/oauth/integration'],
  variantOf: 'adyen',
  baseUrl: 'https://{{.workspace}}.adyen.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCodePKCE',
    authUrl: 'https://ca-test.adyen.com/ca/ca/oauth/connect.shtml',
    tokenUrl: 'https://oauth-test.adyen.com/v1/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'basicHeader', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [{ name: 'workspace', displayName: 'Subdomain' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1760952588/media/adyen.com_1760952587.jpg',
    'v1760710278/media/adyen.com_1760710278.svg',
    'v1760952588/media/adyen.com_1760952587.jpg',
    'v1760710249/media/adyen.com_1760710247.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

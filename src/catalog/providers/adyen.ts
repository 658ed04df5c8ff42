// Adyen. OAuth 2 with PKCE on the live hosts; only partner accounts hold the OAuth apps manage role there. Scopes are
// fixed when the app is created and the customer grants all or none. The API host depends on the API called, for
// example management-live.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const adyen = {
  name: 'adyen',
  displayName: 'Adyen',
  category: 'finance',
  sources: ['https://docs.adyen.com/development-resources/oauth/integration'],
  baseUrl: 'https://{{.workspace}}.adyen.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCodePKCE',
    authUrl: 'https://ca-live.adyen.com/ca/ca/oauth/connect.shtml',
    tokenUrl: 'https://oauth-live.adyen.com/v1/token',
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

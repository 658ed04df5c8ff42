// Dropbox. OAuth 2; access tokens live 4 hours. A refresh token comes only when the authorize URL has
// token_access_type=offline; it does not expire and stays the same. No published limits: 429 with Retry-After; errors
// may come as 409 with a JSON body.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const dropbox = {
  name: 'dropbox',
  displayName: 'Dropbox',
  category: 'productivity',
  sources: [
    'https://www.dropbox.com/developers/reference/oauth-guide',
    'https://dropbox.tech/developers/using-oauth-2-0-with-offline-access',
  ],
  baseUrl: 'https://api.dropboxapi.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://www.dropbox.com/oauth2/authorize',
    authUrlParams: { token_access_type: 'offline' },
    tokenUrl: 'https://api.dropboxapi.com/oauth2/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { consumerRefField: 'account_id', scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722491962/media/Dropbox%20%20%20%20%20Provider%20%3D%20%22dropbox%22_1722491963.svg',
    'v1722492197/media/Dropbox%20%20%20%20%20Provider%20%3D%20%22dropbox%22_1722492198.svg',
    'v1724223403/media/qoxime3z8bloqgzsvude.png',
    'v1722492220/media/Dropbox%20%20%20%20%20Provider%20%3D%20%22dropbox%22_1722492221.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

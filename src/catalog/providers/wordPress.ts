// WordPress.com and Jetpack sites. OAuth 2 on public-api.wordpress.com; code-flow tokens do not expire and have no
// refresh token. A token covers one site (blog_id in the answer) unless the global scope was granted.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const wordPress = {
  name: 'wordPress',
  displayName: 'WordPress',
  category: 'other',
  sources: [
    'https://developer.wordpress.com/docs/oauth2/',
    'https://developer.wordpress.com/docs/api/getting-started/',
  ],
  baseUrl: 'https://public-api.wordpress.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://public-api.wordpress.com/oauth2/authorize',
    tokenUrl: 'https://public-api.wordpress.com/oauth2/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', lifetimeMs: 'permanent' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722346246/media/const%20WordPress%20Provider%20%3D%20%22wordPress%22_1722346246.svg',
    'v1722346154/media/const%20WordPress%20Provider%20%3D%20%22wordPress%22_1722346154.svg',
    'v1724225616/media/jwc5dcjfheo0vpr8e1ga.png',
    'v1724225616/media/jwc5dcjfheo0vpr8e1ga.png',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

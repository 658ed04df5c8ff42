// join.me. OAuth 2 code grant with scopes; the refresh token extends access beyond 24 hours. Calls pass a Mashery
// proxy: on a 403 read the X-Mashery-Error-Code and WWW-Authenticate headers to learn whether the key or the token
// failed.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const joinMe = {
  name: 'joinMe',
  displayName: 'Join Me',
  category: 'communication',
  sources: [
    'https://developer.join.me/docs/read/authorization/authorization_code_grant',
    'https://developer.join.me/docs/read/faq',
  ],
  baseUrl: 'https://api.join.me',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://secure.join.me/api/public/v1/auth/oauth2',
    tokenUrl: 'https://secure.join.me/api/public/v1/auth/token',
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
  media: pictures('v1739958047/media/api.join.me_1739958046.jpg', 'v1739958019/media/api.join.me_1739958017.png'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

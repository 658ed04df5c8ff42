// Groove (groovehq). OAuth 2 on api.groovehq.com, client id and secret in the body; access tokens live 2 hours with a
// refresh token. OAuth clients are given out by Groove support on request. REST under /v1, GraphQL under /v2/graphql.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const groove = {
  name: 'groove',
  displayName: 'Groove',
  category: 'customer support',
  sources: ['https://www.groovehq.com/docs/oauth', 'https://developer.groovehq.com/graphql/overview/start'],
  baseUrl: 'https://api.groovehq.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.groovehq.com/oauth/authorize',
    tokenUrl: 'https://api.groovehq.com/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1736955682/media/rwtps5ybpjxvm6ywrz0p.png',
    'v1736955709/media/iqpdotcxrdjt4ghla6at.png',
    'v1736955540/media/inahuieqaf3j6jipw5l1.png',
    'v1736955651/media/paozgcxtoudfmmrhokfz.png',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Ironclad CLM, US production. OAuth 2 code grant; scopes must match the registered app. Limits count per account and
// per endpoint group: 400 workflow reads, 40 workflow writes, 600 record reads, 200 record writes a minute.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const ironclad = {
  name: 'ironclad',
  displayName: 'Ironclad',
  category: 'other',
  sources: [
    'https://developer.ironcladapp.com/reference/authorization-code-grant',
    'https://developer.ironcladapp.com/reference/clm-api-rate-limits',
  ],
  baseUrl: 'https://ironcladapp.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://ironcladapp.com/oauth/authorize',
    tokenUrl: 'https://ironcladapp.com/oauth/token',
    areScopesRequired: true,
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
  labels: { experimental: 'true' },
  media: pictures(
    'v1722328016/media/ironclad_1722328015.svg',
    'v1722327967/media/ironclad_1722327967.svg',
    'v1722328016/media/ironclad_1722328015.svg',
    'v1722327987/media/ironclad_1722327987.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

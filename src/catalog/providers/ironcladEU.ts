// Ironclad Europe on eu1.ironcladapp.com. Same OAuth 2 code grant and per-account, per-endpoint limits as the US
// site; tokens and apps belong to one region only.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';
import { ironclad } from './ironclad.ts';

export const ironcladEU = {
  name: 'ironcladEU',
  displayName: 'Ironclad Europe',
  category: 'other',
  sources: [
    'https://developer.ironcladapp.com/reference/authorization-code-grant',
    'https://developer.ironcladapp.com/reference/clm-api-rate-limits',
  ],
  variantOf: 'ironclad',
  baseUrl: 'https://eu1.ironcladapp.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://eu1.ironcladapp.com/oauth/authorize',
    tokenUrl: 'https://eu1.ironcladapp.com/oauth/token',
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
  quotas: ironclad.quotas,
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

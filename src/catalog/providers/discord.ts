// Discord. OAuth 2 code flow; access tokens live 7 days, a refresh returns a new pair. Token and revoke endpoints
// take only form bodies. Revoking any token kills all tokens this app holds for that user; rate limits are per route,
// read X-RateLimit-* and Retry-After.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const discord = {
  name: 'discord',
  displayName: 'Discord',
  category: 'communication',
  sources: [
    'https://discord.com/developers/docs/topics/oauth2',
    'https://discord.com/developers/docs/topics/rate-limits',
  ],
  baseUrl: 'https://discord.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://discord.com/oauth2/authorize',
    tokenUrl: 'https://discord.com/api/oauth2/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: {
      clientAuthentication: 'requestBody',
      rotation: 'unknown',
      revocationUrl: 'https://discord.com/api/oauth2/token/revoke',
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722323153/media/const%20Discord%20Provider%20%3D%20%22discord%22_1722323153.png',
    'v1722323175/media/const%20Discord%20Provider%20%3D%20%22discord%22_1722323174.svg',
    'v1724169123/media/y9kecrrv3wtlzbfihfjh.png',
    'v1724169123/media/y9kecrrv3wtlzbfihfjh.png',
  ),
  quotas: [],
  concurrency: [],
  rateHeaders: { family: 'discord' },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

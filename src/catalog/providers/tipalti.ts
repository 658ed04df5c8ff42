// Tipalti. OAuth 2 on sso.tipalti.com (IdentityServer); ask for offline_access or no refresh token comes. Production
// and sandbox are separate hosts, so a client of one is unknown to the other.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const tipalti = {
  name: 'tipalti',
  displayName: 'Tipalti',
  category: 'finance',
  sources: ['https://documentation.tipalti.com/'],
  baseUrl: 'https://api-p.tipalti.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://sso.tipalti.com/connect/authorize/callback',
    tokenUrl: 'https://sso.tipalti.com/connect/token',
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
  media: pictures(
    'v1766047281/media/tipalti.com_1766047281.svg',
    'v1766047296/media/tipalti.com_1766047296.svg',
    'v1766047240/media/tipalti.com_1766047239.svg',
    'v1766047263/media/tipalti.com_1766047263.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

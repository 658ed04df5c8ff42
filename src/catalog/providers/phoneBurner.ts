// PhoneBurner. OAuth 2 code grant. Vendor accounts need owner_type=vendor in the authorization URL. Some failures
// come back as HTTP 200 with an error in the body, and several time filters are read as US Pacific time.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const phoneBurner = {
  name: 'phoneBurner',
  displayName: 'PhoneBurner',
  category: 'sales engagement',
  sources: ['https://www.phoneburner.com/developer/authentication#web-flow'],
  baseUrl: 'https://www.phoneburner.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://www.phoneburner.com/oauth/authorize',
    tokenUrl: 'https://www.phoneburner.com/oauth/accesstoken',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    docsUrl: 'https://www.phoneburner.com/developer/authentication#web-flow',
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  labels: { experimental: 'true' },
  media: pictures(
    'v1769032944/phoneBurner_icon_j5zikt.png',
    'v1768827171/media/phoneburner.com_1768827171.svg',
    'v1769032944/phoneBurner_icon_j5zikt.png',
    'v1769033375/phoneBurner_logo_dark_mxc9lt.png',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

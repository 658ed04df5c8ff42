// Drip. OAuth 2 code flow on www.getdrip.com; the access token does not expire and no refresh token is issued. Paths
// need the account id (v2/{account_id}/...), which GET /v2/accounts lists. 3600 single calls per hour; batch calls
// count apart.

import { HOUR_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const drip = {
  name: 'drip',
  displayName: 'Drip',
  category: 'marketing automation',
  sources: ['https://developer.drip.com/'],
  baseUrl: 'https://api.getdrip.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://www.getdrip.com/oauth/authorize',
    tokenUrl: 'https://www.getdrip.com/oauth/token',
    areScopesRequired: false,
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
    'v1731568403/media/drip.com_1731568403.svg',
    'v1731568430/media/drip.com_1731568431.svg',
    'v1731568403/media/drip.com_1731568403.svg',
    'v1731568457/media/drip.com_1731568458.svg',
  ),
  quotas: [{ name: 'perHour', scope: 'user', limit: 3600, windowMs: HOUR_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

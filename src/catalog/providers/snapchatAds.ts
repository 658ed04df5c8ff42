// Snapchat Ads. OAuth 2 with form credentials; access tokens live 30 minutes. 10 requests a second per token and 20
// per app on average, 429 has no Retry-After. Bulk answers are 200 with a status per item.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const snapchatAds = {
  name: 'snapchatAds',
  displayName: 'Snapchat Ads',
  category: 'marketing automation',
  sources: [
    'https://developers.snap.com/api/marketing-api/Ads-API/authentication',
    'https://developers.snap.com/api/marketing-api/Ads-API/rate-limits',
  ],
  baseUrl: 'https://adsapi.snapchat.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://accounts.snapchat.com/login/oauth2/authorize',
    tokenUrl: 'https://accounts.snapchat.com/login/oauth2/access_token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [{ name: 'organizationId' }],
  isPostAuthenticationRequired: true,
  accountLookup: {
    method: 'GET',
    url: 'https://adsapi.snapchat.com/v1/me',
    values: [{ name: 'organizationId', path: 'me.organization_id' }],
    workspaceRefPath: 'me.organization_id',
  },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722330931/media/snapchatAds_1722330931.svg',
    'v1722330931/media/snapchatAds_1722330931.svg',
    'v1722330970/media/snapchatAds_1722330969.svg',
    'v1722330970/media/snapchatAds_1722330969.svg',
  ),
  quotas: [
    { name: 'perSecondToken', scope: 'user', limit: 10, windowMs: SECOND_MS },
    { name: 'perSecondApp', scope: 'providerApp', limit: 20, windowMs: SECOND_MS },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// ZoomInfo GTM API. OAuth 2 with PKCE on api.zoominfo.com/gtm/oauth; the older username or key login does not apply.
// Builder package: 5 requests a second, 10,800 an hour, 129,600 a day per account; enrich calls also use credits.

import { DAY_MS, HOUR_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const zoomInfo = {
  name: 'zoomInfo',
  displayName: 'ZoomInfo',
  category: 'sales engagement',
  sources: ['https://docs.zoominfo.com/docs/rate-limits'],
  baseUrl: 'https://api.zoominfo.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCodePKCE',
    authUrl: 'https://api.zoominfo.com/gtm/oauth/v1/authorize',
    tokenUrl: 'https://api.zoominfo.com/gtm/oauth/v1/token',
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
    'v1758621074/media/zoominfo.com_1758621078.svg',
    'v1758621167/media/zoominfo.com_1758621172.svg',
    'v1758621074/media/zoominfo.com_1758621078.svg',
    'v1758621183/media/zoominfo.com_1758621188.svg',
  ),
  quotas: [
    { name: 'perSecond', scope: 'externalAccount', limit: 5, windowMs: SECOND_MS },
    { name: 'perHour', scope: 'externalAccount', limit: 10800, windowMs: HOUR_MS },
    { name: 'perDay', scope: 'externalAccount', limit: 129600, windowMs: DAY_MS },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

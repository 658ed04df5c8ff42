// Reddit Ads. OAuth 2 at www.reddit.com with HTTP Basic client credentials; access tokens live one hour. The refresh
// token stays valid until revoked and only comes with duration=permanent. Send a descriptive User-Agent or expect
// 429.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const redditAds = {
  name: 'redditAds',
  displayName: 'Reddit Ads',
  category: 'marketing automation',
  sources: ['https://github.com/reddit-archive/reddit/wiki/OAuth2', 'https://ads-api.reddit.com/docs/v3/'],
  baseUrl: 'https://ads-api.reddit.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://www.reddit.com/api/v1/authorize',
    authUrlParams: { duration: 'permanent' },
    tokenUrl: 'https://www.reddit.com/api/v1/access_token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: {
      clientAuthentication: 'basicHeader',
      rotation: 'stable',
      revocationUrl: 'https://www.reddit.com/api/v1/revoke_token',
      hiddenErrors: [{ path: 'error', codePath: 'error' }],
    },
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722329788/media/reddit_1722329787.svg',
    'v1722329840/media/reddit_1722329840.svg',
    'v1722329788/media/reddit_1722329787.svg',
    'v1722329864/media/reddit_1722329863.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

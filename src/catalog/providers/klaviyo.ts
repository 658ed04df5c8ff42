// Klaviyo. OAuth 2 with PKCE, client in a Basic header. Access tokens live an hour; the refresh token stays the same
// and dies after 90 unused days. Every call needs a revision header. Limits are per endpoint, per account and app:
// burst each second, steady each minute.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const klaviyo = {
  name: 'klaviyo',
  displayName: 'Klaviyo',
  category: 'marketing automation',
  sources: [
    'https://developers.klaviyo.com/en/docs/set_up_oauth',
    'https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling',
    'https://github.com/klaviyo/klaviyo-api-node/issues/84',
  ],
  baseUrl: 'https://a.klaviyo.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCodePKCE',
    authUrl: 'https://www.klaviyo.com/oauth/authorize',
    tokenUrl: 'https://a.klaviyo.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: {
      clientAuthentication: 'basicHeader',
      rotation: 'stable',
      idleLifetimeMs: 90 * DAY_MS,
      revocationUrl: 'https://a.klaviyo.com/oauth/revoke',
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722480368/media/klaviyo_1722480367.svg',
    'v1722480352/media/klaviyo_1722480351.svg',
    'v1722480320/media/klaviyo_1722480318.svg',
    'v1722480320/media/klaviyo_1722480318.svg',
  ),
  quotas: [],
  concurrency: [],
  rateHeaders: { family: 'klaviyo' },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Square. OAuth 2 code flow, JSON token requests. Access tokens live 30 days; the refresh token stays the same and
// does not expire. Refresh weekly at the latest. The token answer has expires_at, not expires_in.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const square = {
  name: 'square',
  displayName: 'Square',
  category: 'commerce',
  sources: [
    'https://developer.squareup.com/docs/oauth-api/refresh-revoke-limit-scope',
    'https://developer.squareup.com/reference/square/o-auth/obtain-token',
  ],
  baseUrl: 'https://connect.squareup.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://connect.squareup.com/oauth2/authorize',
    authUrlParams: { session: 'true' },
    tokenUrl: 'https://connect.squareup.com/oauth2/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { consumerRefField: 'merchant_id' },
    docsUrl: 'https://developer.squareup.com/docs/oauth-api/overview',
    tokens: { clientAuthentication: 'requestBody', bodyFormat: 'json', rotation: 'stable', lifetimeMs: 30 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1782270287/media/squareup.com_1782270286.svg',
    'v1782270322/media/squareup.com_1782270321.svg',
    'v1782270338/media/squareup.com_1782270337.svg',
    'v1782270357/media/squareup.com_1782270356.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

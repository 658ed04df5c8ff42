// Asana. OAuth 2; access tokens live 1 hour, the refresh token stays the same. Free domains get 150 calls per minute
// per token, paid ones 1,500; also 50 reads and 15 writes at once. A 429 carries Retry-After; search is limited to 60
// per minute.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const asana = {
  name: 'asana',
  displayName: 'Asana',
  category: 'productivity',
  sources: ['https://developers.asana.com/docs/oauth', 'https://developers.asana.com/docs/rate-limits'],
  baseUrl: 'https://app.asana.com/api',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.asana.com/-/oauth_authorize',
    tokenUrl: 'https://app.asana.com/-/oauth_token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { consumerRefField: 'data.id' },
    tokens: {
      clientAuthentication: 'requestBody',
      rotation: 'stable',
      revocationUrl: 'https://app.asana.com/-/oauth_revoke',
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
    'v1722163967/media/Asana_1722163967.jpg',
    'v1722163806/media/Asana_1722163804.svg',
    'v1722163967/media/Asana_1722163967.jpg',
    'v1722163991/media/Asana_1722163991.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 150, windowMs: MINUTE_MS }],
  concurrency: [{ name: 'requests', scope: 'user', limit: 15 }],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

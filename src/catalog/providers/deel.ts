// Deel. OAuth 2; access tokens live 30 days, a refresh token works once, lives 90 days, and reuse may revoke the
// whole grant. The token call wants HTTP Basic and redirect_uri. 5 requests per second per organisation across all
// tokens, no limit headers.

import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const deel = {
  name: 'deel',
  displayName: 'Deel',
  category: 'HR',
  sources: ['https://developer.deel.com/docs/token-rotation', 'https://developer.deel.com/api/rate-limits'],
  baseUrl: 'https://api.letsdeel.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.deel.com/oauth2/authorize',
    tokenUrl: 'https://app.deel.com/oauth2/tokens',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    docsUrl: 'https://developer.deel.com/api/oauth',
    tokens: { clientAuthentication: 'basicHeader', rotation: 'singleUseRevoking', idleLifetimeMs: 90 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1774977960/media/deel.com_1774977958.jpg',
    'v1774978008/media/deel.com_1774978007.svg',
    'v1774977960/media/deel.com_1774977958.jpg',
    'v1774977989/media/deel.com_1774977988.svg',
  ),
  quotas: [{ name: 'perSecond', scope: 'externalAccount', limit: 5, windowMs: SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

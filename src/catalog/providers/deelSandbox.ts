// Deel Sandbox. OAuth 2 on app.demo.deel.com, client sent as Basic. Access tokens live 30 days; a refresh token works
// once, dies after 90 days, and reusing it can revoke the grant. 5 requests per second per organization, no rate
// limit headers.

import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const deelSandbox = {
  name: 'deelSandbox',
  displayName: 'Deel Sandbox',
  category: 'HR',
  sources: ['https://developer.deel.com/api/oauth', 'https://developer.deel.com/api/rate-limits'],
  variantOf: 'deel',
  baseUrl: 'https://api-sandbox.demo.deel.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.demo.deel.com/oauth2/authorize',
    tokenUrl: 'https://app.demo.deel.com/oauth2/tokens',
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

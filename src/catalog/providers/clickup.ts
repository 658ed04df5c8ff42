// ClickUp. OAuth 2 without scopes: the token has all rights of the user in the workspaces he picked. It does not
// expire and there is no refresh token. 100 calls per minute per token up to the Business plan; X-RateLimit-Reset is
// epoch seconds.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const clickup = {
  name: 'clickup',
  displayName: 'ClickUp',
  category: 'productivity',
  sources: ['https://developer.clickup.com/docs/authentication', 'https://developer.clickup.com/docs/rate-limits'],
  baseUrl: 'https://api.clickup.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.clickup.com/api',
    tokenUrl: 'https://api.clickup.com/api/v2/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', lifetimeMs: 'permanent' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722536894/media/clickup.com_1722536893.svg',
    'v1722537034/media/clickup.com_1722537033.svg',
    'v1722537393/media/clickup.com_1722537393.svg',
    'v1722537424/media/clickup.com_1722537424.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 100, windowMs: MINUTE_MS }],
  concurrency: [],
  rateHeaders: { family: 'generic', quotas: { '': 'perMinute' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

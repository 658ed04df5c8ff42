// Gusto. OAuth 2; access tokens live 2 hours and cover one company. A refresh brings a new pair; the old refresh
// token dies at first use of the new access token. 200 requests per minute per grant, 429 with Retry-After;
// production needs Gusto's approval.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const gusto = {
  name: 'gusto',
  displayName: 'Gusto',
  category: 'HR',
  sources: [
    'https://docs.gusto.com/app-integrations/docs/oauth2',
    'https://docs.gusto.com/app-integrations/v2024-04-01/reference/refresh-access-token',
    'https://docs.gusto.com/app-integrations/docs/rate-limits',
  ],
  baseUrl: 'https://api.gusto.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.gusto.com/oauth/authorize',
    tokenUrl: 'https://api.gusto.com/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'singleUseGrace' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [{ name: 'companyId' }],
  isPostAuthenticationRequired: true,
  accountLookup: {
    method: 'GET',
    url: 'https://api.gusto.com/v1/token_info',
    values: [{ name: 'companyId', path: 'resource.uuid' }],
    workspaceRefPath: 'resource.uuid',
  },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1775077438/media/gusto.com_1775077438.jpg',
    'v1775077412/media/gusto.com_1775077412.svg',
    'v1775077438/media/gusto.com_1775077438.jpg',
    'v1775077356/media/gusto.com_1775077354.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 200, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

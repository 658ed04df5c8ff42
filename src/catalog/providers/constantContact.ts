// Constant Contact. OAuth 2, V3 API; access tokens live 24 hours, a refresh token works once (unless the app is set
// to long lived ones) and dies after 180 idle days. 4 calls per second and 10,000 per day per API key, shared by all
// customers of the app.

import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const constantContact = {
  name: 'constantContact',
  displayName: 'Constant Contact',
  category: 'marketing automation',
  sources: [
    'https://developer.constantcontact.com/api_guide/server_flow.html',
    'https://community.constantcontact.com/t5/API-Developer-Support/Refresh-token-expiry/td-p/402882',
  ],
  baseUrl: 'https://api.cc.email',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://authz.constantcontact.com/oauth2/default/v1/authorize',
    tokenUrl: 'https://authz.constantcontact.com/oauth2/default/v1/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: {
      clientAuthentication: 'basicHeader',
      rotation: 'singleUseRevoking',
      idleLifetimeMs: 180 * DAY_MS,
      endpointQuota: { name: 'tokens', scope: 'providerApp', limit: 1, windowMs: SECOND_MS },
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  authHealthCheck: { method: 'GET', successStatusCodes: [200], url: 'https://api.cc.email/v3/account/user/privileges' },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722326707/media/constantContact_1722326706.svg',
    'v1722326772/media/constantContact_1722326771.svg',
    'v1722326707/media/constantContact_1722326706.svg',
    'v1722326746/media/constantContact_1722326745.svg',
  ),
  quotas: [
    { name: 'perSecond', scope: 'providerApp', limit: 4, windowMs: SECOND_MS },
    { name: 'perDay', scope: 'providerApp', limit: 10000, windowMs: DAY_MS },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

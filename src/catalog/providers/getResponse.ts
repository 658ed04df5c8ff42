// GetResponse. OAuth 2, client as Basic on api.getresponse.com/v3/token; access tokens live a day. 30000 calls per 10
// minutes, 80 per second and 10 at once per account; 429 names timeToReset. GetResponse MAX accounts use other hosts
// and X-Domain.

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const getResponse = {
  name: 'getResponse',
  displayName: 'GetResponse',
  category: 'marketing automation',
  sources: [
    'https://apidocs.getresponse.com/v3/case-study/oauth2-authorization-code',
    'https://apidocs.getresponse.com/v3/limits',
  ],
  baseUrl: 'https://api.getresponse.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.getresponse.com/oauth2_authorize.html',
    tokenUrl: 'https://api.getresponse.com/v3/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'basicHeader', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722326298/media/const%20GetResponse%20Provider%20%3D%20%22getResponse%22_1722326298.svg',
    'v1722326361/media/const%20GetResponse%20Provider%20%3D%20%22getResponse%22_1722326361.svg',
    'v1722326298/media/const%20GetResponse%20Provider%20%3D%20%22getResponse%22_1722326298.svg',
    'v1722326391/media/const%20GetResponse%20Provider%20%3D%20%22getResponse%22_1722326391.svg',
  ),
  quotas: [
    { name: 'perSecond', scope: 'externalAccount', limit: 80, windowMs: SECOND_MS },
    { name: 'perTenMinutes', scope: 'externalAccount', limit: 30000, windowMs: 10 * MINUTE_MS },
  ],
  concurrency: [{ name: 'requests', scope: 'externalAccount', limit: 10 }],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

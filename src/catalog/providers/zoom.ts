// Zoom. OAuth 2 with HTTP Basic client credentials; access tokens live one hour, the refresh token works once and
// dies after about 90 days. Limits go by plan and by light, medium or heavy endpoints, plus daily caps, shared by the
// account.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const zoom = {
  name: 'zoom',
  displayName: 'Zoom',
  category: 'communication',
  sources: [
    'https://developers.zoom.us/docs/integrations/oauth/',
    'https://developers.zoom.us/docs/api/rate-limits/',
    'https://devsupport.zoom.us/hc/en-us/articles/360060332931-Extending-the-expiration-for-an-OAuth-access-token',
  ],
  baseUrl: 'https://api.zoom.us',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://zoom.us/oauth/authorize',
    tokenUrl: 'https://zoom.us/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'basicHeader', rotation: 'singleUseRevoking', idleLifetimeMs: 90 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722325775/media/const%20Zoom%20Provider%20%3D%20%22zoom%22_1722325765.png',
    'v1722325900/media/const%20Zoom%20Provider%20%3D%20%22zoom%22_1722325899.svg',
    'v1722325775/media/const%20Zoom%20Provider%20%3D%20%22zoom%22_1722325765.png',
    'v1722325874/media/const%20Zoom%20Provider%20%3D%20%22zoom%22_1722325874.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

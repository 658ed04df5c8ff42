// Pinterest. OAuth 2 with the client in a Basic header. Access tokens live 30 days. Continuous refresh tokens last 60
// days and are replaced at each refresh; older apps still hold fixed one-year ones. New apps start with trial access
// and small limits.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const pinterest = {
  name: 'pinterest',
  displayName: 'Pinterest',
  category: 'marketing automation',
  sources: [
    'https://developers.pinterest.com/docs/getting-started/set-up-authentication-and-authorization/',
    'https://developers.pinterest.com/docs/reference/rate-limits/',
  ],
  baseUrl: 'https://api.pinterest.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://www.pinterest.com/oauth',
    tokenUrl: 'https://api.pinterest.com/v5/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: {
      clientAuthentication: 'basicHeader',
      scopeSeparator: ',',
      rotation: 'unknown',
      idleLifetimeMs: 60 * DAY_MS,
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
    'v1722405637/media/const%20Pinterest%20Provider%20%3D%20%22pinterest%22_1722405635.svg',
    'v1722405701/media/const%20Pinterest%20Provider%20%3D%20%22pinterest%22_1722405701.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

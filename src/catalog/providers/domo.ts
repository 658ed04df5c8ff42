// Domo. OAuth 2 client credentials, client id and secret as Basic on api.domo.com. Access tokens live about an hour
// and there is no refresh token: ask again. The scopes (data, user, dashboard, ...) must be enabled on the client
// itself.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const domo = {
  name: 'domo',
  displayName: 'Domo',
  category: 'analytics',
  sources: ['https://www.domo.com/docs/portal/1845fc11bbe5d-api-authentication'],
  baseUrl: 'https://api.domo.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'clientCredentials',
    tokenUrl: 'https://api.domo.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { consumerRefField: 'userId', scopesField: 'scope' },
    tokens: { clientAuthentication: 'basicHeader', rotation: 'stable' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722455369/media/domo_1722455368.svg',
    'v1722455369/media/domo_1722455368.svg',
    'v1722455548/media/domo_1722455546.svg',
    'v1722455548/media/domo_1722455546.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

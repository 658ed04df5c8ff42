// Gong. OAuth 2, client as Basic on app.gong.io; access tokens live a day, a refresh token works once. The API host
// differs per customer: api_base_url_for_customer in the token answer. 3 calls per second and 10000 per day per
// company; 404 on lists means no data.

import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const gong = {
  name: 'gong',
  displayName: 'Gong',
  category: 'sales engagement',
  sources: ['https://help.gong.io/docs/create-an-app-for-gong', 'https://help.gong.io/apidocs/introduction-2'],
  baseUrl: '{{.api_base_url_for_customer}}',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.gong.io/oauth2/authorize',
    tokenUrl: 'https://app.gong.io/oauth2/generate-customer-token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {
      scopesField: 'scope',
      workspaceRefField: 'api_base_url_for_customer',
      otherFields: [
        {
          name: 'api_base_url_for_customer',
          displayName: 'api_base_url_for_customer',
          path: 'api_base_url_for_customer',
        },
      ],
    },
    tokens: { clientAuthentication: 'basicHeader', rotation: 'singleUseRevoking' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy', 'subscribe'),
  subscribeRequirements: {},
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722327392/media/gong_1722327391.svg',
    'v1722327416/media/gong_1722327415.svg',
    'v1722327371/media/gong_1722327370.svg',
    'v1722327434/media/gong_1722327433.svg',
  ),
  quotas: [
    { name: 'perSecond', scope: 'externalAccount', limit: 3, windowMs: SECOND_MS },
    { name: 'perDay', scope: 'externalAccount', limit: 10000, windowMs: DAY_MS },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

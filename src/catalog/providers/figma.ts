// Figma. OAuth 2, client as Basic; codes die in 30 seconds, access tokens live 90 days and the refresh answer brings
// no new refresh token. Refresh has its own URL, api.figma.com/v1/oauth/refresh. Limits depend on seat, plan and
// endpoint tier; 429 with Retry-After.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const figma = {
  name: 'figma',
  displayName: 'Figma',
  category: 'productivity',
  sources: [
    'https://developers.figma.com/docs/rest-api/authentication',
    'https://developers.figma.com/docs/rest-api/rate-limits',
  ],
  baseUrl: 'https://api.figma.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://www.figma.com/oauth',
    tokenUrl: 'https://api.figma.com/v1/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { consumerRefField: 'user_id' },
    tokens: {
      clientAuthentication: 'basicHeader',
      scopeSeparator: ',',
      rotation: 'stable',
      refreshUrl: 'https://api.figma.com/v1/oauth/refresh',
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722323536/media/const%20Figma%20Provider%20%3D%20%22figma%22_1722323535.jpg',
    'v1722323344/media/const%20Figma%20Provider%20%3D%20%22figma%22_1722323344.svg',
    'v1722323536/media/const%20Figma%20Provider%20%3D%20%22figma%22_1722323535.jpg',
    'v1722323505/media/const%20Figma%20Provider%20%3D%20%22figma%22_1722323505.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

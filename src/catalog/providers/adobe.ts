// Adobe. OAuth server-to-server client credentials against IMS; tokens live 24 hours, there is no refresh token, ask
// again instead. Platform calls also want x-api-key (client id) and x-gw-ims-org-id headers.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const adobe = {
  name: 'adobe',
  displayName: 'Adobe',
  category: 'marketing automation',
  sources: [
    'https://developer.adobe.com/developer-console/docs/guides/authentication/ServerToServerAuthentication/implementation',
  ],
  baseUrl: 'https://platform.adobe.io',
  auth: {
    scheme: 'oauth2',
    grantType: 'clientCredentials',
    tokenUrl: 'https://ims-na1.adobelogin.com/ims/token/v3',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', scopeSeparator: ',', rotation: 'stable' },
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722065619/media/adobeExperiencePlatform_1722065617.svg',
    'v1722065555/media/adobeExperiencePlatform_1722065554.svg',
    'v1722065581/media/adobeExperiencePlatform_1722065579.svg',
    'v1722065536/media/adobeExperiencePlatform_1722065535.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

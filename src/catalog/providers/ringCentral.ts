// RingCentral. OAuth 2; confidential apps send HTTP Basic. Access tokens live 1 hour, the refresh token works once
// and dies after about 7 days. Limits are per user, app and API group: heavy 10, medium 40, light 50, auth 5 a
// minute.

import { DAY_MS, MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const ringCentral = {
  name: 'ringCentral',
  displayName: 'RingCentral',
  category: 'communication',
  sources: [
    'https://developers.ringcentral.com/guide/authentication/auth-code-pkce-flow',
    'https://developers.ringcentral.com/guide/basics/rate-limits',
  ],
  baseUrl: 'https://platform.ringcentral.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCodePKCE',
    authUrl: 'https://platform.ringcentral.com/restapi/oauth/authorize',
    tokenUrl: 'https://platform.ringcentral.com/restapi/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { consumerRefField: 'owner_id', scopesField: 'scope' },
    tokens: {
      clientAuthentication: 'basicHeader',
      rotation: 'singleUseRevoking',
      idleLifetimeMs: 7 * DAY_MS,
      endpointQuota: { name: 'tokens', scope: 'user', limit: 5, windowMs: MINUTE_MS },
      revocationUrl: 'https://platform.ringcentral.com/restapi/oauth/revoke',
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
    'v1722470246/media/ringCentral_1722470246.png',
    'v1722470278/media/ringCentral_1722470278.svg',
    'v1722470246/media/ringCentral_1722470246.png',
    'v1722470263/media/ringCentral_1722470262.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

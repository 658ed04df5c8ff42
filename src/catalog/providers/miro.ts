// Miro. OAuth 2. When the app uses expiring tokens, access lasts 1 hour, refresh 60 days, and a refresh kills both
// the old access and the old refresh token at once. Apps created without that setting get permanent tokens. Limits
// are credits per user and app.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const miro = {
  name: 'miro',
  displayName: 'Miro',
  category: 'productivity',
  sources: [
    'https://developers.miro.com/reference/oauth-20-authorization-v2',
    'https://developers.miro.com/reference/get-new-access-token-using-refresh-token',
    'https://developers.miro.com/docs/rate-limiting',
  ],
  baseUrl: 'https://api.miro.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://miro.com/oauth/authorize',
    tokenUrl: 'https://api.miro.com/v1/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { consumerRefField: 'user_id', scopesField: 'scope', workspaceRefField: 'team_id' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'singleUseRevoking', idleLifetimeMs: 60 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722446306/media/miro_1722446305.svg',
    'v1722446615/media/miro_1722446614.svg',
    'v1722446306/media/miro_1722446305.svg',
    'v1722446647/media/miro_1722446646.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

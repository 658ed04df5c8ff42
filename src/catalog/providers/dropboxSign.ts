// Dropbox Sign (HelloSign). OAuth 2 on app.hellosign.com, API on api.hellosign.com/v3; refresh with the refresh token
// and, for newer apps, client id and secret. 100 requests per minute per account (25 on heavy endpoints, 10 in test
// mode).

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const dropboxSign = {
  name: 'dropboxSign',
  displayName: 'Dropbox Sign',
  category: 'productivity',
  sources: [
    'https://developers.hellosign.com/docs/oauth/walkthrough',
    'https://developer.hellosign.com/docs/guides/o-auth/token-refresh',
  ],
  baseUrl: 'https://api.hellosign.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.hellosign.com/oauth/authorize',
    tokenUrl: 'https://app.hellosign.com/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1724367290/media/waznbfshbdnb0ff42qx2.png',
    'v1724367226/media/uuhd2xzqsnsubp4s84u7.svg',
    'v1724367346/media/dzhgyrauap0prstolona.png',
    'v1724367226/media/uuhd2xzqsnsubp4s84u7.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 100, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

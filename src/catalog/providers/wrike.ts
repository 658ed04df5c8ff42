// Wrike. OAuth 2 code flow; access tokens live one hour. The token answer has host (such as app-eu.wrike.com), which
// must be used for calls; another data center answers not_authorized. About 400 requests a minute per user.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const wrike = {
  name: 'wrike',
  displayName: 'Wrike',
  category: 'productivity',
  sources: ['https://developers.wrike.com/docs/oauth-20-authorization', 'https://developers.wrike.com/docs/faq'],
  baseUrl: 'https://{{.host}}/api',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://www.wrike.com/oauth2/authorize',
    tokenUrl: 'https://www.wrike.com/oauth2/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { otherFields: [{ name: 'host', displayName: 'host', path: 'host' }] },
    tokens: { clientAuthentication: 'requestBody', scopeSeparator: ',', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722471586/media/wrike_1722471585.png',
    'v1722471537/media/wrike_1722471536.svg',
    'v1722471561/media/wrike_1722471561.svg',
    'v1722471516/media/wrike_1722471514.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 400, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

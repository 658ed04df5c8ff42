// Smartsheet. OAuth 2 code flow; access tokens live 7 days, and each refresh answer brings the next refresh token.
// 300 requests a minute per token, attachments and cell history count tenfold. EU and Gov accounts live on other
// hosts.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const smartsheet = {
  name: 'smartsheet',
  displayName: 'Smartsheet',
  category: 'productivity',
  sources: [
    'https://developers.smartsheet.com/api/smartsheet/guides/advanced-topics/oauth',
    'https://developers.smartsheet.com/api/smartsheet/guides/basics/authentication',
    'https://smartsheet.redoc.ly/tag/token/',
  ],
  baseUrl: 'https://api.smartsheet.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.smartsheet.com/b/authorize',
    tokenUrl: 'https://api.smartsheet.com/2.0/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722058866/media/smartsheet_1722058865.svg',
    'v1722057528/media/smartsheet_1722057527.svg',
    'v1722058941/media/smartsheet_1722058939.svg',
    'v1722058978/media/smartsheet_1722058967.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 300, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

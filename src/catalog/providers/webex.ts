// Webex. OAuth 2 code flow; access tokens live 14 days, the refresh token 90 days, renewed by each use. Limits vary
// by endpoint and load; 429 has Retry-After. Scopes cannot be widened without a new sign-in.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const webex = {
  name: 'webex',
  displayName: 'Webex',
  category: 'communication',
  sources: [
    'https://developer.webex.com/docs/integrations',
    'https://developer.webex.com/messaging/docs/basics#rate-limiting',
  ],
  baseUrl: 'https://webexapis.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://webexapis.com/v1/authorize',
    tokenUrl: 'https://webexapis.com/v1/access_token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    docsUrl: 'https://developer.webex.com/docs/run-an-oauth-integration',
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', idleLifetimeMs: 90 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1765316683/media/webex.com_1765316683.jpg', 'v1765316535/media/webex.com_1765316534.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

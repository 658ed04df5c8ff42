// Okta. OAuth 2 on the customer's org server, so app and scopes are set up in each org. Ask for offline_access to get
// a refresh token. The admin decides whether refresh tokens rotate. Limits are per endpoint and org; X-Rate-Limit-
// Reset says when to go on.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const okta = {
  name: 'okta',
  displayName: 'Okta',
  category: 'other',
  sources: [
    'https://developer.okta.com/docs/guides/implement-oauth-for-okta/main/',
    'https://developer.okta.com/docs/guides/refresh-tokens/main/',
    'https://developer.okta.com/docs/reference/rate-limits/',
  ],
  baseUrl: 'https://{{.workspace}}.okta.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://{{.workspace}}.okta.com/oauth2/v1/authorize',
    tokenUrl: 'https://{{.workspace}}.okta.com/oauth2/v1/token',
    areScopesRequired: true,
    isWorkspaceRequired: true,
    tokenMetadata: {},
    docsUrl:
      'https://developer.okta.com/docs/guides/implement-oauth-for-okta/main/#get-an-access-token-and-make-a-request',
    tokens: {
      clientAuthentication: 'requestBody',
      rotation: 'unknown',
      revocationUrl: 'https://{{.workspace}}.okta.com/oauth2/v1/revoke',
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Domain',
      docsURL: 'https://developer.okta.com/docs/guides/find-your-domain/main/',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1759883280/media/okta_1759883279.jpg',
    'v1759883387/media/okta_1759883386.svg',
    'v1759883320/media/okta_1759883320.svg',
    'v1759883372/media/okta_1759883372.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

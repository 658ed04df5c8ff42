// ServiceNow with PKCE. Same endpoints as the plain code flow; the client record of the instance has to allow PKCE.
// Access tokens default to 30 minutes, refresh tokens to 100 days from issue.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const serviceNowPKCE = {
  name: 'serviceNowPKCE',
  displayName: 'ServiceNow PKCE',
  category: 'customer support',
  sources: ['https://www.servicenow.com/docs/r/zurich/platform-security/authentication/t_ManageTokens.html'],
  variantOf: 'serviceNow',
  baseUrl: 'https://{{.workspace}}.service-now.com',
  isHostOfAccount: true,
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCodePKCE',
    authUrl: 'https://{{.workspace}}.service-now.com/oauth_auth.do',
    tokenUrl: 'https://{{.workspace}}.service-now.com/oauth_token.do',
    areScopesRequired: false,
    isWorkspaceRequired: true,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', idleLifetimeMs: 100 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Instance',
      prompt:
        'What stands before `.service-now.com` in your browser when you are logged in, for ' + 'instance `dev1234`.',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722405162/media/const%20ServiceNow%20Provider%20%3D%20%22serviceNow%22_1722405162.svg',
    'v1722405162/media/const%20ServiceNow%20Provider%20%3D%20%22serviceNow%22_1722405162.svg',
    'v1724169123/media/tn5f6xh2nbb3bops7bsn.png',
    'v1724169123/media/tn5f6xh2nbb3bops7bsn.png',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

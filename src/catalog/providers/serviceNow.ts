// ServiceNow. OAuth 2 against the instance itself, client registered there by an administrator. Access tokens default
// to 30 minutes, refresh tokens to 100 days from issue. Rate limits are instance rules; developer instances go to
// sleep.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const serviceNow = {
  name: 'serviceNow',
  displayName: 'ServiceNow',
  category: 'customer support',
  sources: ['https://www.servicenow.com/docs/r/zurich/platform-security/authentication/t_ManageTokens.html'],
  baseUrl: 'https://{{.workspace}}.service-now.com',
  isHostOfAccount: true,
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://{{.workspace}}.service-now.com/oauth_auth.do',
    tokenUrl: 'https://{{.workspace}}.service-now.com/oauth_token.do',
    areScopesRequired: false,
    isWorkspaceRequired: true,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', idleLifetimeMs: 100 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy', 'search'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Instance',
      prompt:
        'Name of your ServiceNow instance, the first part of its address: for ' +
        '`https://dev1234.service-now.com` that is `dev1234`.',
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

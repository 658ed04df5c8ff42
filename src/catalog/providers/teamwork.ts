// Teamwork. App login flow at www.teamwork.com/launchpad exchanges a code for a permanent token, nothing to refresh.
// installation.apiEndPoint in the token answer is the right API host; EU sites and custom domains differ from
// <site>.teamwork.com.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const teamwork = {
  name: 'teamwork',
  displayName: 'Teamwork',
  category: 'productivity',
  sources: [
    'https://developer.teamwork.com/guides/how-to-authenticate-via-app-login-flow/',
    'https://support.teamwork.com/projects/teamwork-developer-portal/using-the-developer-portal-to-build-an-integration',
  ],
  baseUrl: 'https://{{.workspace}}.teamwork.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://www.teamwork.com/launchpad/login',
    tokenUrl: 'https://www.teamwork.com/launchpad/v1/token.json',
    areScopesRequired: false,
    isWorkspaceRequired: true,
    tokenMetadata: { consumerRefField: 'user.id' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', lifetimeMs: 'permanent' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [{ name: 'workspace', displayName: 'Site name' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722404948/media/const%20Teamwork%20Provider%20%3D%20%22teamwork%22_1722404947.png',
    'v1722404979/media/const%20Teamwork%20Provider%20%3D%20%22teamwork%22_1722404979.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Drift. OAuth 2 code flow; the form POST to driftapi.com/oauth2/token carries client id and secret. Access tokens
// live 2 hours and come with a refresh token; the answer has orgId. Tokens made with the install button in the
// developer console do not expire.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const drift = {
  name: 'drift',
  displayName: 'Drift',
  category: 'sales engagement',
  sources: [
    'https://devdocs.drift.com/docs/authentication-and-scopes',
    'https://devdocs.drift.com/docs/get-token-information',
  ],
  baseUrl: 'https://driftapi.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://dev.drift.com/authorize',
    tokenUrl: 'https://driftapi.com/oauth2/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { workspaceRefField: 'orgId' },
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
    'v1722448486/media/drift_1722448485.svg',
    'v1722448371/media/drift_1722448370.svg',
    'v1722448523/media/drift_1722448523.svg',
    'v1722448401/media/drift_1722448400.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

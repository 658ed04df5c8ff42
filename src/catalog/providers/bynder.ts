// Bynder. OAuth 2 on the customer's own portal domain; ask for the offline scope to get a refresh token. 4,500
// requests per 5 minutes per source address; once blocked, five minutes without any request lift it, and no limit
// headers are sent.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const bynder = {
  name: 'bynder',
  displayName: 'Bynder',
  category: 'other',
  sources: [
    'https://developer-docs.bynder.com/api/authentication-oauth2-oauth-apps',
    'https://api.bynder.com/docs/getting-started',
  ],
  baseUrl: 'https://{{.workspace}}.bynder.com/api',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://{{.workspace}}.bynder.com/v6/authentication/oauth2/auth',
    tokenUrl: 'https://{{.workspace}}.bynder.com/v6/authentication/oauth2/token',
    areScopesRequired: true,
    isWorkspaceRequired: true,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [{ name: 'workspace', displayName: 'Bynder domain' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1724363929/media/wqzogvbxncn0hj6qpvfp.svg',
    'v1722329821/media/bynder_1722329820.svg',
    'v1722329798/media/bynder_1722329797.svg',
    'v1722329763/media/bynder_1722329761.svg',
  ),
  quotas: [{ name: 'perFiveMinutes', scope: 'sourceAddress', limit: 4500, windowMs: 5 * MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Lever. OAuth 2 on Auth0: the audience parameter and the offline_access scope are needed to get a usable token and a
// refresh token. Access tokens live one hour; refresh tokens last a year at most, 90 days if unused. About 10
// requests a second per token.

import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const lever = {
  name: 'lever',
  displayName: 'Lever',
  category: 'HR',
  sources: [
    'https://hire.lever.co/developer/documentation',
    'https://hire.lever.co/developer/documentation#rate-limits',
  ],
  baseUrl: 'https://api.lever.co',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://auth.lever.co/authorize',
    tokenUrl: 'https://auth.lever.co/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    audience: ['https://api.lever.co/v1/'],
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown', idleLifetimeMs: 90 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1733231877/media/lever.co_1733231842.svg',
    'v1733231953/media/lever.co_1733231938.svg',
    'v1733231877/media/lever.co_1733231842.svg',
    'v1733232008/media/lever.co_1733231986.svg',
  ),
  quotas: [{ name: 'perSecond', scope: 'user', limit: 10, windowMs: SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

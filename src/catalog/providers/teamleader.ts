// Teamleader Focus. OAuth 2 code flow; access tokens live one hour, a refresh token works once. 200 calls a minute;
// X-RateLimit-Reset says when it goes on. All endpoints are POST style calls such as deals.list.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const teamleader = {
  name: 'teamleader',
  displayName: 'Teamleader',
  category: 'CRM',
  sources: [
    'https://developer.focus.teamleader.eu/docs/authentication',
    'https://developer.focus.teamleader.eu/docs/general-principles#rate-limiting',
  ],
  baseUrl: 'https://api.focus.teamleader.eu',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://focus.teamleader.eu/oauth2/authorize',
    tokenUrl: 'https://focus.teamleader.eu/oauth2/access_token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'singleUseRevoking' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722418524/media/const%20Teamleader%20Provider%20%3D%20%22teamleader%22_1722418523.png',
    'v1722418524/media/const%20Teamleader%20Provider%20%3D%20%22teamleader%22_1722418523.png',
  ),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 200, windowMs: MINUTE_MS }],
  concurrency: [],
  rateHeaders: { family: 'generic', quotas: { '': 'perMinute' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

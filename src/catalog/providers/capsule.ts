// Capsule. OAuth 2; access tokens live 7 days and come with a refresh token. 4,000 calls per hour per user with
// X-RateLimit-Limit, -Remaining and -Reset (epoch seconds). Long operations answer 202 with a job to poll in
// Location.

import { HOUR_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const capsule = {
  name: 'capsule',
  displayName: 'Capsule',
  category: 'CRM',
  sources: [
    'https://developer.capsulecrm.com/v2/overview/authentication',
    'https://developer.capsulecrm.com/v2/overview/handling-api-responses',
  ],
  baseUrl: 'https://api.capsulecrm.com/api',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.capsulecrm.com/oauth/authorise',
    tokenUrl: 'https://api.capsulecrm.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
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
    'v1722509743/media/const%20Capsule%20Provider%20%3D%20%22capsule%22_1722509744.png',
    'v1722509768/media/const%20Capsule%20Provider%20%3D%20%22capsule%22_1722509769.svg',
  ),
  quotas: [{ name: 'perHour', scope: 'user', limit: 4000, windowMs: HOUR_MS }],
  concurrency: [],
  rateHeaders: { family: 'generic', quotas: { '': 'perHour' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

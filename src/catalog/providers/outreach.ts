// Outreach. OAuth 2, acts as the signed-in user. Access tokens live 2 hours, refresh tokens 14 days. The token
// endpoint mints one token per user and app every 60 seconds, then 429. 10,000 API calls an hour per user. Bodies
// must be application/vnd.api+json.

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const outreach = {
  name: 'outreach',
  displayName: 'Outreach',
  category: 'sales engagement',
  sources: ['https://developers.outreach.io/api/getting-started/', 'https://developers.outreach.io/api/oauth'],
  baseUrl: 'https://api.outreach.io',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.outreach.io/oauth/authorize',
    tokenUrl: 'https://api.outreach.io/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: {
      clientAuthentication: 'requestBody',
      rotation: 'unknown',
      idleLifetimeMs: 14 * DAY_MS,
      endpointQuota: { name: 'tokens', scope: 'user', limit: 1, windowMs: MINUTE_MS },
      grantsPerAccountMax: 100,
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy', 'subscribe'),
  subscribeRequirements: { subscribeByAPI: true },
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722329361/media/outreach_1722329360.svg', 'v1722329335/media/outreach_1722329335.svg'),
  quotas: [{ name: 'perHour', scope: 'user', limit: 10000, windowMs: HOUR_MS }],
  concurrency: [],
  rateHeaders: { family: 'generic', quotas: { '': 'perHour' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

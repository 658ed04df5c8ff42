// Calendly. OAuth 2; access tokens live 2 hours, a refresh token works once and does not age. Limits per user: 500
// calls per minute on paid plans, 50 on free, 8 token requests per minute. Webhooks and most organisation data need a
// paid plan.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const calendly = {
  name: 'calendly',
  displayName: 'Calendly',
  category: 'productivity',
  sources: [
    'https://developer.calendly.com/docs/authentication/refresh-token-rotation-guide',
    'https://developer.calendly.com/api-docs/overview/rate-limits',
  ],
  baseUrl: 'https://api.calendly.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://auth.calendly.com/oauth/authorize',
    tokenUrl: 'https://auth.calendly.com/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: {
      clientAuthentication: 'requestBody',
      rotation: 'singleUseRevoking',
      endpointQuota: { name: 'tokens', scope: 'user', limit: 8, windowMs: MINUTE_MS },
      revocationUrl: 'https://auth.calendly.com/oauth/revoke',
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [{ name: 'UserURI' }, { name: 'OrganizationURI' }],
  isPostAuthenticationRequired: true,
  accountLookup: {
    method: 'GET',
    url: 'https://api.calendly.com/users/me',
    values: [
      { name: 'UserURI', path: 'resource.uri' },
      { name: 'OrganizationURI', path: 'resource.current_organization' },
    ],
    workspaceRefPath: 'resource.current_organization',
  },
  authHealthCheck: { method: 'GET', successStatusCodes: [200], url: 'https://api.calendly.com/users/me' },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1724365119/media/gzqssdg62nudhokl9sms.png',
    'v1722346580/media/calendly_1722346580.svg',
    'v1722346654/media/calendly_1722346653.svg',
    'v1722346580/media/calendly_1722346580.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 50, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Xero. OAuth 2; access tokens live 30 minutes, the refresh token is replaced at each use (old one usable 30 more
// minutes) and dies after 60 idle days. Calls need Xero-Tenant-Id. Per organisation 60 a minute, 5,000 a day, 5 at
// once.

import { DAY_MS, MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const xero = {
  name: 'xero',
  displayName: 'Xero',
  category: 'finance',
  sources: [
    'https://developer.xero.com/documentation/guides/oauth2/auth-flow/',
    'https://developer.xero.com/documentation/guides/oauth2/limits/',
    'https://developer.xero.com/faq/limits',
  ],
  baseUrl: 'https://api.xero.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://login.xero.com/identity/connect/authorize',
    authUrlParams: { response_type: 'code' },
    tokenUrl: 'https://identity.xero.com/connect/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: {
      clientAuthentication: 'basicHeader',
      rotation: 'singleUseGrace',
      graceMs: 30 * MINUTE_MS,
      idleLifetimeMs: 60 * DAY_MS,
      revocationUrl: 'https://identity.xero.com/connect/revocation',
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write'),
  inputs: [],
  postAuthentication: [{ name: 'tenantId' }],
  isPostAuthenticationRequired: true,
  accountLookup: {
    method: 'GET',
    url: 'https://api.xero.com/connections',
    values: [{ name: 'tenantId', path: '0.tenantId' }],
    workspaceRefPath: '0.tenantId',
  },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1752052285/media/xero.com_1752052283.svg',
    'v1752052285/media/xero.com_1752052283.svg',
    'v1752052319/media/xero.com_1752052319.svg',
    'v1752052319/media/xero.com_1752052319.svg',
  ),
  quotas: [
    { name: 'perMinute', scope: 'externalAccount', limit: 60, windowMs: MINUTE_MS },
    { name: 'perMinuteApp', scope: 'providerApp', limit: 10000, windowMs: MINUTE_MS },
    { name: 'perDay', scope: 'externalAccount', limit: 5000, windowMs: DAY_MS },
  ],
  concurrency: [{ name: 'requests', scope: 'externalAccount', limit: 5 }],
  rateHeaders: {
    family: 'xero',
    quotas: { minute: 'perMinute', appMinute: 'perMinuteApp', day: 'perDay', concurrent: 'requests' },
  },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

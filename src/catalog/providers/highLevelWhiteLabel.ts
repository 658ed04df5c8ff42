// HighLevel white label (sign in on leadconnectorhq.com). OAuth 2 on services.leadconnectorhq.com, form body. Access
// tokens live a day; a refresh token works once and lives a year. Every call needs a Version header; per app and
// location: 100 requests per 10 seconds, 200000 per day.

import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const highLevelWhiteLabel = {
  name: 'highLevelWhiteLabel',
  displayName: 'Highlevel White Label',
  category: 'CRM',
  sources: [
    'https://marketplace.gohighlevel.com/docs/oauth/Faqs',
    'https://marketplace.gohighlevel.com/docs/other/rate-limits',
    'https://help.gohighlevel.com/support/solutions/articles/48001060529-highlevel-api',
  ],
  variantOf: 'highLevelStandard',
  baseUrl: 'https://services.leadconnectorhq.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://marketplace.leadconnectorhq.com/oauth/chooselocation',
    tokenUrl: 'https://services.leadconnectorhq.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { consumerRefField: 'userId', scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'singleUseRevoking', idleLifetimeMs: 365 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [{ name: 'locationId', displayName: 'Location ID' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1737624760/media/gohighlevel.com_1737624759.jpg',
    'v1737624627/media/gohighlevel.com_1737624627.png',
    'v1737624760/media/gohighlevel.com_1737624759.jpg',
    'v1737624575/media/gohighlevel.com_1737624573.png',
  ),
  quotas: [
    { name: 'perTenSeconds', scope: 'appInAccount', limit: 100, windowMs: 10 * SECOND_MS },
    { name: 'perDay', scope: 'appInAccount', limit: 200000, windowMs: DAY_MS },
  ],
  concurrency: [],
  // The day is told in fields of its own; `X-RateLimit-Remaining` is of the ten seconds.
  rateHeaders: { family: 'generic', quotas: { '': 'perTenSeconds' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

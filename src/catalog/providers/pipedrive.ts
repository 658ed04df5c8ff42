// Pipedrive. OAuth 2 with the client in a Basic header. Access tokens live an hour; the refresh token dies after 60
// unused days and each use resets that clock. Burst limit per 2 seconds plus a daily token budget per company; abuse
// turns into 403.

import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const pipedrive = {
  name: 'pipedrive',
  displayName: 'Pipedrive',
  category: 'CRM',
  sources: [
    'https://pipedrive.readme.io/docs/marketplace-oauth-authorization',
    'https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting',
    'https://developers.pipedrive.com/docs/api/v1/Oauth',
  ],
  baseUrl: 'https://api.pipedrive.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://oauth.pipedrive.com/oauth/authorize',
    tokenUrl: 'https://oauth.pipedrive.com/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: {
      clientAuthentication: 'basicHeader',
      rotation: 'unknown',
      idleLifetimeMs: 60 * DAY_MS,
      revocationUrl: 'https://oauth.pipedrive.com/oauth/revoke',
    },
  },
  defaultModule: 'legacy',
  modules: {
    crm: { displayName: 'Pipedrive CRM', baseUrl: 'https://api.pipedrive.com', support: supports() },
    legacy: {
      displayName: 'Pipedrive (Legacy)',
      baseUrl: 'https://api.pipedrive.com',
      support: supports('read', 'write'),
    },
  },
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722469947/media/pipedrive_1722469947.svg',
    'v1722469899/media/pipedrive_1722469898.svg',
    'v1722470001/media/pipedrive_1722470000.svg',
    'v1722469920/media/pipedrive_1722469919.svg',
  ),
  quotas: [{ name: 'perTwoSeconds', scope: 'user', limit: 20, windowMs: 2 * SECOND_MS }],
  concurrency: [],
  rateHeaders: { family: 'pipedrive', quotas: { burst: 'perTwoSeconds' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

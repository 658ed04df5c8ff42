// HubSpot. OAuth 2; access tokens live 30 minutes, the refresh token stays the same. 110 requests per 10 seconds per
// installed account; searches are not counted among them, and are limited to 5 per second and account (read 2026-11).
// 401 is no sign of expiry, use expires_in; over 5 % errors endangers
// the marketplace listing.

import { SECOND_MS } from '../../core/time.ts';
import { batchWrites, pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const hubspot = {
  name: 'hubspot',
  displayName: 'HubSpot',
  category: 'CRM',
  sources: [
    'https://developers.hubspot.com/docs/api/working-with-oauth',
    'https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines',
    'https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm',
  ],
  baseUrl: 'https://api.hubapi.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.hubspot.com/oauth/authorize',
    tokenUrl: 'https://api.hubapi.com/oauth/v1/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable' },
  },
  defaultModule: 'crm',
  modules: {
    crm: {
      displayName: 'HubSpot CRM',
      baseUrl: 'https://api.hubapi.com/crm',
      support: { ...supports('read', 'write', 'delete', 'subscribe', 'search'), ...batchWrites(100) },
    },
  },
  support: supports('read', 'write', 'delete', 'proxy', 'subscribe', 'search'),
  inputs: [],
  postAuthentication: [{ moduleDependencies: { crm: {} }, name: 'ownerId' }],
  isPostAuthenticationRequired: true,
  authHealthCheck: { method: 'GET', successStatusCodes: [200], url: 'https://api.hubapi.com/integrations/v1/me' },
  providerApp: {
    authQueryParams: [
      {
        name: 'optional_scope',
        displayName: 'Optional Scopes',
        docsURL: 'https://developers.hubspot.com/docs/api/working-with-oauth#scopes',
        prompt:
          'Scopes a customer may decline without failing the installation. Every one must also be ' +
          'listed in your HubSpot app.',
      },
    ],
    params: [],
  },
  media: pictures(
    'v1722479285/media/hubspot_1722479284.svg',
    'v1722479265/media/hubspot_1722479265.svg',
    'v1722479285/media/hubspot_1722479284.svg',
    'v1722479245/media/hubspot_1722479244.svg',
  ),
  quotas: [
    { name: 'burst', scope: 'appInAccount', limit: 110, windowMs: 10 * SECOND_MS },
    {
      name: 'search',
      scope: 'externalAccount',
      limit: 5,
      windowMs: SECOND_MS,
      only: {
        method: 'POST',
        // The second is that of versions by date.
        paths: ['/crm/v3/objects/*/search', '/crm/objects/*/*/search'],
        isApart: true,
      },
    },
  ],
  concurrency: [],
  rateHeaders: { family: 'hubspot', quotas: { burst: 'burst', search: 'search' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

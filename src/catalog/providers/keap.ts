// Keap (Infusionsoft). OAuth 2; access tokens live 24 hours. Each refresh returns a new refresh token and the one
// just used dies; an unused one lasts 45 days. Refresh wants the client in a Basic header. Quota headers: x-keap-
// product-quota-*, x-keap-tenant-throttle-*.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const keap = {
  name: 'keap',
  displayName: 'Keap',
  category: 'CRM',
  sources: [
    'https://developer.keap.com/getting-started-oauth-keys/',
    'https://community.keap.com/t/how-to-get-access-token/86529',
    'https://github.com/infusionsoft/infusionsoft-php/issues/99',
  ],
  baseUrl: 'https://api.infusionsoft.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://accounts.infusionsoft.com/app/oauth/authorize',
    tokenUrl: 'https://api.infusionsoft.com/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'singleUseRevoking', idleLifetimeMs: 45 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722479775/media/keap_1722479774.svg',
    'v1722479775/media/keap_1722479774.svg',
    'v1724217756/media/Keap_DMI.png',
    'v1722479751/media/keap_1722479749.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

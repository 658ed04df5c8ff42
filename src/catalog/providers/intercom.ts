// Intercom. OAuth 2 with a permanent token and no refresh token. 10,000 calls a minute per app and 25,000 per
// workspace, spread over 10-second slices. api.intercom.io tries to route to EU and AU workspaces; api.eu and api.au
// pin the region.

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const intercom = {
  name: 'intercom',
  displayName: 'Intercom',
  category: 'customer support',
  sources: [
    'https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth',
    'https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting',
    'https://developers.intercom.com/building-apps/docs/rest-apis',
  ],
  baseUrl: 'https://api.intercom.io',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.intercom.com/oauth',
    tokenUrl: 'https://api.intercom.io/auth/eagle/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', lifetimeMs: 'permanent' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1724364085/media/srib8u1d8vgtik0j2fww.svg',
    'v1722327671/media/intercom_1722327670.svg',
    'v1724169124/media/zscxf6amk8pu2ijejrw0.png',
    'v1722327671/media/intercom_1722327670.svg',
  ),
  quotas: [
    { name: 'perTenSeconds', scope: 'providerApp', limit: 1666, windowMs: 10 * SECOND_MS },
    { name: 'perMinuteApp', scope: 'providerApp', limit: 10000, windowMs: MINUTE_MS },
    { name: 'perMinuteWorkspace', scope: 'externalAccount', limit: 25000, windowMs: MINUTE_MS },
  ],
  concurrency: [],
  rateHeaders: { family: 'generic', quotas: { '': 'perTenSeconds' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Airtable. OAuth 2 with PKCE; access tokens live 60 minutes, a refresh token works once and dies after 60 idle days.
// A refresh kills the previous access token at once, so calls in flight can get 401. 5 requests per second per base;
// a 429 means 30 seconds of silence.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const airtable = {
  name: 'airtable',
  displayName: 'Airtable',
  category: 'productivity',
  sources: [
    'https://airtable.com/developers/web/api/oauth-reference',
    'https://support.airtable.com/docs/managing-api-call-limits-in-airtable',
  ],
  baseUrl: 'https://api.airtable.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCodePKCE',
    authUrl: 'https://airtable.com/oauth2/v1/authorize',
    tokenUrl: 'https://airtable.com/oauth2/v1/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'basicHeader', rotation: 'singleUseRevoking', idleLifetimeMs: 60 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  authHealthCheck: { method: 'GET', successStatusCodes: [200], url: 'https://api.airtable.com/v0/meta/whoami' },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722162786/media/Airtable_1722162786.jpg',
    'v1722163424/media/Airtable_1722163422.svg',
    'v1722163601/media/Airtable_1722163601.svg',
    'v1722163568/media/Airtable_1722163567.svg',
  ),
  quotas: [],
  concurrency: [],
  rateHeaders: { family: 'airtable' },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

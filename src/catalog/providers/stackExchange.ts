// Stack Exchange. OAuth 2 without refresh tokens: the token lasts a day unless the scope no_expiry was asked for.
// Calls need the app key as well. 10,000 calls a day per user and app, 30 a second per address; obey the backoff
// field.

import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const stackExchange = {
  name: 'stackExchange',
  displayName: 'StackExchange',
  category: 'developer tools',
  sources: ['https://api.stackexchange.com/docs/authentication', 'https://api.stackexchange.com/docs/throttle'],
  baseUrl: 'https://api.stackexchange.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://stackoverflow.com/oauth',
    tokenUrl: 'https://stackoverflow.com/oauth/access_token/json',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', scopeSeparator: ',', rotation: 'stable' },
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722062606/media/stackExchange_1722062605.svg',
    'v1722062537/media/stackExchange_1722062535.svg',
    'v1722062606/media/stackExchange_1722062605.svg',
    'v1722062568/media/stackExchange_1722062567.svg',
  ),
  quotas: [
    { name: 'perSecond', scope: 'sourceAddress', limit: 30, windowMs: SECOND_MS },
    { name: 'perDay', scope: 'user', limit: 10000, windowMs: DAY_MS },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

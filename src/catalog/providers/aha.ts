// Aha!. OAuth 2 on the customer's own subdomain; access tokens do not expire (the user can revoke them) and no
// refresh token is issued. 300 calls per minute, counted per source address, so all customers behind one egress share
// it.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const aha = {
  name: 'aha',
  displayName: 'Aha',
  category: 'productivity',
  sources: ['https://www.aha.io/api/oauth2', 'https://www.aha.io/api'],
  baseUrl: 'https://{{.workspace}}.aha.io/api',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://{{.workspace}}.aha.io/oauth/authorize',
    tokenUrl: 'https://{{.workspace}}.aha.io/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: true,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', lifetimeMs: 'permanent' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [{ name: 'workspace', displayName: 'Company name', docsURL: 'https://www.aha.io/api#urls' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722347563/media/aha_1722347563.png',
    'v1722347605/media/aha_1722347605.svg',
    'v1722347563/media/aha_1722347563.png',
    'v1722347588/media/aha_1722347588.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'sourceAddress', limit: 300, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

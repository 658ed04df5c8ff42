// Podium. OAuth 2 with JSON token requests; access tokens live 10 hours, refreshed with a refresh token. The
// developer portal must approve access first. 300 requests a minute on most routes; send the podium-version header.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const podium = {
  name: 'podium',
  displayName: 'Podium',
  category: 'communication',
  sources: ['https://docs.podium.com/docs/oauth', 'https://docs.podium.com/reference/authentication'],
  baseUrl: 'https://api.podium.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.podium.com/oauth/authorize',
    tokenUrl: 'https://api.podium.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', bodyFormat: 'json', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1724365495/media/cbirwotlb7si9qrdicok.jpg',
    'v1722330504/media/podium_1722330503.svg',
    'v1724222553/media/nxtssrgengo6pbbwqwd2.png',
    'v1722330479/media/podium_1722330478.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 300, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

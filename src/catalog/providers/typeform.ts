// Typeform. OAuth 2 code flow; a refresh token only comes when the offline scope is asked for, otherwise the customer
// must sign in again. 2 requests a second per Typeform account.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const typeform = {
  name: 'typeform',
  displayName: 'Typeform',
  category: 'productivity',
  sources: [
    'https://www.typeform.com/developers/get-started/applications/',
    'https://www.typeform.com/developers/get-started/scopes/',
    'https://www.typeform.com/developers/get-started/',
  ],
  baseUrl: 'https://api.typeform.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.typeform.com/oauth/authorize',
    tokenUrl: 'https://api.typeform.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722347178/media/typeform_1722347178.jpg',
    'v1722347343/media/typeform_1722347342.svg',
    'v1722347178/media/typeform_1722347178.jpg',
    'v1722347323/media/typeform_1722347323.svg',
  ),
  quotas: [{ name: 'perSecond', scope: 'externalAccount', limit: 2, windowMs: SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

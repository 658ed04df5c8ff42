// AWeber. OAuth 2; access tokens live 2 hours and the token call wants HTTP Basic client credentials. 120 calls per
// minute per customer account; going over answers 403 (not 429) with message 'Rate Limit Error' and blocks for 60
// seconds.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const aWeber = {
  name: 'aWeber',
  displayName: 'AWeber',
  category: 'marketing automation',
  sources: [
    'https://help.aweber.com/hc/en-us/articles/360002941894-Do-AWeber-API-access-tokens-expire',
    'https://help.aweber.com/hc/en-us/articles/360002917994-Does-AWeber-throttle-or-rate-limit-API-requests',
  ],
  baseUrl: 'https://api.aweber.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://auth.aweber.com/oauth2/authorize',
    tokenUrl: 'https://auth.aweber.com/oauth2/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'basicHeader', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722164296/media/aWeber_1722164296.jpg',
    'v1722164177/media/aWeber_1722164176.svg',
    'v1722164341/media/aWeber_1722164340.svg',
    'v1722164323/media/aWeber_1722164322.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 120, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

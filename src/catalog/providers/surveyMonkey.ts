// SurveyMonkey. OAuth 2 with long-lived tokens: no expiry, no refresh token. access_url in the token answer names the
// data center host (US, EU, CA). Private and draft apps: 120 calls a minute and 500 a day per app; draft apps end
// after 90 days.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const surveyMonkey = {
  name: 'surveyMonkey',
  displayName: 'SurveyMonkey',
  category: 'productivity',
  sources: ['https://api.surveymonkey.com/v3/docs'],
  baseUrl: 'https://api.surveymonkey.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.surveymonkey.com/oauth/authorize',
    tokenUrl: 'https://api.surveymonkey.com/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', lifetimeMs: 'permanent' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722064941/media/surveyMonkey_1722064939.svg',
    'v1722064920/media/surveyMonkey_1722064919.svg',
    'v1722064886/media/surveyMonkey_1722064885.svg',
    'v1722064863/media/surveyMonkey_1722064862.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'providerApp', limit: 120, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

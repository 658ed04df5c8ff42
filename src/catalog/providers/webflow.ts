// Webflow. OAuth 2 without refresh tokens; the access token has no stated expiry. 60 requests a minute per token on
// starter and basic site plans, 120 above; publishing a site once a minute. 429 has Retry-After, usually 60 seconds.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const webflow = {
  name: 'webflow',
  displayName: 'Webflow',
  category: 'other',
  sources: [
    'https://developers.webflow.com/reference/authentication',
    'https://developers.webflow.com/reference/rate-limits',
  ],
  baseUrl: 'https://api.webflow.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://webflow.com/oauth/authorize',
    tokenUrl: 'https://api.webflow.com/oauth/access_token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
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
    'v1722347649/media/const%20Webflow%20Provider%20%3D%20%22webflow%22_1722347650.jpg',
    'v1722347433/media/const%20Webflow%20Provider%20%3D%20%22webflow%22_1722347433.svg',
    'v1724169124/media/uzen6vmatu35qsrc3zry.png',
    'v1722347649/media/const%20Webflow%20Provider%20%3D%20%22webflow%22_1722347650.jpg',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 60, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

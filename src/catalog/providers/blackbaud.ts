// Blackbaud SKY API. OAuth 2 plus a Bb-Api-Subscription-Key header; access tokens live 60 minutes, refresh tokens
// about a year. The customer's administrator must first connect the app to the environment. Daily call quota depends
// on the developer tier.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const blackbaud = {
  name: 'blackbaud',
  displayName: 'Blackbaud',
  category: 'CRM',
  sources: [
    'https://developer.blackbaud.com/skyapi/docs/authorization',
    'https://community.blackbaud.com/blogs/69/9857',
  ],
  baseUrl: 'https://api.sky.blackbaud.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.blackbaud.com/oauth/authorize',
    tokenUrl: 'https://oauth2.sky.blackbaud.com/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'basicHeader', rotation: 'unknown', idleLifetimeMs: 365 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [{ name: 'bbApiSubscriptionKey', displayName: 'Blackbaud API subscription key' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1753783203/media/blackbaud.com_1753783202.jpg', 'v1753783228/media/blackbaud.com_1753783228.png'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

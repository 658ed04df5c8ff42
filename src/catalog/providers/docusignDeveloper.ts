// Docusign Developer (demo). Same flow as Docusign but sign in on account-d.docusign.com and call demo.docusign.net.
// Keys and tokens do not work in production; access tokens live 8 hours, refresh tokens 30 days. 3000 calls per hour
// per account.

import { DAY_MS, HOUR_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const docusignDeveloper = {
  name: 'docusignDeveloper',
  displayName: 'Docusign Developer',
  category: 'productivity',
  sources: [
    'https://developers.docusign.com/platform/resource-limits',
    'https://developers.docusign.com/platform/auth/confidential-authcode-get-token',
    'https://docusign.com/blog/developers/dsdev-from-the-trenches-api-rate-limits',
  ],
  variantOf: 'docusign',
  baseUrl: 'https://demo.docusign.net',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://account-d.docusign.com/oauth/auth',
    tokenUrl: 'https://account-d.docusign.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'basicHeader', rotation: 'unknown', idleLifetimeMs: 30 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722320728/media/Docusign%20%20%20%20%20%20%20%20%20%20Provider%20%3D%20%22docusign%22_1722320727.jpg',
    'v1722320864/media/Docusign%20%20%20%20%20%20%20%20%20%20Provider%20%3D%20%22docusign%22_1722320863.svg',
    'v1724224609/media/zyayilxkxi3j9skqotbu.png',
    'v1722320768/media/Docusign%20%20%20%20%20%20%20%20%20%20Provider%20%3D%20%22docusign%22_1722320768.svg',
  ),
  quotas: [
    { name: 'perThirtySeconds', scope: 'externalAccount', limit: 200, windowMs: 30 * SECOND_MS },
    { name: 'perHour', scope: 'externalAccount', limit: 3000, windowMs: HOUR_MS },
  ],
  concurrency: [],
  // The burst is told in `X-BurstLimit-*`, which are not read.
  rateHeaders: { family: 'generic', quotas: { '': 'perHour' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

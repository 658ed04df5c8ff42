// Docusign. OAuth 2, client as Basic on account.docusign.com. Access tokens live 8 hours, refresh tokens 30 days; ask
// for scope `extended` or they are not prolonged. API host differs per account: take base_uri from /oauth/userinfo;
// 3000 calls per hour.

import { DAY_MS, HOUR_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const docusign = {
  name: 'docusign',
  displayName: 'Docusign',
  category: 'productivity',
  sources: [
    'https://developers.docusign.com/platform/resource-limits',
    'https://developers.docusign.com/platform/auth/confidential-authcode-get-token',
    'https://docusign.com/blog/developers/dsdev-from-the-trenches-api-rate-limits',
    'https://developers.docusign.com/platform/auth/reference/user-info',
  ],
  baseUrl: 'https://{{.server}}.docusign.net',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://account.docusign.com/oauth/auth',
    tokenUrl: 'https://account.docusign.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'basicHeader', rotation: 'unknown', idleLifetimeMs: 30 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [{ name: 'server' }],
  isPostAuthenticationRequired: true,
  accountLookup: {
    method: 'GET',
    url: 'https://account.docusign.com/oauth/userinfo',
    pick: { listPath: 'accounts', path: 'is_default', equals: 'true' },
    values: [{ name: 'server', path: 'base_uri', capture: '^https://(?<result>[^.]+)\\.docusign\\.net' }],
    workspaceRefPath: 'account_id',
  },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1724365849/media/pkm52vsvwabjnbij4uiu.png',
    'v1722320864/media/Docusign%20%20%20%20%20%20%20%20%20%20Provider%20%3D%20%22docusign%22_1722320863.svg',
    'v1724224609/media/zyayilxkxi3j9skqotbu.png',
    'v1722320768/media/Docusign%20%20%20%20%20%20%20%20%20%20Provider%20%3D%20%22docusign%22_1722320768.svg',
  ),
  quotas: [
    { name: 'perThirtySeconds', scope: 'externalAccount', limit: 500, windowMs: 30 * SECOND_MS },
    { name: 'perHour', scope: 'externalAccount', limit: 3000, windowMs: HOUR_MS },
  ],
  concurrency: [],
  // The burst is told in `X-BurstLimit-*`, which are not read.
  rateHeaders: { family: 'generic', quotas: { '': 'perHour' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// LinkedIn. OAuth 2; access tokens live 60 days. Only approved Marketing partners get refresh tokens; these stay the
// same and end 365 days after consent whatever is done, then the member must sign in again. Versioned APIs want a
// LinkedIn-Version header.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const linkedIn = {
  name: 'linkedIn',
  displayName: 'LinkedIn',
  category: 'marketing automation',
  sources: [
    'https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens',
    'https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow',
    'https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/rate-limits',
  ],
  baseUrl: 'https://api.linkedin.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://www.linkedin.com/oauth/v2/authorization',
    tokenUrl: 'https://www.linkedin.com/oauth/v2/accessToken',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable' },
  },
  defaultModule: 'platform',
  modules: {
    ads: { displayName: 'LinkedIn (Ads)', baseUrl: 'https://api.linkedin.com', support: supports('read', 'write') },
    platform: {
      displayName: 'LinkedIn (Platform)',
      baseUrl: 'https://api.linkedin.com',
      support: supports('read', 'write'),
    },
  },
  support: supports('read', 'write', 'proxy'),
  inputs: [
    {
      name: 'adAccountId',
      displayName: 'Ad Account ID',
      docsURL: 'https://www.linkedin.com/help/linkedin/answer/a424270/find-linkedin-ads-account-details',
      prompt:
        'The number of the ad account to use. LinkedIn shows it next to the account name in ' +
        'Campaign Manager; the linked help page says where, under `LinkedIn Ads account ID ' +
        'number`.',
      moduleDependencies: { ads: {} },
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722481059/media/linkedIn_1722481058.svg',
    'v1722481017/media/linkedIn_1722481016.svg',
    'v1724225364/media/c2esjc2pb5o1qa9bwi0b.png',
    'v1724225364/media/c2esjc2pb5o1qa9bwi0b.png',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Bitbucket Cloud. Own OAuth 2 consumers, not Atlassian 3LO. Access tokens live 2 hours. Since May 2026 refresh
// tokens rotate on each use and die after 3 unused months. Repository calls: 1,000 per rolling hour, 429 without much
// detail.

import { DAY_MS, HOUR_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const bitbucket = {
  name: 'bitbucket',
  displayName: 'Bitbucket',
  category: 'developer tools',
  sources: [
    'https://community.developer.atlassian.com/t/oauth-2-0-and-api-authentication-changes-for-bitbucket-cloud/99003',
    'https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/',
    'https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/',
  ],
  baseUrl: 'https://api.bitbucket.org',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://bitbucket.org/site/oauth2/authorize',
    tokenUrl: 'https://bitbucket.org/site/oauth2/access_token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'basicHeader', rotation: 'singleUseRevoking', idleLifetimeMs: 90 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [{ name: 'workspace', displayName: 'Workspace' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1741019187/media/bitbucket.org_1741019186.jpg', 'v1741019214/media/bitbucket.org_1741019213.svg'),
  quotas: [{ name: 'perHour', scope: 'user', limit: 1000, windowMs: HOUR_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

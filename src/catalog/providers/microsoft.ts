// Microsoft Graph. OAuth 2 on the common endpoint; ask for offline_access or there is no refresh token. Access tokens
// live 60 to 90 minutes, refresh tokens 90 unused days; keep the newest. Outlook allows 10,000 calls per 10 minutes
// and 4 at once per mailbox.

import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const microsoft = {
  name: 'microsoft',
  displayName: 'Microsoft',
  category: 'productivity',
  sources: [
    'https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens',
    'https://learn.microsoft.com/en-us/graph/throttling-limits',
  ],
  baseUrl: 'https://graph.microsoft.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
    tokenUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', idleLifetimeMs: 90 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy', 'subscribe'),
  subscribeRequirements: { maintenance: true, subscribeByAPI: true },
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722328808/media/microsoft_1722328808.png', 'v1722328785/media/microsoft_1722328785.svg'),
  quotas: [
    { name: 'globalPerTenSeconds', scope: 'providerApp', limit: 130000, windowMs: 10 * SECOND_MS },
    { name: 'outlookPerMailbox', scope: 'user', limit: 10000, windowMs: 10 * MINUTE_MS },
  ],
  concurrency: [{ name: 'outlookPerMailbox', scope: 'user', limit: 4 }],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Zendesk Chat. OAuth 2 under /oauth2/chat on the customer's Zendesk subdomain, with a client registered in Chat
// rather than in Support; tokens of Zendesk Support do not work here.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const zendeskChat = {
  name: 'zendeskChat',
  displayName: 'Zendesk Chat',
  category: 'customer support',
  sources: ['https://developer.zendesk.com/documentation/live-chat/getting-started/auth/'],
  baseUrl: 'https://{{.workspace}}.zendesk.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://{{.workspace}}.zendesk.com/oauth2/chat/authorizations/new',
    tokenUrl: 'https://{{.workspace}}.zendesk.com/oauth2/chat/token',
    areScopesRequired: true,
    isWorkspaceRequired: true,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [{ name: 'workspace', displayName: 'Subdomain' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722102362/media/zendeskSupport_1722102361.svg',
    'v1722102362/media/zendeskSupport_1722102361.svg',
    'v1722102329/media/zendeskSupport_1722102328.svg',
    'v1722102329/media/zendeskSupport_1722102328.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

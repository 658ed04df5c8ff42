// Zendesk Support. OAuth 2 on the customer's subdomain. Newer clients get 30 minute tokens, and a refresh deletes the
// old pair; older clients have permanent tokens unless expires_in is sent. 200 calls a minute on the smallest plan.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const zendeskSupport = {
  name: 'zendeskSupport',
  displayName: 'Zendesk Support',
  category: 'customer support',
  sources: [
    'https://support.zendesk.com/hc/en-us/articles/9182123625370-Announcing-support-for-OAuth-refresh-token-grant-type-and-OAuth-access-and-refresh-token-expirations',
    'https://developer.zendesk.com/api-reference/introduction/rate-limits/',
    'https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/',
  ],
  baseUrl: 'https://{{.workspace}}.zendesk.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://{{.workspace}}.zendesk.com/oauth/authorizations/new',
    tokenUrl: 'https://{{.workspace}}.zendesk.com/oauth/tokens',
    areScopesRequired: true,
    isWorkspaceRequired: true,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'singleUseRevoking' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [{ name: 'workspace', displayName: 'Subdomain' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1724364159/media/tmk9w2cxvmfxrms9qwjq.png',
    'v1722102362/media/zendeskSupport_1722102361.svg',
    'v1724169124/media/wkaellrizizwvelbdl6r.png',
    'v1722102329/media/zendeskSupport_1722102328.svg',
  ),
  quotas: [
    { name: 'perMinute', scope: 'externalAccount', limit: 200, windowMs: MINUTE_MS },
    {
      // 30 with the add-on for high volume, which no answer tells.
      name: 'incrementalExports',
      scope: 'externalAccount',
      limit: 10,
      windowMs: MINUTE_MS,
      only: { method: 'GET', paths: ['/api/v2/incremental/*', '/api/v2/incremental/*/*'] },
    },
  ],
  concurrency: [],
  rateHeaders: { family: 'zendesk', quotas: { account: 'perMinute' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

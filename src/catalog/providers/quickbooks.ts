// QuickBooks Online. OAuth 2 with a Basic client header. Access tokens live 1 hour. The refresh token changes about
// daily, the old one then fails; 100 unused days or 5 years end it. realmId comes on the redirect. 500 calls a minute
// and 10 at once per company.

import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const quickbooks = {
  name: 'quickbooks',
  displayName: 'QuickBooks',
  category: 'finance',
  sources: [
    'https://blogs.intuit.com/2025/08/13/upcoming-changes-to-the-accounting-api',
    'https://blogs.intuit.com/blog/2016/08/08/idg-concurrent-api-use-changes-coming-soon/',
    'https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/faq',
    'https://blogs.a.intuit.com/2025/11/12/important-changes-to-refresh-token-policy',
    'https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features',
  ],
  baseUrl: 'https://quickbooks.api.intuit.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://appcenter.intuit.com/connect/oauth2',
    callbackFields: [{ param: 'realmId', name: 'realmId', matches: '^\\d{1,32}$', isWorkspaceRef: true }],
    tokenUrl: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'basicHeader', rotation: 'singleUseRevoking', idleLifetimeMs: 100 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1753941999/media/quickbooks.com_1753941998.png', 'v1753942143/media/quickbooks.com_1753942142.svg'),
  quotas: [
    { name: 'perSecond', scope: 'appInAccount', limit: 10, windowMs: SECOND_MS },
    { name: 'perMinute', scope: 'externalAccount', limit: 500, windowMs: MINUTE_MS },
    {
      // Counted among the others too.
      name: 'batchPerMinute',
      scope: 'externalAccount',
      limit: 40,
      windowMs: MINUTE_MS,
      only: { method: 'POST', paths: ['/v3/company/*/batch'] },
    },
  ],
  concurrency: [{ name: 'requests', scope: 'appInAccount', limit: 10 }],
  hiddenErrors: [{ path: 'Fault', codePath: 'Fault.Error.0.code', messagePath: 'Fault.Error.0.Message' }],
} as const satisfies ProviderDeclaration;

// QuickBooks sandbox. Same OAuth server as production, separate keys and API host; the callback brings realmId.
// Access tokens live 60 minutes; the refresh token changes about daily, dies after 100 idle days and at most 5 years.
// 500 calls/min per company.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';
import { quickbooks } from './quickbooks.ts';

export const quickbooksSandbox = {
  name: 'quickbooksSandbox',
  displayName: 'QuickBooks SandBox',
  category: 'finance',
  sources: [
    'https://blogs.intuit.com/2025/08/13/upcoming-changes-to-the-accounting-api',
    'https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/faq',
    'https://blogs.intuit.com/2024/06/03/oauth-token-management-done-the-right-way/',
    'https://blogs.intuit.com/blog/2016/08/08/idg-concurrent-api-use-changes-coming-soon/',
  ],
  variantOf: 'quickbooks',
  baseUrl: 'https://sandbox-quickbooks.api.intuit.com',
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
  quotas: quickbooks.quotas,
  concurrency: quickbooks.concurrency,
  hiddenErrors: [{ path: 'Fault', codePath: 'Fault.Error.0.code', messagePath: 'Fault.Error.0.Message' }],
} as const satisfies ProviderDeclaration;

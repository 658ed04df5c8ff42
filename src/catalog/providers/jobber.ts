// Jobber. OAuth 2, GraphQL only. Access tokens live 60 minutes; with rotation on (required in the marketplace) each
// refresh kills the old refresh token at once. 2,500 requests per 5 minutes plus a query-cost bucket per app and
// account; overload is THROTTLED in a 200 body.

import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const jobber = {
  name: 'jobber',
  displayName: 'Jobber',
  category: 'other',
  sources: [
    'https://developer.getjobber.com/docs/building_your_app/refresh_token_rotation/',
    'https://developer.getjobber.com/docs/using_jobbers_api/api_rate_limits/',
    'https://developer.getjobber.com/docs/building_your_app/app_authorization/',
    'https://developer.getjobber.com/docs/using_jobbers_api/setting_up_webhooks/',
    'https://developer.getjobber.com/docs/using_jobbers_api/api_versioning/',
  ],
  baseUrl: 'https://api.getjobber.com/api/graphql',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.getjobber.com/api/oauth/authorize',
    tokenUrl: 'https://api.getjobber.com/api/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'singleUseRevoking', lifetimeMs: HOUR_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy', 'subscribe'),
  subscribeRequirements: { subscribeByAPI: true },
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  // One address of the app hears of all accounts, by this id. Where the version is retired, the next one answers.
  accountLookup: {
    method: 'POST',
    url: 'https://api.getjobber.com/api/graphql',
    headers: { 'x-jobber-graphql-version': '2025-04-16' },
    body: { query: '{ account { id } }' },
    values: [],
    workspaceRefPath: 'data.account.id',
  },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1748931577/Jobber_fav_nn09ua.png',
    'v1748931617/media/getjobber.com_1748931616.svg',
    'v1748931888/media/getjobber.com_1748931887.jpg',
    'v1748931617/media/getjobber.com_1748931616.svg',
  ),
  quotas: [{ name: 'perFiveMinutes', scope: 'appInAccount', limit: 2500, windowMs: 5 * MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [{ path: 'errors', codePath: 'errors.0.extensions.code', messagePath: 'errors.0.message' }],
} as const satisfies ProviderDeclaration;

// Slack. OAuth v2 bot token. Without token rotation it never expires; with it 12 hours and a refresh token that is
// revoked when used. Errors come as HTTP 200 with ok:false. Limits are tiers per method and workspace; obey Retry-
// After.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const slack = {
  name: 'slack',
  displayName: 'Slack',
  category: 'communication',
  sources: [
    'https://docs.slack.dev/authentication/using-token-rotation',
    'https://docs.slack.dev/apis/web-api/rate-limits',
  ],
  baseUrl: 'https://slack.com/api',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://slack.com/oauth/v2/authorize',
    tokenUrl: 'https://slack.com/api/oauth.v2.access',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope', workspaceRefField: 'workspace_name' },
    tokens: {
      clientAuthentication: 'requestBody',
      scopeSeparator: ',',
      rotation: 'singleUseRevoking',
      hiddenErrors: [{ path: 'ok', equals: false, codePath: 'error' }],
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy', 'subscribe'),
  subscribeRequirements: {},
  inputs: [],
  postAuthentication: [{ name: 'teamId' }],
  isPostAuthenticationRequired: true,
  accountLookup: {
    method: 'POST',
    url: 'https://slack.com/api/auth.test',
    values: [{ name: 'teamId', path: 'team_id' }],
    workspaceRefPath: 'team_id',
  },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722059419/media/slack_1722059417.svg',
    'v1722059450/media/slack_1722059449.svg',
    'v1724225856/media/wo2jw59mssz2pk1eczur.png',
    'v1724225856/media/wo2jw59mssz2pk1eczur.png',
  ),
  quotas: [],
  concurrency: [],
  rateHeaders: { family: 'slack' },
  hiddenErrors: [{ path: 'ok', equals: false, codePath: 'error', messagePath: 'error' }],
} as const satisfies ProviderDeclaration;

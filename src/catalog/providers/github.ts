// GitHub. OAuth app tokens do not expire and have no refresh token. The token endpoint answers errors with HTTP 200
// and an error field, form encoded unless Accept is application/json. 5000 requests per hour per user, over all apps;
// 403 or 429 beyond.

import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { CallKind, Quota } from '../quotas.ts';
import type { ProviderDeclaration } from '../schema.ts';

const SEARCH: CallKind = {
  method: 'GET',
  paths: [
    '/search/commits',
    '/search/issues',
    '/search/labels',
    '/search/repositories',
    '/search/topics',
    '/search/users',
  ],
  isApart: true,
};
const CODE_SEARCH: CallKind = { method: 'GET', paths: ['/search/code'], isApart: true };
const GRAPHQL: CallKind = { method: 'POST', paths: ['/graphql'], isApart: true };
/** A secondary limit of all REST calls; writes cost five, which is not counted. */
const POINTS: Quota = { name: 'pointsPerMinute', scope: 'user', limit: 900, windowMs: MINUTE_MS };

export const github = {
  name: 'github',
  displayName: 'GitHub',
  category: 'developer tools',
  sources: [
    'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
    'https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api',
    'https://docs.github.com/en/rest/search/search',
    'https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api',
  ],
  baseUrl: 'https://api.github.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://github.com/login/oauth/authorize',
    tokenUrl: 'https://github.com/login/oauth/access_token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: {
      clientAuthentication: 'requestBody',
      rotation: 'stable',
      lifetimeMs: 'permanent',
      hiddenErrors: [{ path: 'error', codePath: 'error' }],
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722449256/media/github_1722449255.png',
    'v1722449198/media/github_1722449197.png',
    'v1722449305/media/github_1722449304.svg',
    'v1722449225/media/github_1722449224.png',
  ),
  quotas: [
    POINTS,
    { name: 'perHour', scope: 'user', limit: 5000, windowMs: HOUR_MS },
    // Resources of their own; the answers name which one they tell of.
    { name: 'search', scope: 'user', limit: 30, windowMs: MINUTE_MS, only: SEARCH },
    { name: 'codeSearch', scope: 'user', limit: 10, windowMs: MINUTE_MS, only: CODE_SEARCH },
    // Points, of which a query costs one and more.
    { name: 'graphqlPerHour', scope: 'user', limit: 5000, windowMs: HOUR_MS, only: GRAPHQL },
    { name: 'graphqlPointsPerMinute', scope: 'user', limit: 2000, windowMs: MINUTE_MS, only: GRAPHQL },
    { ...POINTS, only: SEARCH },
    { ...POINTS, only: CODE_SEARCH },
  ],
  concurrency: [{ name: 'requests', scope: 'user', limit: 100 }],
  rateHeaders: {
    family: 'github',
    quotas: {
      core: 'perHour',
      search: 'search',
      code_search: 'codeSearch',
      graphql: 'graphqlPerHour',
      secondary: ['pointsPerMinute', 'graphqlPointsPerMinute'],
    },
  },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Shopify. OAuth 2 per store, token in X-Shopify-Access-Token. Public apps need expiring tokens (expiring=1 at the
// token exchange): 1 hour, refresh tokens of 90 days that rotate; without it the token is permanent. GraphQL errors
// come as 200.

import { DAY_MS, HOUR_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

const BUCKET = {
  windowMs: 20 * SECOND_MS,
  isSoft: true,
  pause: { firstMs: 2 * SECOND_MS, longestMs: 20 * SECOND_MS },
} as const;

export const shopify = {
  name: 'shopify',
  displayName: 'Shopify',
  category: 'commerce',
  sources: [
    'https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens',
    'https://shopify.dev/changelog/more-resilient-refreshes-for-expiring-offline-access-tokens',
    'https://shopify.dev/docs/api/usage/limits',
  ],
  baseUrl: 'https://{{.workspace}}.myshopify.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://{{.workspace}}.myshopify.com/admin/oauth/authorize',
    tokenUrl: 'https://{{.workspace}}.myshopify.com/admin/oauth/access_token',
    areScopesRequired: true,
    isWorkspaceRequired: true,
    tokenMetadata: {},
    accessTokenHeader: { name: 'X-Shopify-Access-Token' },
    docsUrl: 'https://shopify.dev/docs/api/admin-graphql#authentication',
    tokens: {
      clientAuthentication: 'requestBody',
      scopeSeparator: ',',
      rotation: 'singleUseGrace',
      codeParams: { expiring: '1' },
      graceMs: HOUR_MS,
      idleLifetimeMs: 90 * DAY_MS,
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [
    { name: 'workspace', displayName: 'Store', docsURL: 'https://shopify.dev/docs/api/admin-graphql#endpoints' },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722326881/media/shopify_1722326880.svg',
    'v1722326881/media/shopify_1722326880.svg',
    'v1722326919/media/shopify_1722326918.svg',
    'v1722326847/media/shopify_1722326845.svg',
  ),
  // Buckets, by the plan of the shop: these are the smallest. A full one takes its size at once and then a twentieth
  // each second, of which people are told by refusals. Queries cost points; a call counts as one until the end of its
  // answer tells what is left.
  quotas: [
    { name: 'rest', scope: 'appInAccount', limit: 40, ...BUCKET },
    {
      name: 'cost',
      scope: 'appInAccount',
      limit: 2000,
      ...BUCKET,
      only: { paths: ['/admin/api/graphql.json', '/admin/api/*/graphql.json'], isApart: true },
    },
  ],
  concurrency: [],
  rateHeaders: { family: 'shopify', quotas: { rest: 'rest', cost: 'cost' } },
  hiddenErrors: [{ path: 'errors', codePath: 'errors.0.extensions.code', messagePath: 'errors.0.message' }],
} as const satisfies ProviderDeclaration;

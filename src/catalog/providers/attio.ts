// Attio. OAuth 2; the access token does not expire and no refresh token is issued. 100 reads and 25 writes per
// second; a 429 carries Retry-After as an HTTP date, not as seconds. Webhook secrets appear only in the create
// answer.

import { SECOND_MS } from '../../core/time.ts';
import { pathsBelow, pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

/** One limit for all methods: what has the same name and scope is the same budget. */
const WRITES = { name: 'writesPerSecond', scope: 'externalAccount', limit: 25, windowMs: SECOND_MS } as const;
const ALL = pathsBelow('/v2/*', 6);

export const attio = {
  name: 'attio',
  displayName: 'Attio',
  category: 'CRM',
  sources: [
    'https://docs.attio.com/rest-api/guides/authentication',
    'https://docs.attio.com/rest-api/guides/rate-limiting',
  ],
  baseUrl: 'https://api.attio.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://app.attio.com/authorize',
    tokenUrl: 'https://app.attio.com/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', lifetimeMs: 'permanent' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy', 'subscribe'),
  subscribeRequirements: { subscribeByAPI: true },
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1724364315/media/veqnetbwtel4zjrudjjt.svg',
    'v1722508086/media/const%20Attio%20Provider%20%3D%20%22attio%22_1722508087.svg',
    'v1724222434/media/cpdvxynal1iw2siaa8dl.png',
    'v1722508138/media/const%20Attio%20Provider%20%3D%20%22attio%22_1722508139.svg',
  ),
  quotas: [
    // Reads, with the queries that are sent by POST.
    { name: 'perSecond', scope: 'externalAccount', limit: 100, windowMs: SECOND_MS },
    {
      ...WRITES,
      only: {
        method: 'POST',
        paths: [
          '/v2/comments',
          '/v2/lists',
          '/v2/lists/*/entries',
          '/v2/notes',
          '/v2/objects',
          '/v2/objects/*/records',
          '/v2/tasks',
          '/v2/webhooks',
          '/v2/*/*/attributes',
          '/v2/*/*/attributes/*/options',
          '/v2/*/*/attributes/*/statuses',
        ],
        isApart: true,
      },
    },
    { ...WRITES, only: { method: 'PUT', paths: ALL, isApart: true } },
    { ...WRITES, only: { method: 'PATCH', paths: ALL, isApart: true } },
    { ...WRITES, only: { method: 'DELETE', paths: ALL, isApart: true } },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

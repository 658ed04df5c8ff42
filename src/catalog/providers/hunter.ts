// Hunter. API key as query parameter api_key (keep URLs out of logs). 15 requests per second and 500 per minute on
// most endpoints, verifier 10 and 300. 403 means the rate limit was hit, 429 means the monthly credits are used up.

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const hunter = {
  name: 'hunter',
  displayName: 'Hunter',
  category: 'sales engagement',
  sources: ['https://hunter.io/api-documentation'],
  baseUrl: 'https://api.hunter.io/',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'query', name: 'api_key' },
    docsUrl: 'https://hunter.io/api-documentation#authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722456821/media/hunter_1722456820.svg',
    'v1722456762/media/hunter_1722456761.svg',
    'v1722456821/media/hunter_1722456820.svg',
    'v1722456804/media/hunter_1722456803.svg',
  ),
  quotas: [
    { name: 'perSecond', scope: 'user', limit: 15, windowMs: SECOND_MS },
    { name: 'perMinute', scope: 'user', limit: 500, windowMs: MINUTE_MS },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

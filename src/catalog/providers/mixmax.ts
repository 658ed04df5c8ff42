// Mixmax. API token in the X-API-Token header, tied to one user; not available on the free plan. 120 requests a
// minute per user and address, fixed; honour Retry-After. Not meant for bulk export.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const mixmax = {
  name: 'mixmax',
  displayName: 'Mixmax',
  category: 'sales engagement',
  sources: [
    'https://developer.mixmax.com/reference/getting-started-with-the-api',
    'https://success.mixmax.com/en/articles/11643056-mixmax-rest-api',
  ],
  baseUrl: 'https://api.mixmax.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'X-API-Token' },
    docsUrl: 'https://developer.mixmax.com/reference/getting-started-with-the-api',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722339517/media/mixmax_1722339515.svg',
    'v1722339500/media/mixmax_1722339499.svg',
    'v1722339517/media/mixmax_1722339515.svg',
    'v1722339478/media/mixmax_1722339477.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 120, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Apollo. API key in X-Api-Key; some endpoints want a master key. Limits per minute, hour and day depend on plan and
// endpoint group, and x-rate-limit-minute, -hourly and -24-hour headers state them. Search shows at most 50,000
// records (500 pages of 100).

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const apollo = {
  name: 'apollo',
  displayName: 'Apollo',
  category: 'sales engagement',
  sources: ['https://docs.apollo.io/docs/create-api-key', 'https://docs.apollo.io/reference/rate-limits'],
  baseUrl: 'https://api.apollo.io',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'X-Api-Key' },
    docsUrl: 'https://docs.apollo.io/docs/create-api-key',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722410061/media/const%20Apollo%20%3D%20%22apollo%22_1722410061.jpg',
    'v1722409884/media/const%20Apollo%20%3D%20%22apollo%22_1722409883.svg',
  ),
  quotas: [],
  concurrency: [],
  rateHeaders: { family: 'apollo' },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// G2. API token as Bearer on data.g2.com, JSON:API bodies. 100 requests per second; going over blocks access for 60
// seconds. Which endpoints answer depends on the customer's G2 contract (403 otherwise).

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const g2 = {
  name: 'g2',
  displayName: 'G2',
  category: 'analytics',
  sources: ['https://data.g2.com/api/docs'],
  baseUrl: 'https://data.g2.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://data.g2.com/api/docs?shell#g2-v2-api',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722888708/media/data.g2.com_1722888706.svg', 'v1722888708/media/data.g2.com_1722888706.svg'),
  quotas: [{ name: 'perSecond', scope: 'user', limit: 100, windowMs: SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

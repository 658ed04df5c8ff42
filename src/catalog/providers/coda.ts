// Coda. API token as Bearer, can be bound to one doc. Reads 100 per 6 seconds, writes 10 per 6 seconds, listing docs
// 4 per 6 seconds. Writes answer 202 and take effect seconds later; fresh rows may be missing from reads.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const coda = {
  name: 'coda',
  displayName: 'Coda',
  category: 'productivity',
  sources: ['https://coda.io/developers/apis/v1'],
  baseUrl: 'https://coda.io/apis',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://coda.io/developers/apis/v1#section/Introduction',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722459941/media/coda_1722459941.svg',
    'v1722459917/media/coda_1722459916.svg',
    'v1722459966/media/coda_1722459965.png',
    'v1722459898/media/coda_1722459896.svg',
  ),
  quotas: [{ name: 'readsPerSixSeconds', scope: 'user', limit: 100, windowMs: 6 * SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

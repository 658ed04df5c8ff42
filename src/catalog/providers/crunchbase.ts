// Crunchbase. API key in X-cb-user-key; what it shows depends on the licence. 200 calls per minute, no limit headers
// and no Retry-After. Search pages by after_id, at most 1,000 items each.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const crunchbase = {
  name: 'crunchbase',
  displayName: 'Crunchbase',
  category: 'other',
  sources: ['https://data.crunchbase.com/docs/getting-started', 'https://data.crunchbase.com/docs/using-the-api'],
  baseUrl: 'https://api.crunchbase.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'X-cb-user-key' },
    docsUrl: 'https://data.crunchbase.com/docs/getting-started',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722327098/media/crunchbase_1722327097.svg',
    'v1722327157/media/crunchbase_1722327157.svg',
    'v1722327098/media/crunchbase_1722327097.svg',
    'v1722327130/media/crunchbase_1722327129.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 200, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

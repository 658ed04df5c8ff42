// Fathom. API key in X-Api-Key, made under the user's settings. 60 calls per 60 seconds per account over all keys;
// RateLimit-Limit, -Remaining and -Reset headers tell the state, 429 beyond.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const fathom = {
  name: 'fathom',
  displayName: 'Fathom',
  category: 'productivity',
  sources: ['https://developers.fathom.ai/api-overview', 'https://developers.fathom.ai/quickstart'],
  baseUrl: 'https://api.fathom.ai',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'X-Api-Key' },
    docsUrl: 'https://developers.fathom.ai/quickstart',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1749723319/media/fathom.video_1749723318.svg',
    'v1749723350/media/fathom.video_1749723350.svg',
    'v1749723319/media/fathom.video_1749723318.svg',
    'v1749723372/media/fathom.video_1749723371.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 60, windowMs: MINUTE_MS }],
  concurrency: [],
  rateHeaders: { family: 'generic', quotas: { '': 'perMinute' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

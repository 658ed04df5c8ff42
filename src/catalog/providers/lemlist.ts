// Lemlist. API key as the access_token query parameter here, so keep URLs out of logs. 20 requests per 2 seconds for
// each key on all routes. X-RateLimit-Reset is a human-readable date, not an epoch; use Retry-After.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const lemlist = {
  name: 'lemlist',
  displayName: 'Lemlist',
  category: 'sales engagement',
  sources: [
    'https://developer.lemlist.com/api-reference/getting-started/overview',
    'https://developer.lemlist.com/api-reference/getting-started/rate-limits',
  ],
  baseUrl: 'https://api.lemlist.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'query', name: 'access_token' },
    docsUrl: 'https://developer.lemlist.com',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1732702066/media/lemlist.com_1732702064.svg', 'v1732702144/media/lemlist.com_1732702144.svg'),
  quotas: [{ name: 'perTwoSeconds', scope: 'user', limit: 20, windowMs: 2 * SECOND_MS }],
  concurrency: [],
  rateHeaders: { family: 'generic', quotas: { '': 'perTwoSeconds' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

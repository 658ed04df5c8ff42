// monday.com. GraphQL at /v2 with the API token alone in the Authorization header. Calls per day run from 200 on free
// to 25,000 on Enterprise, reset at midnight UTC; further limits per minute, concurrency and complexity. Many errors
// arrive with HTTP 200.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const monday = {
  name: 'monday',
  displayName: 'Monday',
  category: 'productivity',
  sources: [
    'https://developer.monday.com/api-reference/docs/authentication',
    'https://developer.monday.com/api-reference/docs/rate-limits',
    'https://support.monday.com/hc/en-us/articles/26471164460690-API-Rate-Limits',
  ],
  baseUrl: 'https://api.monday.com/',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization' },
    docsUrl: 'https://developer.monday.com/api-reference/docs/authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722345745/media/monday_1722345745.jpg',
    'v1722345545/media/monday_1722345544.svg',
    'v1722345745/media/monday_1722345745.jpg',
    'v1722345579/media/monday_1722345579.svg',
  ),
  // Of the smallest plan; what a larger one has is told by each answer. The day is told by none, and a query may count
  // for more or less than one call of it.
  quotas: [{ name: 'minuteRate', scope: 'appInAccount', limit: 1000, windowMs: MINUTE_MS }],
  concurrency: [{ name: 'concurrency', scope: 'appInAccount', limit: 250, startsAt: 40 }],
  rateHeaders: { family: 'monday', quotas: { minuteRate: 'minuteRate', concurrent: 'concurrency' } },
  hiddenErrors: [
    { path: 'errors', codePath: 'errors.0.extensions.code', messagePath: 'errors.0.message' },
    { path: 'error_code', codePath: 'error_code', messagePath: 'error_message' },
  ],
} as const satisfies ProviderDeclaration;

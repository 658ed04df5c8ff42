// Front. API token as Bearer on api2.frontapp.com. 50 requests per minute per company on Starter (100, 200 above),
// shared by all tokens; some endpoints allow 1 to 5 per second per resource on top. 429 with Retry-After, x-front-
// tier names the burst limit.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const front = {
  name: 'front',
  displayName: 'Front',
  category: 'customer support',
  sources: [
    'https://dev.frontapp.com/docs/create-and-revoke-api-tokens',
    'https://dev.frontapp.com/docs/rate-limiting',
  ],
  baseUrl: 'https://api2.frontapp.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://dev.frontapp.com/docs/create-and-revoke-api-tokens',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722064547/media/front_1722064545.svg',
    'v1722064547/media/front_1722064545.svg',
    'v1724225074/media/xx1wx03acobxieiddokq.png',
    'v1724225074/media/xx1wx03acobxieiddokq.png',
  ),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 50, windowMs: MINUTE_MS }],
  concurrency: [],
  rateHeaders: { family: 'front', quotas: { '': 'perMinute' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

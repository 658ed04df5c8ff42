// HeyReach. API key in X-API-KEY, valid until deleted and bound to one organization. 300 requests per minute over all
// calls, 429 beyond. Lists are POST calls with offset and limit in the body.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const heyreach = {
  name: 'heyreach',
  displayName: 'HeyReach',
  category: 'sales engagement',
  sources: ['https://documenter.getpostman.com/view/23808049/2sA2xb5F75'],
  baseUrl: 'https://api.heyreach.io/api',
  auth: { scheme: 'apiKey', attachment: { in: 'header', name: 'X-API-KEY' } },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1735632745/media/heyreach.io_1735632744.jpg', 'v1735632708/media/heyreach.io_1735632706.png'),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 300, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

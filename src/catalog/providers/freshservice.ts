// Freshservice. Basic with the API key as user name and any password. 100 requests per minute per account on Starter
// (200, 400, 500 above) with lower limits per endpoint, e.g. 40 for listing tickets; embedded lists cost 3; 429 with
// Retry-After.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const freshservice = {
  name: 'freshservice',
  displayName: 'Freshservice',
  category: 'customer support',
  sources: [
    'https://api.freshservice.com/',
    'https://support.freshservice.com/en/support/solutions/articles/50000000293-what-is-the-rate-limit-for-apis-across-all-plans-',
  ],
  baseUrl: 'https://{{.workspace}}.freshservice.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [{ name: 'workspace', displayName: 'Domain' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722326054/media/freshservice_1722326053.svg',
    'v1722326085/media/freshservice_1722326084.svg',
    'v1722326054/media/freshservice_1722326053.svg',
    'v1722326028/media/freshservice_1722326026.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 100, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

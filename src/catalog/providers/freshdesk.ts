// Freshdesk. Basic with the API key as user name and any password. Limits per minute and account by plan (Growth 200)
// with lower limits for some endpoints; 429 with Retry-After. Ticket lists show only the last 30 days by default and
// stop at page 300.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const freshdesk = {
  name: 'freshdesk',
  displayName: 'Freshdesk',
  category: 'customer support',
  sources: ['https://developers.freshdesk.com/api/'],
  baseUrl: 'https://{{.workspace}}.freshdesk.com',
  auth: { scheme: 'basic', apiKeyAsBasic: { fieldUsed: 'username', keyFormat: '%s:X' } },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [{ name: 'workspace', displayName: 'Domain' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722321939/media/freshdesk_1722321938.svg',
    'v1722321995/media/freshdesk_1722321994.svg',
    'v1722321939/media/freshdesk_1722321938.svg',
    'v1722321905/media/freshdesk_1722321903.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 50, windowMs: MINUTE_MS }],
  concurrency: [],
  rateHeaders: { family: 'freshdesk', quotas: { '': 'perMinute' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

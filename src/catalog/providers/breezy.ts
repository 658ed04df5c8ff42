// Breezy HR. Raw token in Authorization, without Bearer. 100 requests per minute per token; X-RateLimit-Limit,
// -Remaining and -Reset are on every answer. Most paths need the company id from GET /v3/companies; lists are not
// paged.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const breezy = {
  name: 'breezy',
  displayName: 'Breezy HR',
  category: 'HR',
  sources: [
    'https://developer.breezy.hr/reference/authorization',
    'https://developer.breezy.hr/reference/rate-limiting',
  ],
  baseUrl: 'https://api.breezy.hr',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization' },
    docsUrl: 'https://developer.breezy.hr/reference/authorization',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [
    {
      name: 'company_id',
      displayName: 'Company ID',
      docsURL: 'https://developer.breezy.hr/reference/customer-guide',
      prompt:
        'The `_id` of your company in Breezy HR, listed by `GET /v3/companies`. We need it to ' +
        'read positions, pipelines, departments, categories, questionnaires and templates.',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  authHealthCheck: { method: 'GET', successStatusCodes: [200], url: 'https://api.breezy.hr/v3/companies' },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1781523563/media/breezy.hr_1781523562.jpg',
    'v1781285012/breezy_hr_logo_light_gugdnv.png',
    'v1781523563/media/breezy.hr_1781523562.jpg',
    'v1781284996/breezy_hr_logo_dark_jckpzm.png',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 100, windowMs: MINUTE_MS }],
  concurrency: [],
  rateHeaders: { family: 'generic', quotas: { '': 'perMinute' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

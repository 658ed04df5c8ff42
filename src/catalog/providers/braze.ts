// Braze. REST API key as Bearer with rights per endpoint. The host names the instance (rest.iad-01.braze.com); EU
// instances end in braze.eu and do not fit the template. Most endpoints share 250,000 calls per hour per workspace;
// X-RateLimit-* headers.

import { HOUR_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const braze = {
  name: 'braze',
  displayName: 'Braze',
  category: 'marketing automation',
  sources: ['https://www.braze.com/docs/api/basics/', 'https://www.braze.com/docs/api/api_limits/'],
  baseUrl: 'https://rest.{{.workspace}}.braze.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://www.braze.com/docs/api/basics/#creating-rest-api-keys',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [{ name: 'workspace', displayName: 'Instance ID' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1740565804/media/braze.com_1740565802.png',
    'v1740565849/media/braze.com_1740565848.svg',
    'v1740565804/media/braze.com_1740565802.png',
    'v1740565904/media/braze.com_1740565903.svg',
  ),
  quotas: [{ name: 'perHour', scope: 'externalAccount', limit: 250000, windowMs: HOUR_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

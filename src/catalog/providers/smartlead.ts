// Smartlead. API key in the api_key query parameter, so it shows up in URLs: keep them out of logs. Standard plan 60
// requests a minute and 1,000 an hour per key, bursts of 10 a second; 429 says retry_after.

import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const smartlead = {
  name: 'smartlead',
  displayName: 'Smartlead',
  category: 'sales engagement',
  sources: ['https://api.smartlead.ai/reference/authentication', 'https://api.smartlead.ai/guides/rate-limits'],
  baseUrl: 'https://server.smartlead.ai/api',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'query', name: 'api_key' },
    docsUrl: 'https://api.smartlead.ai/reference/authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1723475823/media/smartlead_1723475823.jpg',
    'v1723475838/media/smartlead_1723475837.svg',
    'v1724169124/media/i3juury69prqfujshjly.png',
    'v1723475838/media/smartlead_1723475837.svg',
  ),
  quotas: [
    { name: 'perSecond', scope: 'user', limit: 10, windowMs: SECOND_MS },
    { name: 'perMinute', scope: 'user', limit: 60, windowMs: MINUTE_MS },
    { name: 'perHour', scope: 'user', limit: 1000, windowMs: HOUR_MS },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

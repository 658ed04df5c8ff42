// Wealthbox. Personal access token in the ACCESS_TOKEN header; it has all rights of its user and no known expiry.
// About one request a second on average over five minutes, then 429. An ended trial answers 402.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const wealthbox = {
  name: 'wealthbox',
  displayName: 'Wealthbox',
  category: 'CRM',
  sources: ['https://dev.wealthbox.com/#topics-authentication'],
  baseUrl: 'https://api.crmworkspace.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'ACCESS_TOKEN' },
    docsUrl: 'https://dev.wealthbox.com/#topics-authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1782311753/media/wealthbox.com_1782311752.jpg', 'v1782311574/media/wealthbox.com_1782311569.svg'),
  quotas: [{ name: 'perFiveMinutes', scope: 'user', limit: 300, windowMs: 5 * MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

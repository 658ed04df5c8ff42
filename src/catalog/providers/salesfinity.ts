// Salesfinity. API key in the x-api-key header, on client-api.salesfinity.co. Nothing to refresh: on 401 the key is
// wrong or was removed.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const salesfinity = {
  name: 'salesfinity',
  displayName: 'Salesfinity',
  category: 'sales engagement',
  sources: ['https://docs.salesfinity.ai/api-reference/introduction'],
  baseUrl: 'https://client-api.salesfinity.co',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'x-api-key' },
    docsUrl: 'https://docs.salesfinity.ai/api-reference/introduction#authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1768671066/media/salesfinity.ai_1768671065.jpg', 'v1768671062/media/salesfinity.ai_1768671061.png'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

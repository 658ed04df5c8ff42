// Instantly, old V1 API. The API key travels as the api_key query parameter, so keep URLs out of logs. V2 keys do not
// work here and V1 is superseded: new work belongs on instantlyAI.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const instantly = {
  name: 'instantly',
  displayName: 'Instantly (Legacy V1)',
  category: 'sales engagement',
  sources: ['https://developer.instantly.ai/introduction'],
  baseUrl: 'https://api.instantly.ai/api',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'query', name: 'api_key' },
    docsUrl: 'https://developer.instantly.ai/introduction',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1723645909/media/instantly_1723645909.jpg', 'v1723645924/media/instantly_1723645924.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

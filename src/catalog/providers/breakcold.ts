// Breakcold. API key in the X-API-KEY header on api.breakcold.com/rest. Lists are POST calls with a page number; a
// short page is the last.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const breakcold = {
  name: 'breakcold',
  displayName: 'Breakcold',
  category: 'CRM',
  sources: ['https://developer.breakcold.com/v3/api-reference/introduction'],
  baseUrl: 'https://api.breakcold.com/rest',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'X-API-KEY' },
    docsUrl: 'https://developer.breakcold.com/v3/api-reference/introduction#authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1753365294/media/breakcold.com_1753365295.svg',
    'https://mintlify.s3.us-west-1.amazonaws.com/breakcold/logo/light.svg',
    'v1753365294/media/breakcold.com_1753365295.svg',
    'https://mintlify.s3.us-west-1.amazonaws.com/breakcold/logo/dark.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

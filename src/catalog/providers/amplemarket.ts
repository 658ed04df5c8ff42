// Amplemarket. API key as Bearer token, made in the account settings. Enrichment and search results cost credits;
// long jobs are asynchronous and must be polled.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const amplemarket = {
  name: 'amplemarket',
  displayName: 'Amplemarket',
  category: 'sales engagement',
  sources: ['https://docs.amplemarket.com/guides/quickstart'],
  baseUrl: 'https://api.amplemarket.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://docs.amplemarket.com/guides/quickstart',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1766067629/media/amplemarket.com_1766067627.jpg',
    'v1766067671/media/amplemarket.com_1766067668.svg',
    'v1766067606/media/amplemarket.com_1766067602.svg',
    'v1766067649/media/amplemarket.com_1766067648.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

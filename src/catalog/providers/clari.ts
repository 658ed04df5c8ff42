// Clari. API token in the apikey header, made in the user's account settings and shown once. Exports are asynchronous
// jobs: start, poll, fetch. Parallel jobs and monthly exports are capped per organisation; GET /admin/limits tells
// how much is left.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const clari = {
  name: 'clari',
  displayName: 'Clari',
  category: 'sales engagement',
  sources: ['https://developer.clari.com/documentation/external_spec'],
  baseUrl: 'https://api.clari.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'apiKey' },
    docsUrl: 'https://developer.clari.com/documentation/external_spec',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722337833/media/clari_1722337832.svg',
    'v1722337781/media/clari_1722337779.svg',
    'v1722337833/media/clari_1722337832.svg',
    'v1722337810/media/clari_1722337809.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

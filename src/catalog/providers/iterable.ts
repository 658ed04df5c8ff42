// Iterable. Server-side key in the Api-Key header; JWT-enabled, mobile and web keys do not fit. Keys belong to one
// project. The catalog host serves the US data center; EU projects live on api.eu.iterable.com. Limits differ per
// endpoint, without headers.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const iterable = {
  name: 'iterable',
  displayName: 'Iterable',
  category: 'marketing automation',
  sources: [
    'https://support.iterable.com/hc/en-us/articles/41044692130196-Getting-Started-with-Iterable-s-API',
    'https://api.iterable.com/api/docs',
  ],
  baseUrl: 'https://api.iterable.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Api-Key' },
    docsUrl: 'https://app.iterable.com/settings/apiKeys',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722065197/media/iterable_1722065196.svg',
    'v1722065173/media/iterable_1722065172.svg',
    'v1724221338/media/kwcigzwysb9fch1g5ty5.png',
    'v1724169123/media/tlbigz7oikwf88e9s2n2.png',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

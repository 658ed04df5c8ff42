// Livestorm. API token alone in the Authorization header, without a Bearer prefix. JSON:API bodies want the
// application/vnd.api+json media type; lists page with page[number] and page[size].

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const livestorm = {
  name: 'livestorm',
  displayName: 'Livestorm',
  category: 'communication',
  sources: ['https://developers.livestorm.co/docs/api-token-authentication'],
  baseUrl: 'https://api.livestorm.co',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization' },
    docsUrl: 'https://developers.livestorm.co/docs/api-token-authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1741158111/media/api.livestorm.co_1741158108.jpg',
    'v1741158160/media/api.livestorm.co_1741158158.svg',
    'v1741158143/media/api.livestorm.co_1741158142.svg',
    'v1741158176/media/api.livestorm.co_1741158174.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

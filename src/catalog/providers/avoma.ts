// Avoma. API key as Bearer, created by an organisation administrator. List calls filter by date only when both
// from_date and to_date are sent.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const avoma = {
  name: 'avoma',
  displayName: 'Avoma',
  category: 'sales engagement',
  sources: ['https://help.avoma.com/api-integration-for-avoma'],
  baseUrl: 'https://api.avoma.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://help.avoma.com/api-integration-for-avoma',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1747987575/media/avoma.com_1747987574.jpg',
    'v1747987549/media/avoma.com_1747987547.png',
    'v1747987575/media/avoma.com_1747987574.jpg',
    'https://startupstorymedia.com/wp-content/uploads/2021/12/avoma.jpg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

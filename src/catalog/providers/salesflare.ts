// Salesflare. API key as Bearer, made under Settings, API keys; the key acts as the user who made it. Nothing to
// refresh: 401 means the key or its user is gone.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const salesflare = {
  name: 'salesflare',
  displayName: 'Salesflare',
  category: 'CRM',
  sources: ['https://api.salesflare.com/docs'],
  baseUrl: 'https://api.salesflare.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://api.salesflare.com/docs#section/Introduction/Authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722457496/media/salesflare_1722457495.png',
    'v1722457496/media/salesflare_1722457495.png',
    'v1722457532/media/salesflare_1722457532.png',
    'v1722457532/media/salesflare_1722457532.png',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

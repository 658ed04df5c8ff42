// Monaco. Bearer API key; GET /v1/me tells whether the key is good.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const monaco = {
  name: 'monaco',
  displayName: 'Monaco',
  category: 'CRM',
  sources: ['https://docs.monaco.com/auth'],
  baseUrl: 'https://api.monaco.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://docs.monaco.com/auth',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  authHealthCheck: { method: 'GET', successStatusCodes: [200], url: 'https://api.monaco.com/v1/me' },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1785823470/media/monaco.com_1785823468.jpg', 'v1785823514/media/monaco.com_1785823514.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

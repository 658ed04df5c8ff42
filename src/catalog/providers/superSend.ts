// Super Send. API key as Bearer on api.supersend.io. Nothing to refresh: on 401 the key is wrong or was removed.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const superSend = {
  name: 'superSend',
  displayName: 'Super Send',
  category: 'sales engagement',
  sources: ['https://docs.supersend.io/docs/authentication'],
  baseUrl: 'https://api.supersend.io',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://docs.supersend.io/docs/authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1768601185/media/supersend.io_1768601185.jpg', 'v1768601134/media/supersend.io_1768601132.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

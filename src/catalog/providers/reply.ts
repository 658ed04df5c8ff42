// Reply. API key as Bearer token; v3 lives under api.reply.io/v3, where GET whoami tells whose key it is. Nothing to
// refresh: on 401 the key is wrong or was replaced.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const reply = {
  name: 'reply',
  displayName: 'Reply',
  category: 'sales engagement',
  sources: ['https://docs.reply.io/api-reference/authentication'],
  baseUrl: 'https://api.reply.io',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://docs.reply.io/api-reference/authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  authHealthCheck: { method: 'GET', successStatusCodes: [200], url: 'https://api.reply.io/v3/whoami' },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1787152537/media/Catalog_1787152536.svg', 'v1787152567/media/Catalog_1787152567.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

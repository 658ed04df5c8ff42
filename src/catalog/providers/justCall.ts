// JustCall. The Authorization header holds the API key and secret joined by a colon, with no scheme and no Base64 in
// front. Limits depend on the customer's plan and come back as 429.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const justCall = {
  name: 'justCall',
  displayName: 'JustCall',
  category: 'communication',
  sources: ['https://developer.justcall.io/reference/authentication'],
  baseUrl: 'https://api.justcall.io',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization' },
    docsUrl: 'https://developer.justcall.io/reference/authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1765374822/media/justcall.io_1765374817.jpg', 'v1765374913/media/justcall.io_1765374911.jpg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

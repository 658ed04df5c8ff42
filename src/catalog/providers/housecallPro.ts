// Housecall Pro. API key sent as `Authorization: Token ...`; only admins can make keys and the plan must include the
// API. Deleting the key ends every integration that uses it. Webhooks are set up by hand and signed with HMAC-SHA256
// over timestamp.body.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const housecallPro = {
  name: 'housecallPro',
  displayName: 'Housecall Pro',
  category: 'other',
  sources: [
    'https://docs.housecallpro.com/docs/housecall-public-api/b87d37ae48a0d-authentication',
    'https://help.housecallpro.com/en/articles/6790722-how-to-make-an-api-key',
  ],
  baseUrl: 'https://api.housecallpro.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Token ' },
    docsUrl: 'https://docs.housecallpro.com/docs/housecall-public-api/b87d37ae48a0d-authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy', 'subscribe'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1774023826/media/housecallpro.com_1774023825.jpg',
    'v1774023927/media/housecallpro.com_1774023927.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Hightouch. Workspace API key as Bearer on api.hightouch.com (v1 paths). A key belongs to one workspace and is shown
// once. Triggering a sync returns at once; ask for the run's status.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const hightouch = {
  name: 'hightouch',
  displayName: 'Hightouch',
  category: 'analytics',
  sources: ['https://hightouch.com/docs/api-reference'],
  baseUrl: 'https://api.hightouch.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://hightouch.com/docs/api-reference#section/Authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1765796003/Hightouch_Symbol_0_w4h02i.svg',
    'v1765796051/media/hightouch.com_1765796050.svg',
    'v1765795916/Hightouch_Symbol_0_cqnb3w.svg',
    'v1765796035/media/hightouch.com_1765796033.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

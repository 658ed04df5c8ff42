// Dovetail. Personal API key from account settings, sent as Bearer against dovetail.com/api. The key belongs to one
// person, so it reaches what that person may reach.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const dovetail = {
  name: 'dovetail',
  displayName: 'Dovetail',
  category: 'analytics',
  sources: ['https://developers.dovetail.com/docs/authorization'],
  baseUrl: 'https://dovetail.com/api',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://developers.dovetail.com/docs/authorization',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1726551991/media/dovetail.com_1726551991.jpg',
    'v1726551927/media/dovetail.com_1726551926.svg',
    'v1726578226/media/dovetail.com_1726578227.jpg',
    'v1726551927/media/dovetail.com_1726551926.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Whereby. API key as Bearer on api.whereby.dev, made in the organization dashboard. Nothing to refresh: on 401 the
// key is wrong or was deleted.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const whereby = {
  name: 'whereby',
  displayName: 'Whereby',
  category: 'communication',
  sources: ['https://docs.whereby.com/whereby-101/readme/get-started-in-3-steps'],
  baseUrl: 'https://api.whereby.dev',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://docs.whereby.com/whereby-101/readme/get-started-in-3-steps#step-1-generate-an-api-key',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1739804309/media/whereby.com_1739804308.png',
    'https://framerusercontent.com/modules/4vhu5auio1F3btB69Kmz/OapwzfVmkVCDhgRB42g1/assets/byWcaCNWWZsZnXvSlFAudEUbl0.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

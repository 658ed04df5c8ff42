// RevenueCat. Secret v2 API key as Bearer; all v2 paths need the project id. v1 and v2 keys are not interchangeable.
// Limits are per minute and per endpoint group; 429 comes with Retry-After.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const revenueCat = {
  name: 'revenueCat',
  displayName: 'RevenueCat',
  category: 'commerce',
  sources: ['https://www.revenuecat.com/docs/api-v2', 'https://www.revenuecat.com/docs/projects/authentication'],
  baseUrl: 'https://api.revenuecat.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://www.revenuecat.com/docs',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [
    {
      name: 'project_id',
      displayName: 'Project ID',
      docsURL: 'https://www.revenuecat.com/docs/api-v2#tag/Project',
      prompt:
        'Open the project in RevenueCat and look under Project settings, General. The id begins ' + 'with `proj`.',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1767679120/media/revenueCat_1767679120.jpg',
    'v1767680783/media/revenueCat_1767680782.svg',
    'v1767679120/media/revenueCat_1767679120.jpg',
    'v1767683245/media/revenueCat_1767683244.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

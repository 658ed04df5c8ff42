// Rebilly. Secret API key in the REB-APIKEY header. Live and sandbox are different hosts with different keys; the
// published base URL is the live one, so a sandbox key is refused there.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const rebilly = {
  name: 'rebilly',
  displayName: 'Rebilly',
  category: 'finance',
  sources: ['https://www.rebilly.com/catalog/all/section/authentication/manage-api-keys'],
  baseUrl: 'https://api.rebilly.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'REB-APIKEY' },
    docsUrl: 'https://www.rebilly.com/catalog/all/section/authentication/manage-api-keys',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722408171/media/const%20Rebilly%20Provider%20%3D%20%22rebilly%22_1722408170.png',
    'v1722408423/media/const%20Rebilly%20Provider%20%3D%20%22rebilly%22_1722408423.svg',
    'v1724224447/media/noypybveuwpupubnizyo.png',
    'v1722408423/media/const%20Rebilly%20Provider%20%3D%20%22rebilly%22_1722408423.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

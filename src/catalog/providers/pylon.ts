// Pylon. Bearer API token that only admins can create. Listing issues needs start_time and end_time no more than 30
// days apart; use the search endpoint with a cursor for longer spans. Limits differ per endpoint.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const pylon = {
  name: 'pylon',
  displayName: 'Pylon',
  category: 'customer support',
  sources: [
    'https://docs.usepylon.com/pylon-docs/developer/api',
    'https://docs.usepylon.com/pylon-docs/developer/api/api-reference/issues',
  ],
  baseUrl: 'https://api.usepylon.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://docs.usepylon.com/pylon-docs/developer/api',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1756274730/media/usepylon.com_1756274729.png',
    'v1756274730/media/usepylon.com_1756274729.png',
    'v1756274754/media/usepylon.com_1756274753.jpg',
    'v1756274754/media/usepylon.com_1756274753.jpg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Delighted. HTTP Basic with the API key as user name and an empty password; each CX project has its own key. 403
// means the plan has no API access; 429 carries Retry-After in seconds. Asks for JSON through Accept or a .json
// suffix (406 otherwise).

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const delighted = {
  name: 'delighted',
  displayName: 'Delighted',
  category: 'analytics',
  sources: ['https://delighted.com/docs/api'],
  baseUrl: 'https://api.delighted.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1733592531/media/Delighted.com_1733592531.png',
    'v1733592557/media/Delighted.com_1733592556.svg',
    'v1733592446/media/Delighted.com_1733592445.svg',
    'v1733592497/media/Delighted.com_1733592497.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

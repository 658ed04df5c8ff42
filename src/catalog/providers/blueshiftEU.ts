// Blueshift, EU region. Same as the US product but on api.eu.getblueshift.com; keys of the other region give 401.
// Basic auth with the API key as user and an empty password; user keys and event keys open different endpoints. 429
// comes without any limit headers.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const blueshiftEU = {
  name: 'blueshiftEU',
  displayName: 'Blueshift (EU)',
  category: 'marketing automation',
  sources: [
    'https://developer.blueshift.com/docs/generate-api-keys',
    'https://developer.blueshift.com/reference/api-errors',
  ],
  variantOf: 'blueshift',
  baseUrl: 'https://api.eu.getblueshift.com/api',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722324964/media/blueshift_1722324964.png',
    'v1722325021/media/blueshift_1722325020.svg',
    'v1722324992/media/blueshift_1722324992.svg',
    'v1722325053/media/blueshift_1722325053.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

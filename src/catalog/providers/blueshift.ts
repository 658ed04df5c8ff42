// Blueshift, US region. EU accounts live on api.eu.getblueshift.com and their keys give 401 here. Basic auth with the
// API key as user and an empty password; user keys and event keys open different endpoints. 429 comes without any
// limit headers.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const blueshift = {
  name: 'blueshift',
  displayName: 'Blueshift',
  category: 'marketing automation',
  sources: [
    'https://developer.blueshift.com/docs/generate-api-keys',
    'https://developer.blueshift.com/reference/api-errors',
  ],
  baseUrl: 'https://api.getblueshift.com/api',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
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

// FastSpring. Basic with API user name and password from Developer Tools. A User-Agent header and TLS 1.2 are
// mandatory. Beware: an exceeded rate limit has been documented as 404, not 429.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const fastSpring = {
  name: 'fastSpring',
  displayName: 'FastSpring',
  category: 'commerce',
  sources: ['https://developer.fastspring.com/reference/getting-started-with-your-api'],
  baseUrl: 'https://api.fastspring.com',
  auth: { scheme: 'basic', docsUrl: 'https://developer.fastspring.com/reference/getting-started-with-your-api' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1773317338/media/fastspring.com_1773316963.png',
    'v1773317338/media/fastspring.com_1773317335.png',
    'v1773317338/media/fastspring.com_1773316963.png',
    'v1773317338/media/fastspring.com_1773316969.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

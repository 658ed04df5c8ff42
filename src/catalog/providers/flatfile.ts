// Flatfile. Secret API key as Bearer against api.x.flatfile.com. Keys belong to an environment (dev or prod) and see
// only its spaces and workbooks; publishable keys are not enough for server calls.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const flatfile = {
  name: 'flatfile',
  displayName: 'Flatfile',
  category: 'developer tools',
  sources: ['https://reference.flatfile.com/overview/welcome'],
  baseUrl: 'https://api.x.flatfile.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://reference.flatfile.com/overview/welcome',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1750100764/flatfileicon_gjerpl_ag7via.svg',
    'v1750082112/media/flatfile.com_1750082111.svg',
    'v1750081977/media/flatfile.com_1750081977.svg',
    'v1750082071/media/flatfile.com_1750082071.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

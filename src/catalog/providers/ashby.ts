// Ashby. Basic auth with the API key as user and an empty password. All calls are POST in RPC style and a failed one
// often answers 200 with success:false and an errors list. Wrong or disabled keys give 403, missing ones 401; each
// key has per-module rights.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const ashby = {
  name: 'ashby',
  displayName: 'Ashby',
  category: 'HR',
  sources: ['https://developers.ashbyhq.com/reference/authentication'],
  baseUrl: 'https://api.ashbyhq.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1734352248/media/ashbyhq.com_1734352247.png',
    'v1734352330/media/ashbyhq.com_1734352330.svg',
    'v1734352248/media/ashbyhq.com_1734352247.png',
    'v1734352288/media/ashbyhq.com_1734352288.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [{ path: 'success', equals: false, codePath: 'errors.0', messagePath: 'errorInfo.message' }],
} as const satisfies ProviderDeclaration;

// Insightly. Basic with the API key as user name and an empty password. Each account lives on a pod
// (api.na1.insightly.com and so on) shown next to the key. 10 requests per second and a daily cap by plan, 429
// beyond; keys belong to a user.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const insightly = {
  name: 'insightly',
  displayName: 'Insightly',
  category: 'CRM',
  sources: ['https://api.na1.insightly.com/v3.1/'],
  baseUrl: 'https://api.insightly.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722411056/media/const%20Insightly%20%3D%20%22insightly%22_1722411055.jpg',
    'v1722411001/media/const%20Insightly%20%3D%20%22insightly%22_1722411000.svg',
  ),
  quotas: [{ name: 'perSecond', scope: 'externalAccount', limit: 10, windowMs: SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

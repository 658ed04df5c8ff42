// Guru. Basic: user email and user token (read and write), or collection id and collection token (read only, that
// collection). Only admins make tokens; 401 means wrong credentials or missing permission. Lists return 50 entries,
// next page in the Link header.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const guru = {
  name: 'guru',
  displayName: 'Guru',
  category: 'productivity',
  sources: ['https://developer.getguru.com/reference', 'https://help.getguru.com/docs/gurus-api'],
  baseUrl: 'https://api.getguru.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722410635/media/const%20Guru%20Provider%20%3D%20%22guru%22_1722410634.jpg',
    'v1722410635/media/const%20Guru%20Provider%20%3D%20%22guru%22_1722410634.jpg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

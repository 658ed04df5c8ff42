// Jotform. API key as the apiKey query parameter, so keep URLs out of logs. EU-safe accounts use eu-api.jotform.com
// and HIPAA accounts hipaa-api.jotform.com. The daily call allowance depends on the plan, from 1,000 on the free one.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const jotform = {
  name: 'jotform',
  displayName: 'Jotform',
  category: 'productivity',
  sources: ['https://api.jotform.com/docs/', 'https://api.jotform.com/docs/#authentication'],
  baseUrl: 'https://api.jotform.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'query', name: 'apiKey' },
    docsUrl: 'https://api.jotform.com/docs/#authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722412121/media/const%20Jotform%20Provider%20%3D%20%22jotform%22_1722412120.png',
    'v1722412311/media/const%20Jotform%20Provider%20%3D%20%22jotform%22_1722412311.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

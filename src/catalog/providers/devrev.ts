// DevRev. Personal access token as Bearer; it acts as the user who made it, cannot be renewed and expires at the date
// chosen at creation. Limits count per user over a five minute window; 429 carries Retry-After, X-Ratelimit-* headers
// on every answer.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const devrev = {
  name: 'devrev',
  displayName: 'DevRev',
  category: 'customer support',
  sources: ['https://developer.devrev.ai/about/authentication', 'https://developer.devrev.ai/public/about/rate-limits'],
  baseUrl: 'https://api.devrev.ai',
  auth: {
    scheme: 'custom',
    inputs: [
      {
        name: 'token',
        displayName: 'Personal Access Token',
        docsURL: 'https://developer.devrev.ai/about/authentication',
        prompt:
          'Create it in DevRev under Settings > Account > Personal Access Token and paste the value' +
          ' here. It is shown only once.',
      },
    ],
    providerInputs: [],
    headers: [{ name: 'Authorization', valueTemplate: 'Bearer {{ .token }}' }],
    queryParams: [],
    isMultiStep: false,
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1770988685/media/devrev.ai_1770988685.jpg',
    'v1770988737/media/devrev.ai_1770988737.svg',
    'v1770988610/media/devrev.ai_1770988609.svg',
    'v1770988771/media/devrev.ai_1770988771.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

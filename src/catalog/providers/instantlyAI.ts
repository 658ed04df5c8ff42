// Instantly V2. Bearer API key with scopes, shown once when created under Settings > Integrations. 403 means the key
// lacks a scope; 429 is counted per workspace, so all keys of a customer share the limit.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const instantlyAI = {
  name: 'instantlyAI',
  displayName: 'Instantly',
  category: 'sales engagement',
  sources: [
    'https://developer.instantly.ai/quickstart',
    'https://developer.instantly.ai/getting-started/getting-started#generate-a-new-api-key',
  ],
  baseUrl: 'https://api.instantly.ai/api',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://developer.instantly.ai/getting-started/getting-started#generate-a-new-api-key',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1723645909/media/instantly_1723645909.jpg', 'v1723645924/media/instantly_1723645924.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

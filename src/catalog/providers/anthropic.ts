// Anthropic. API key in x-api-key; each call also needs the anthropic-version header (2023-06-01). Limits count
// requests and tokens per minute by organisation tier; anthropic-ratelimit-* headers and retry-after tell the state.
// 529 means overloaded, not our quota.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const anthropic = {
  name: 'anthropic',
  displayName: 'Anthropic',
  category: 'developer tools',
  sources: ['https://docs.anthropic.com/en/api/getting-started', 'https://docs.anthropic.com/en/api/rate-limits'],
  baseUrl: 'https://api.anthropic.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'x-api-key' },
    docsUrl: 'https://docs.anthropic.com/en/api/getting-started#authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722347823/media/anthropic_1722347823.jpg',
    'v1722347800/media/anthropic_1722347800.svg',
    'v1722347823/media/anthropic_1722347823.jpg',
    'v1722347778/media/anthropic_1722347778.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

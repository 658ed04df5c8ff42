// Fireflies. GraphQL at api.fireflies.ai/graphql with the API key as Bearer. Free and Pro plans get 50 requests per
// day, Business and Enterprise 60 per minute. Errors come in an errors array with a code such as too_many_requests,
// auth_failed or require_ai_credits.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const fireflies = {
  name: 'fireflies',
  displayName: 'Fireflies',
  category: 'productivity',
  sources: ['https://docs.fireflies.ai/fundamentals/authorization', 'https://docs.fireflies.ai/fundamentals/limits'],
  baseUrl: 'https://api.fireflies.ai',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://docs.fireflies.ai/fundamentals/authorization#acquiring-a-token',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1745419046/media/fireflies.ai_1745419046.svg',
    'v1745419073/media/fireflies.ai_1745419073.svg',
    'v1745419046/media/fireflies.ai_1745419046.svg',
    'v1745419015/media/fireflies.ai_1745419014.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 60, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [{ path: 'errors', codePath: 'errors.0.code', messagePath: 'errors.0.message' }],
} as const satisfies ProviderDeclaration;

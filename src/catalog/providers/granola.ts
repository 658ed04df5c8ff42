// Granola. API key as Bearer on public-api.granola.ai; keys are made in the desktop app and see personal or public
// notes by scope. Only notes with a finished summary appear, others answer 404; burst 25 requests per 5 seconds, 300
// per minute per workspace or user.

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const granola = {
  name: 'granola',
  displayName: 'Granola',
  category: 'productivity',
  sources: ['https://docs.granola.ai/introduction'],
  baseUrl: 'https://public-api.granola.ai',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://docs.granola.ai/help-center/sharing/integrations/enterprise-api#how-does-authentication-work',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1770680374/media/granola.ai_1770680373.jpg',
    'v1770680456/media/granola.ai_1770680456.svg',
    'v1770680374/media/granola.ai_1770680373.jpg',
    'v1770680403/media/granola.ai_1770680402.svg',
  ),
  quotas: [
    { name: 'perFiveSeconds', scope: 'externalAccount', limit: 25, windowMs: 5 * SECOND_MS },
    { name: 'perMinute', scope: 'externalAccount', limit: 300, windowMs: MINUTE_MS },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

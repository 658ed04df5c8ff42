// HappyFox Chat. Bearer API key on api.happyfoxchat.com. This is the live chat product; the HappyFox help desk has
// another API and other keys. Lists are paged with meta.page and meta.totalPages.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const happyfox = {
  name: 'happyfox',
  displayName: 'HappyFox',
  category: 'customer support',
  sources: ['https://developer.happyfoxchat.com/'],
  baseUrl: 'https://api.happyfoxchat.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://developer.happyfoxchat.com/#authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1739528625/media/happyfoxchat.com_1739528625.jpg',
    'v1739528579/media/happyfoxchat.com_1739528579.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

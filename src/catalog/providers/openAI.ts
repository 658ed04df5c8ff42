// OpenAI. Bearer API key, tied to a project. Limits (requests and tokens per minute and per day) depend on model and
// usage tier and are reported in x-ratelimit-* headers. 429 with insufficient_quota means billing, so retrying does
// not help.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const openAI = {
  name: 'openAI',
  displayName: 'OpenAI',
  category: 'developer tools',
  sources: [
    'https://platform.openai.com/docs/api-reference/authentication',
    'https://platform.openai.com/docs/guides/rate-limits',
  ],
  baseUrl: 'https://api.openai.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://platform.openai.com/docs/api-reference/api-keys',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722348143/media/openAI_1722348141.jpg',
    'v1722348211/media/openAI_1722348211.svg',
    'v1722348143/media/openAI_1722348141.jpg',
    'v1722348197/media/openAI_1722348196.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Chili Piper. API token as Bearer on fire.chilipiper.com (Edge API), made by an administrator. No rate limit, 429 or
// limit header is documented; errors are 400 with plain text.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const chilipiper = {
  name: 'chilipiper',
  displayName: 'Chili Piper',
  category: 'sales engagement',
  sources: ['https://help.chilipiper.com/hc/en-us/articles/35576029581971-Edge-API-References'],
  baseUrl: 'https://fire.chilipiper.com',
  auth: { scheme: 'apiKey', attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' } },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1737706607/media/chilipiper.com_1737706605.svg', 'v1737706607/media/chilipiper.com_1737706605.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

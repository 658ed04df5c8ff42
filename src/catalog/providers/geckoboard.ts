// Geckoboard. Basic with the API key as user name and an empty password. Datasets API only: 60 requests per minute
// per key. GET / answers {} when the key is good.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const geckoboard = {
  name: 'geckoboard',
  displayName: 'Geckoboard',
  category: 'analytics',
  sources: [
    'https://developer.geckoboard.com/api-reference/curl/',
    'https://support.geckoboard.com/hc/en-us/articles/360015124952-Troubleshoot-exceeding-API-limits-and-quotas',
  ],
  baseUrl: 'https://api.geckoboard.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1724225706/media/zr9qopmgehuupyuabn6k.png', 'v1722071714/media/geckoboard_1722071713.svg'),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 60, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

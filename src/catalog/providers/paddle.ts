// Paddle Billing. Bearer API key with permissions; keys may expire, and live keys do not work on the sandbox host.
// Most calls: 240 a minute per source address, then blocked for a minute with Retry-After.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const paddle = {
  name: 'paddle',
  displayName: 'Paddle',
  category: 'finance',
  sources: [
    'https://developer.paddle.com/api-reference/about/authentication',
    'https://developer.paddle.com/api-reference/about/rate-limiting',
  ],
  baseUrl: 'https://api.paddle.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://developer.paddle.com/api-reference/about/authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722407082/media/const%20%20%20%20Paddle%20%20%20Provider%20%3D%20%22paddle%22_1722407081.svg',
    'v1722407118/media/const%20%20%20%20Paddle%20%20%20Provider%20%3D%20%22paddle%22_1722407117.svg',
    'v1724222981/media/km0ht1t5bxff9f2bqgs0.png',
    'v1722407118/media/const%20%20%20%20Paddle%20%20%20Provider%20%3D%20%22paddle%22_1722407117.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'sourceAddress', limit: 240, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

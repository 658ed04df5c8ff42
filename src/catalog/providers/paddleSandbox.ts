// Paddle sandbox on sandbox-api.paddle.com. Separate account and keys (pdl_sdbx_ prefix); live keys are refused. Same
// per-address limits as live.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const paddleSandbox = {
  name: 'paddleSandbox',
  displayName: 'Paddle Sandbox',
  category: 'finance',
  sources: [
    'https://developer.paddle.com/api-reference/about/authentication',
    'https://developer.paddle.com/api-reference/about/rate-limiting',
  ],
  variantOf: 'paddle',
  baseUrl: 'https://sandbox-api.paddle.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://developer.paddle.com/api-reference/about/authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
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

// Stripe. Secret or restricted key as Bearer; test and live keys differ and 401 or 403 often means the wrong kind.
// 100 calls a second live, 25 in test mode, lower on some endpoints. Form-encoded bodies; retry writes with an
// Idempotency-Key.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const stripe = {
  name: 'stripe',
  displayName: 'Stripe',
  category: 'finance',
  sources: ['https://docs.stripe.com/keys', 'https://docs.stripe.com/rate-limits'],
  baseUrl: 'https://api.stripe.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://docs.stripe.com/keys',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy', 'subscribe'),
  subscribeRequirements: { subscribeByAPI: true },
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722456153/media/stripe_1722456152.jpg',
    'v1722456053/media/stripe_1722456051.svg',
    'v1722456153/media/stripe_1722456152.jpg',
    'v1722456095/media/stripe_1722456094.svg',
  ),
  quotas: [{ name: 'live', scope: 'externalAccount', limit: 100, windowMs: SECOND_MS }],
  concurrency: [],
  rateHeaders: { family: 'stripe', quotas: { 'global-rate': 'live' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

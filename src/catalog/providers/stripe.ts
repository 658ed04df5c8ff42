// Stripe. A secret key as bearer token; 100 requests per second in live mode, per account.
// Source: https://docs.stripe.com/rate-limits

import { SECOND_MS } from '../../core/time.ts';
import type { ProviderDeclaration } from '../schema.ts';

const MEDIA = 'https://res.cloudinary.com/dycvts6vp/image/upload';

export const stripe = {
  name: 'stripe',
  displayName: 'Stripe',
  category: 'finance',
  baseUrl: 'https://api.stripe.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://docs.stripe.com/keys',
  },
  defaultModule: '',
  modules: {},
  support: {
    read: true,
    write: true,
    delete: false,
    proxy: true,
    subscribe: true,
    search: { operators: { equals: false } },
    bulkWrite: { insert: false, update: false, upsert: false, delete: false },
  },
  subscribeRequirements: { subscribeByAPI: true },
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: {
    regular: {
      iconURL: `${MEDIA}/v1722456153/media/stripe_1722456152.jpg`,
      logoURL: `${MEDIA}/v1722456053/media/stripe_1722456051.svg`,
    },
    darkMode: {
      iconURL: `${MEDIA}/v1722456153/media/stripe_1722456152.jpg`,
      logoURL: `${MEDIA}/v1722456095/media/stripe_1722456094.svg`,
    },
  },
  quotas: [{ name: 'live', scope: 'externalAccount', limit: 100, windowMs: SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

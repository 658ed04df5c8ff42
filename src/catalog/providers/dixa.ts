// Dixa. API token made in the Dixa admin interface, sent in the Authorization header. Each token may do 10 requests
// per second and 864000 per day; above that 429. Bulk calls on queue members take at most 10 entries.

import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const dixa = {
  name: 'dixa',
  displayName: 'Dixa',
  category: 'customer support',
  sources: ['https://docs.dixa.io/docs/api-standards-rules/'],
  baseUrl: 'https://dev.dixa.io',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization' },
    docsUrl: 'https://docs.dixa.io/docs/api-standards-rules/#authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1724367155/media/wrb7tnh66eaq0746rmqe.svg',
    'v1722327746/media/dixa_1722327745.svg',
    'v1722327729/media/dixa_1722327728.svg',
    'v1724368834/media/p8slnkqpz9crzhrxenvj.png',
  ),
  quotas: [
    { name: 'perSecond', scope: 'user', limit: 10, windowMs: SECOND_MS },
    { name: 'perDay', scope: 'user', limit: 864000, windowMs: DAY_MS },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

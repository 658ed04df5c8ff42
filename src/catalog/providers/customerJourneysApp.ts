// Customer.io Journeys App API. App API key as Bearer (not the tracking key). EU accounts use api-eu.customer.io.
// Most calls 10 per second, broadcasts triggered by API 1 per 10 seconds, transactional messages 100 per second.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const customerJourneysApp = {
  name: 'customerJourneysApp',
  displayName: 'Customer.io Journeys App',
  category: 'marketing automation',
  sources: ['https://customer.io/docs/api/app/'],
  baseUrl: 'https://api.customer.io',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://customer.io/docs/api/app/#section/Authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722349524/media/customerDataPipelines_1722349524.svg',
    'v1722349482/media/customerDataPipelines_1722349482.svg',
    'v1722349524/media/customerDataPipelines_1722349524.svg',
    'v1722349458/media/customerDataPipelines_1722349458.svg',
  ),
  quotas: [{ name: 'perSecond', scope: 'externalAccount', limit: 10, windowMs: SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Customer.io Journeys Track API. Write only; basic auth with site id as user and tracking API key as password,
// different from the App API key. EU accounts use track-eu.customer.io. A 200 means accepted, not processed.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const customerJourneysTrack = {
  name: 'customerJourneysTrack',
  displayName: 'Customer.io Journeys Track',
  category: 'marketing automation',
  sources: ['https://customer.io/docs/api/track/'],
  baseUrl: 'https://track.customer.io',
  auth: { scheme: 'basic', docsUrl: 'https://customer.io/docs/api/track/#section/Authentication' },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
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
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Customer.io Data Pipelines. Write only; basic auth with the source's API key as user and an empty password. EU
// accounts use cdp-eu.customer.io. Single requests up to 64 KB and batches up to 1 MB; a 200 means queued, not
// delivered.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const customerDataPipelines = {
  name: 'customerDataPipelines',
  displayName: 'Customer.io Data Pipelines',
  category: 'marketing automation',
  sources: ['https://customer.io/docs/api/cdp/'],
  baseUrl: 'https://cdp.customer.io/v1',
  auth: { scheme: 'basic', docsUrl: 'https://customer.io/docs/api/cdp/#section/Authentication' },
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

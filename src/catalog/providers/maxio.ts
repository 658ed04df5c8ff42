// Maxio Advanced Billing (Chargify). HTTP Basic with the API key as user name and the letter x as password. One key
// belongs to one site; the host is that site's subdomain on chargify.com.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const maxio = {
  name: 'maxio',
  displayName: 'Maxio',
  category: 'finance',
  sources: [
    'https://pypi.org/project/maxio-advanced-billing-sdk',
    'https://maxio.zendesk.com/hc/en-us/articles/24294819360525-API-Keys',
  ],
  baseUrl: 'https://{{.workspace}}.chargify.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [{ name: 'workspace', displayName: 'Site' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722328600/media/maxio_1722328599.svg',
    'v1722328600/media/maxio_1722328599.svg',
    'v1722328568/media/maxio_1722328567.svg',
    'v1722328550/media/maxio_1722328549.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

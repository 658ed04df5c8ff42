// Discourse. Self-hosted or hosted forum: Api-Key plus Api-Username headers against the customer's own domain. Admin
// API keys share 60 requests per minute by default; the site operator can change it. 429 carries Retry-After; append
// .json to page paths.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const discourse = {
  name: 'discourse',
  displayName: 'Discourse',
  category: 'communication',
  sources: [
    'https://docs.discourse.org/',
    'https://meta.discourse.org/t/available-settings-for-global-rate-limits-and-throttling/78612',
  ],
  baseUrl: 'https://{{.workspace}}',
  auth: {
    scheme: 'custom',
    inputs: [
      { name: 'apiKey', displayName: 'API Key' },
      { name: 'username', displayName: 'API Username' },
    ],
    providerInputs: [],
    headers: [
      { name: 'Api-Key', valueTemplate: '{{.apiKey}}' },
      { name: 'Api-Username', valueTemplate: '{{.username}}' },
    ],
    queryParams: [],
    isMultiStep: false,
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [{ name: 'workspace', displayName: 'Your domain' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1734557116/media/discourse.org_1734557115.jpg',
    'v1734557138/media/discourse.org_1734557138.svg',
    'v1734557159/media/discourse.org_1734557159.svg',
    'v1734557186/media/discourse.org_1734557186.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 60, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

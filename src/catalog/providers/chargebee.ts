// Chargebee. Basic auth with the API key as user and no password; test sites end in -test and have their own keys.
// 150 calls per minute on test and Starter sites, 1,000 on Performance, 3,500 on Enterprise. Bodies are form encoded,
// offsets opaque.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const chargebee = {
  name: 'chargebee',
  displayName: 'Chargebee',
  category: 'finance',
  sources: [
    'https://apidocs.chargebee.com/docs/api/auth',
    'https://chargebee.com/docs/2.0/site-configuration/articles-and-faq/what-are-the-chargebee-api-limits.html',
  ],
  baseUrl: 'https://{{.workspace}}.chargebee.com/api',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [{ name: 'workspace', displayName: 'Site name' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722326327/media/chargebee_1722326327.svg', 'v1722326161/media/chargebee_1722326160.svg'),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 150, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Mixpanel. HTTP Basic with a service account's user name and secret; most calls also need project_id. Hosts differ
// by purpose (api, data) and region (eu, in prefixes). The Query API allows 60 calls an hour and 5 at once per
// project.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const mixpanel = {
  name: 'mixpanel',
  displayName: 'Mixpanel',
  category: 'analytics',
  sources: [
    'https://developer.mixpanel.com/reference/service-accounts',
    'https://developer.mixpanel.com/reference/rate-limits',
  ],
  baseUrl: 'https://{{.workspace}}.mixpanel.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [{ name: 'workspace', displayName: 'API Subdomain' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722597101/media/mixpanel.com_1722597100.jpg',
    'v1722597140/media/mixpanel.com_1722597139.svg',
    'v1722597081/media/mixpanel.com_1722597079.svg',
    'v1722597119/media/mixpanel.com_1722597118.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

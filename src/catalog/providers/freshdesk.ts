// Freshdesk. HTTP Basic with the API key as user name and any text as password. Limits are per minute and per
// plan; the lowest (trial) is the safe start, and the response headers teach the real one.
// Source: https://developers.freshdesk.com/api/#authentication, https://developers.freshdesk.com/api/#ratelimit

import { MINUTE_MS } from '../../core/time.ts';
import type { ProviderDeclaration } from '../schema.ts';

const MEDIA = 'https://res.cloudinary.com/dycvts6vp/image/upload';

export const freshdesk = {
  name: 'freshdesk',
  displayName: 'Freshdesk',
  category: 'customer support',
  baseUrl: 'https://{{.workspace}}.freshdesk.com',
  auth: {
    scheme: 'basic',
    apiKeyAsBasic: { fieldUsed: 'username', keyFormat: '%s:X' },
  },
  defaultModule: '',
  modules: {},
  support: {
    read: true,
    write: true,
    delete: false,
    proxy: true,
    subscribe: false,
    search: { operators: { equals: false } },
    bulkWrite: { insert: false, update: false, upsert: false, delete: false },
  },
  inputs: [{ name: 'workspace', displayName: 'Domain' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: {
    regular: {
      iconURL: `${MEDIA}/v1722321939/media/freshdesk_1722321938.svg`,
      logoURL: `${MEDIA}/v1722321995/media/freshdesk_1722321994.svg`,
    },
    darkMode: {
      iconURL: `${MEDIA}/v1722321939/media/freshdesk_1722321938.svg`,
      logoURL: `${MEDIA}/v1722321905/media/freshdesk_1722321903.svg`,
    },
  },
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 50, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

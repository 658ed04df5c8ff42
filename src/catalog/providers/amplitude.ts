// Amplitude. Basic auth with the project's API key as user and secret key as password; each project has its own pair.
// EU projects answer only on analytics.eu.amplitude.com. Limits are per project and endpoint: concurrent requests and
// hourly cost, 429 when exceeded.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const amplitude = {
  name: 'amplitude',
  displayName: 'Amplitude',
  category: 'analytics',
  sources: [
    'https://amplitude.com/docs/apis/authentication',
    'https://amplitude.com/docs/apis/analytics/dashboard-rest',
  ],
  baseUrl: 'https://amplitude.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722458435/media/amplitude_1722458435.jpg',
    'v1722458351/media/amplitude_1722458350.svg',
    'v1722458409/media/amplitude_1722458408.svg',
    'v1722458370/media/amplitude_1722458369.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

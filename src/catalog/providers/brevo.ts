// Brevo, formerly Sendinblue. API key in the api-key header. Limits differ per endpoint and plan; x-sib-ratelimit-
// limit, -remaining and -reset headers state them. If the account restricts source addresses, unknown ones get 401.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const brevo = {
  name: 'brevo',
  displayName: 'Brevo',
  category: 'marketing automation',
  sources: ['https://developers.brevo.com/docs/getting-started', 'https://developers.brevo.com/docs/api-limits'],
  baseUrl: 'https://api.brevo.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'api-key' },
    docsUrl: 'https://developers.brevo.com/docs/getting-started',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722325743/media/brevo_1722325742.jpg',
    'v1722325555/media/brevo_1722325554.svg',
    'v1724222660/media/fdbrqumfrclgkzatrtpb.png',
    'v1724169123/media/ee6ghjeiwzbxotryzif4.png',
  ),
  quotas: [],
  concurrency: [],
  rateHeaders: { family: 'brevo' },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

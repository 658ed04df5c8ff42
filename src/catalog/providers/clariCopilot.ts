// Clari Copilot, formerly Wingman. Two headers: X-Api-Key and X-Api-Password. 10 requests per second and 100,000 per
// week per key by default, without limit headers. The old host rest-api.trywingman.com is gone.

import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const clariCopilot = {
  name: 'clariCopilot',
  displayName: 'Clari Copilot',
  category: 'sales engagement',
  sources: ['https://api-doc.copilot.clari.com/'],
  baseUrl: 'https://rest-api.copilot.clari.com',
  auth: {
    scheme: 'custom',
    inputs: [
      { name: 'apiKey', displayName: 'API Key', docsURL: 'https://api-doc.copilot.clari.com/' },
      { name: 'apiSecret', displayName: 'API Secret', docsURL: 'https://api-doc.copilot.clari.com/' },
    ],
    providerInputs: [],
    headers: [
      { name: 'X-Api-Key', valueTemplate: '{{ .apiKey }}' },
      { name: 'X-Api-Password', valueTemplate: '{{ .apiSecret }}' },
    ],
    queryParams: [],
    isMultiStep: false,
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722337833/media/clari_1722337832.svg',
    'v1722337781/media/clari_1722337779.svg',
    'v1722337833/media/clari_1722337832.svg',
    'v1722337810/media/clari_1722337809.svg',
  ),
  quotas: [
    { name: 'perSecond', scope: 'user', limit: 10, windowMs: SECOND_MS },
    { name: 'perWeek', scope: 'user', limit: 100000, windowMs: 7 * DAY_MS },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// ActiveCampaign. API key in the Api-Token header. 5 requests per second per account; a 429 carries Retry-After plus
// RateLimit-Limit and RateLimit-Remaining. Not every account lives on api-us1.com: compare with the API URL shown
// under Settings, Developer.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const activeCampaign = {
  name: 'activeCampaign',
  displayName: 'ActiveCampaign',
  category: 'marketing automation',
  sources: [
    'https://developers.activecampaign.com/reference/authentication',
    'https://developers.activecampaign.com/reference/rate-limits',
  ],
  baseUrl: 'https://{{.workspace}}.api-us1.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Api-Token' },
    docsUrl: 'https://developers.activecampaign.com/reference/authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Account name',
      docsURL: 'https://help.activecampaign.com/hc/en-us/articles/207341950-What-is-my-account-name',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722880911/media/activeCampaign_1722880911.jpg',
    'v1722880896/media/activeCampaign_1722880896.svg',
    'v1722880911/media/activeCampaign_1722880911.jpg',
    'v1722880869/media/activeCampaign_1722880869.svg',
  ),
  quotas: [{ name: 'perSecond', scope: 'externalAccount', limit: 5, windowMs: SECOND_MS }],
  concurrency: [],
  rateHeaders: { family: 'generic', quotas: { '': 'perSecond' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// AccuLynx. API key as Bearer; each company location needs its own key, made by an administrator. 10 requests per
// second per key and 30 per second per source address; breaking the address limit earns a ban of about 30 seconds to
// a few minutes.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const accuLynx = {
  name: 'accuLynx',
  displayName: 'AccuLynx',
  category: 'CRM',
  sources: [
    'https://apidocs.acculynx.com/docs/api-integrations-for-developers',
    'https://apidocs.acculynx.com/docs/rate-limits',
  ],
  baseUrl: 'https://api.acculynx.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://apidocs.acculynx.com/docs/authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy', 'subscribe'),
  subscribeRequirements: { subscribeByAPI: true },
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1777290175/media/acculynx.com_1777290175.jpg', 'v1777290119/media/acculynx.com_1777290118.svg'),
  quotas: [
    { name: 'perSecond', scope: 'user', limit: 10, windowMs: SECOND_MS },
    { name: 'perSecondPerAddress', scope: 'sourceAddress', limit: 30, windowMs: SECOND_MS },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

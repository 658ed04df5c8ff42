// Freshsales. API key in `Authorization: Token token=...` against {account}.myfreshworks.com/crm/sales. 1000 requests
// per hour per account on the smaller plans (2000 Pro, 5000 Enterprise), shared by all users; 429 beyond.

import { HOUR_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const freshsales = {
  name: 'freshsales',
  displayName: 'Freshsales',
  category: 'CRM',
  sources: [
    'https://developers.freshworks.com/crm/api/',
    'https://crmsupport.freshworks.com/en/support/solutions/articles/50000005599-does-the-web-application-have-api-request-limits-for-an-account-',
  ],
  baseUrl: 'https://{{.workspace}}.myfreshworks.com/crm/sales',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Token token=' },
    docsUrl: 'https://developers.freshworks.com/crm/api/#authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [{ name: 'workspace', displayName: 'Account name' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722324573/media/freshsales_1722324572.svg',
    'v1722325347/media/freshsales_1722325345.svg',
    'v1722324573/media/freshsales_1722324572.svg',
    'v1722324555/media/freshsales_1722324554.svg',
  ),
  quotas: [{ name: 'perHour', scope: 'externalAccount', limit: 1000, windowMs: HOUR_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Gorgias. OAuth 2 on the customer's {domain}.gorgias.com, client as Basic. Access tokens live 24 hours; a refresh
// token comes only with scope `offline` and does not expire. OAuth apps get 80 requests per 20 seconds (leaky
// bucket); 429 with Retry-after.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const gorgias = {
  name: 'gorgias',
  displayName: 'Gorgias',
  category: 'customer support',
  sources: [
    'https://developers.gorgias.com/docs/oauth2-authentication-for-creating-apps-with-gorgias',
    'https://developers.gorgias.com/reference/limitations',
  ],
  baseUrl: 'https://{{.workspace}}.gorgias.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://{{.workspace}}.gorgias.com/oauth/authorize',
    tokenUrl: 'https://{{.workspace}}.gorgias.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: true,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'basicHeader', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [{ name: 'workspace', displayName: 'Domain' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722459373/media/gorgias_1722459372.jpg',
    'v1722459319/media/gorgias_1722459317.svg',
    'v1722459392/media/gorgias_1722459391.svg',
    'v1722459336/media/gorgias_1722459335.svg',
  ),
  quotas: [{ name: 'perTwentySeconds', scope: 'externalAccount', limit: 80, windowMs: 20 * SECOND_MS }],
  concurrency: [],
  rateHeaders: { family: 'gorgias', quotas: { '': 'perTwentySeconds' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

// Coupa. OAuth 2 on the customer's instance (coupahost.com, partner and demo instances coupacloud.com); access tokens
// live 24 hours and the vendor advises renewal every 20. Scopes look like core.invoice.read. Send Accept:
// application/json, else XML.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const coupa = {
  name: 'coupa',
  displayName: 'Coupa',
  category: 'finance',
  sources: [
    'https://compass.coupa.com/en-us/products/core-platform/integration-playbooks-and-resources/integration-knowledge-articles/oauth-2.0-getting-started-with-coupa-api',
    'https://compass.coupa.com/en-us/products/product-documentation/integration-technical-documentation/the-coupa-core-api/oauth-2.0-and-oidc/openid-connect-clients',
  ],
  baseUrl: 'https://{{.workspace}}',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://{{.workspace}}/oauth2/authorizations/new?',
    tokenUrl: 'https://{{.workspace}}/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: true,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Instance domain',
      docsURL:
        'https://compass.coupa.com/en-us/products/product-documentation/integration-technical-documentation/the-coupa-core-api/get-started-with-the-api',
    },
  ],
  inputPatterns: { workspace: '^[a-z0-9-]+\\.(coupahost|coupacloud)\\.com$' },
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1770299299/media/coupa.com_1770299298.jpg',
    'v1770299268/media/coupa.com_1770299267.svg',
    'v1770299248/media/coupa.com_1770299248.svg',
    'v1770299226/media/coupa.com_1770299225.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
